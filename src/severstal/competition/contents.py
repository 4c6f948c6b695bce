"""The contents of a submission, compared with known facts about its images."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from severstal.competition import leaderboard
from severstal.competition.areas import area, shared_area
from severstal.competition.spec import SEVERSTAL, Spec

NEARLY_ALL = 0.9  # share of the images from which one class on all of them is worth a remark
FACTOR = 2.0  # a class count that is further than this from all known ones is, too


@dataclass(frozen=True)
class ClassContents:
    """The masks of one class.

    Attributes:
        class_id: `ClassId`, from 1.
        name: name of the class.
        masks: number of images with a predicted mask of the class.
        share: share of the images with such a mask, 0 to 1.
        median_area: median area of these masks, in pixels; None where there is none.
        true: number of images with a true mask; None where the truth is not known.
    """

    class_id: int
    name: str
    masks: int
    share: float
    median_area: float | None
    true: int | None


@dataclass(frozen=True)
class Contents:
    """The contents of a submission.

    Attributes:
        images: number of images that have to be predicted.
        drawn: number of images with a predicted mask.
        masks: number of predicted masks.
        classes: contents by class.
        overlapping: number of images in which two classes share a pixel.
        shared_pixels: number of pixels that two classes share, over all images.
        all_empty: score of the all-empty baseline against the truth; None where the truth is not known.
        public_all_empty: public score of the all-empty baseline on Kaggle; None for another data set.
        public: true and best predicted counts by class, scaled to `images`; None for another data set.
        remarks: one line for each property that is allowed but rarely intended.
    """

    images: int
    drawn: int
    masks: int
    classes: tuple[ClassContents, ...]
    overlapping: int
    shared_pixels: int
    all_empty: float | None
    public_all_empty: float | None
    public: dict[str, tuple[int, ...]] | None
    remarks: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """The same as values that JSON knows, with the number of images that `public` is scaled from."""
        scaled_from = None if self.public is None else leaderboard.IMAGES
        return {**asdict(self), "public_scaled_from": scaled_from}


def sum_up(
    table: pd.DataFrame, images: Sequence[str], spec: Spec, truth: pd.DataFrame | None = None
) -> Contents:
    """Count the contents of a submission.

    Args:
        table: tidy, one row per predicted mask of one of `images`.
        images: all that have to be predicted, those without a mask too.
        spec: names the classes; the public leaderboard's figures are given for Severstal's own alone.
        truth: tidy table of the same images, where it is known.

    Example:
        >>> rows = [("a.jpg", 3, "1 10"), ("a.jpg", 4, "9 4"), ("b.jpg", 3, "1 200")]
        >>> table = pd.DataFrame(rows, columns=["ImageId", "ClassId", "EncodedPixels"])
        >>> contents = sum_up(table, ["a.jpg", "b.jpg", "c.jpg"], SEVERSTAL)
        >>> [part.masks for part in contents.classes], contents.drawn, contents.shared_pixels
        ([0, 0, 2, 1], 2, 2)
        >>> contents.remarks[0]
        'class 1 has no mask at all'
    """
    areas = {k: [] for k in spec.class_ids}
    whole = dict.fromkeys(spec.class_ids, 0)
    by_image: dict[str, list[str]] = {}
    for image, class_id, runs in zip(table["ImageId"], table["ClassId"], table["EncodedPixels"], strict=True):
        areas[class_id].append(area(runs))
        shape = spec.find_shape(image)
        whole[class_id] += shape is not None and areas[class_id][-1] == shape[0] * shape[1]
        by_image.setdefault(image, []).append(runs)
    shared = [shared_area(texts) for texts in by_image.values() if len(texts) > 1]
    severstal = spec == SEVERSTAL
    contents = Contents(
        images=len(images),
        drawn=len(by_image),
        masks=len(table),
        classes=tuple(
            ClassContents(
                k,
                name,
                masks=len(areas[k]),
                share=len(areas[k]) / max(len(images), 1),
                median_area=float(np.median(areas[k])) if areas[k] else None,
                true=None if truth is None else int((truth["ClassId"] == k).sum()),
            )
            for k, name in zip(spec.class_ids, spec.classes, strict=True)
        ),
        overlapping=sum(pixels > 0 for pixels in shared),
        shared_pixels=sum(shared),
        all_empty=None if truth is None else 1 - len(truth) / max(len(images) * len(spec.classes), 1),
        public_all_empty=leaderboard.PUBLIC_ALL_EMPTY if severstal else None,
        public=leaderboard.counts_for(len(images)) if severstal else None,
        remarks=(),
    )
    return replace(contents, remarks=tuple(_remarks(contents, areas, whole)))


def _remarks(contents: Contents, areas: dict[int, list[int]], whole: dict[int, int]) -> Iterator[str]:
    """Remark on properties that are allowed but rarely intended.

    Args:
        contents: contents without remarks.
        areas: area of each mask in pixels, by class.
        whole: masks that cover their whole picture, by class.
    """
    for part in contents.classes:
        label = part.name if part.name.startswith("class ") else f"class {part.class_id} ({part.name})"
        if not part.masks:
            yield f"{label} has no mask at all"
            continue
        if part.share > NEARLY_ALL and part.masks > 1:
            yield f"{label} has a mask in {part.masks:,} of {contents.images:,} images"
        if whole[part.class_id]:
            count = f"{whole[part.class_id]:,} masks"
            yield f"{label}: {count} cover the whole picture, as the sample's placeholder does"
        low, high = _usual(part, contents)
        if not low <= part.masks <= high:
            yield f"{label}: {part.masks:,} masks are far from every count known, as the table shows"
        if contents.public is not None:
            smallest = leaderboard.SMALLEST_MASKS[part.class_id - 1]
            tiny = sum(pixels < smallest for pixels in areas[part.class_id])
            if tiny:
                yield f"{label}: {tiny:,} masks are smaller than the smallest one labelled, {smallest} pixels"
    if contents.overlapping:
        never = ", which labels of Severstal never do" if contents.public is not None else ""
        yield (
            f"in {contents.overlapping:,} images two classes share pixels ({contents.shared_pixels:,} in all)"
            f"{never}"
        )


def _usual(part: ClassContents, contents: Contents) -> tuple[float, float]:
    """The least and the most masks of a class that need no remark, three standard errors allowed for."""
    counts = [] if part.true is None else [part.true]
    if contents.public is not None:
        counts += [known[part.class_id - 1] for known in contents.public.values()]
    if not counts:
        return 0, np.inf
    low, high = min(counts) / FACTOR, max(counts) * FACTOR
    return low - 3 * low**0.5, high + 3 * max(high, 1) ** 0.5
