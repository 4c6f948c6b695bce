"""The difference of two submissions, pair by pair, before either is spent on the leaderboard."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from severstal.competition.areas import area, shared_area
from severstal.competition.metric import pair_dice
from severstal.competition.spec import Spec


@dataclass(frozen=True)
class ClassDifference:
    """The difference in one class.

    Attributes:
        class_id: `ClassId`, from 1.
        name: name of the class.
        both_empty: number of images without a mask in either submission.
        only_a: number of images with a mask in A alone.
        only_b: number of images with a mask in B alone.
        both: number of images with a mask in both.
        alike: number of these with the same mask, to the pixel.
        dice: mean Dice of A's masks against B's where both have one; None where no image has both.
        area_a: mean area in pixels of A's masks there; None where no image has both.
        area_b: mean area in pixels of B's masks there; None where no image has both.
    """

    class_id: int
    name: str
    both_empty: int
    only_a: int
    only_b: int
    both: int
    alike: int
    dice: float | None
    area_a: float | None
    area_b: float | None


@dataclass(frozen=True)
class SubmissionDifference:
    """The difference of submission B from submission A.

    Attributes:
        images: number of compared images.
        pairs: number of (image, class) pairs.
        differing: number of pairs whose masks differ.
        differing_images: number of images with such a pair.
        score: score of either if the other were the truth, 0 to 1.
        apart: largest possible difference of the two scores, whatever the truth is.
        classes: differences by class.
        table: one row per differing pair, those first that can cost the most: masks that only one of the two
            has, then those of low Dice, larger ones first. `ImageId`, `ClassId`; `kind` is "only in A",
            "only in B" or "in both"; `area_a`, `area_b` and `shared` are pixels, `dice` is the pair's and
            `apart` the most that its two scores can differ by, both from 0 to 1.
    """

    images: int
    pairs: int
    differing: int
    differing_images: int
    score: float
    apart: float
    classes: tuple[ClassDifference, ...]
    table: pd.DataFrame

    def to_dict(self, most: int) -> dict[str, Any]:
        """The same as values that JSON knows, with the `most` largest differences of the table."""
        largest = self.table.head(most).to_dict("records")
        values = {name: value for name, value in vars(self).items() if name not in ("table", "classes")}
        return {**values, "classes": [asdict(part) for part in self.classes], "largest": largest}


def compare_tables(
    a: pd.DataFrame, b: pd.DataFrame, images: Sequence[str], spec: Spec
) -> SubmissionDifference:
    """Compare two submissions.

    Args:
        a: tidy, one row per mask of one of `images`.
        b: likewise.
        images: all that count, those without a mask too.
        spec: names the classes.

    Example:
        >>> from severstal.competition.spec import SEVERSTAL
        >>> columns = ["ImageId", "ClassId", "EncodedPixels"]
        >>> a = pd.DataFrame([("a.jpg", 3, "1 10"), ("b.jpg", 1, "1 10")], columns=columns)
        >>> b = pd.DataFrame([("a.jpg", 3, "6 10")], columns=columns)
        >>> difference = compare_tables(a, b, ["a.jpg", "b.jpg"], SEVERSTAL)
        >>> difference.differing, difference.score, difference.table["kind"].tolist()
        (2, 0.8125, ['only in A', 'in both'])
    """
    sides = [_by_pair(table) for table in (a, b)]
    place = {image: index for index, image in enumerate(images)}
    pairs = sorted(sides[0].keys() | sides[1].keys(), key=lambda pair: (place[pair[0]], pair[1]))
    texts = [(sides[0].get(pair, ""), sides[1].get(pair, "")) for pair in pairs]
    area_a, area_b = (np.array([area(text[side]) for text in texts], np.int64) for side in (0, 1))
    # A mask that is written the same in both, which most are, needs no counting.
    shared = [
        area(one) if one == two else shared_area((one, two)) if one and two else 0 for one, two in texts
    ]
    shared = np.array(shared, np.int64)
    table = pd.DataFrame(
        {
            "ImageId": pd.Series([image for image, _ in pairs], dtype="str"),
            "ClassId": np.array([class_id for _, class_id in pairs], np.int64),
            "kind": pd.Series(
                np.where(area_b == 0, "only in A", np.where(area_a == 0, "only in B", "in both")), dtype="str"
            ),
            "area_a": area_a,
            "area_b": area_b,
            "shared": shared,
            "dice": pair_dice(shared, area_a, area_b),
            "apart": most_apart(area_a, area_b, shared),
        }
    )
    whole = len(images) * len(spec.classes)
    differing = table[(table["shared"] < table["area_a"]) | (table["shared"] < table["area_b"])]
    order = np.lexsort(
        (
            -np.maximum(differing["area_a"], differing["area_b"]),
            differing["dice"],
            differing["kind"] == "in both",
        )
    )
    return SubmissionDifference(
        images=len(images),
        pairs=whole,
        differing=len(differing),
        differing_images=differing["ImageId"].nunique(),
        score=float(1 - (1 - differing["dice"]).sum() / max(whole, 1)),
        apart=float(differing["apart"].sum() / max(whole, 1)),
        classes=tuple(
            _by_class(table[table["ClassId"] == k], k, spec.classes[k - 1], len(images))
            for k in spec.class_ids
        ),
        table=differing.iloc[order].reset_index(drop=True),
    )


def most_apart(a: np.ndarray, b: np.ndarray, shared: np.ndarray) -> np.ndarray:
    """The most by which the Dice of two masks can differ, over all truths that a pair could have.

    The worst truth is what one of the two has alone: the other scores 0 there. A mask that only one of the
    two has is worth 1.

    Args:
        a: pixels of the one mask.
        b: pixels of the other.
        shared: pixels of both.

    Returns:
        Float from 0 to 1, of the same shape.

    Example:
        >>> most_apart(np.array([10, 10, 10]), np.array([0, 10, 5]), np.array([0, 10, 5])).round(3)
        array([1.   , 0.   , 0.667])
    """
    ahead = [2 * (area - shared) / np.maximum(2 * area - shared, 1) for area in (a, b)]
    return np.maximum(*ahead)


def _by_class(table: pd.DataFrame, class_id: int, name: str, images: int) -> ClassDifference:
    """The totals of one class over its pairs with a mask."""
    both = table[table["kind"] == "in both"]

    def mean(column: str) -> float | None:
        return float(both[column].mean()) if len(both) else None

    return ClassDifference(
        class_id=class_id,
        name=name,
        both_empty=images - len(table),
        only_a=int((table["kind"] == "only in A").sum()),
        only_b=int((table["kind"] == "only in B").sum()),
        both=len(both),
        alike=int((both["dice"] == 1).sum()),
        dice=mean("dice"),
        area_a=mean("area_a"),
        area_b=mean("area_b"),
    )


def _by_pair(table: pd.DataFrame) -> dict[tuple[str, int], str]:
    """The run-length texts of a tidy table by image and class."""
    columns = (table["ImageId"], table["ClassId"], table["EncodedPixels"])
    return {(image, class_id): runs for image, class_id, runs in zip(*columns, strict=True)}
