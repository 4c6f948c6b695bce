"""The effect of each augmentation on a training crop."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice

import cv2
import numpy as np

from severstal.competition.masks import Masks
from severstal.competition.spec import Spec
from severstal.data.arrays import to_luma
from severstal.data.augment import Augment, Donors
from severstal.data.images import Pictures
from severstal.recipe import AugmentSettings
from severstal.report.crop import with_shape
from severstal.report.overlay import Panel, describe_mask, gallery
from severstal.report.palette import Sheet

# Each at its maximum strength, so that it is visible; recipes use less. What changes most comes first.
_SWITCHES = {
    "horizontal_flip, vertical_flip": ("flipped", {"horizontal_flip": 1.0, "vertical_flip": 1.0}),
    "transpose": ("rows and columns exchanged", {"transpose": 1.0}),
    "brightness, contrast": ("brightness and contrast", {"brightness": 0.2, "contrast": 0.2}),
    "multi_scale": ("random scale", {"multi_scale": 0.4}),
    "copy_paste": ("a defect pasted", {"copy_paste": 1.0}),
    "blackout": ("defects erased", {"blackout": 1.0}),
    "roll_shift": ("light of another roll", {"roll_shift": 1.0}),
    "jpeg": ("compressed again, enlarged", {"jpeg": 1.0}),
    "cyclic_shift": ("cyclic shift", {"cyclic_shift": 1.0}),
    "black_aware": ("no crop without steel", {"black_aware": True}),
}
_BLACK = 15  # grey levels up to which a pixel is of a black band and not of steel
_BLACK_SHARES = (0.1, 0.9)  # of a crop that is shown: steel if there is any, else what there is
_ENLARGED = 3  # by which factor the fine changes of "jpeg" are enlarged
_TRIES = 2  # samples per picture
_COMPARED = 12  # samples, of which the one with the largest change is shown


def augment_figure(
    pictures: Pictures, masks: Masks, names: Sequence[str], spec: Spec, crop: tuple[int, int], seed: int = 0
) -> Sheet:
    """Show a crop before and after each augmentation, two switches per row.

    Both crops have the same random state, so that they differ only by the switch. A switch without an effect,
    such as `black_aware` without black bands, has no row.

    Args:
        pictures: pictures of the data set.
        masks: masks of all labelled pictures.
        names: pictures to show and to paste from; a few dozen are enough.
        spec: names the classes.
        crop: height and width of the crops in pixels.
        seed: random seed of the crops and augmentations.

    Example:
        >>> import pandas as pd
        >>> from types import SimpleNamespace
        >>> grey = np.random.default_rng(0).integers(60, 90, (64, 96)).astype(np.uint8)
        >>> spec = Spec("tiny", (64, 96), ("hole",))
        >>> table = pd.DataFrame({"ImageId": ["a"], "ClassId": [1], "EncodedPixels": ["3000 9"]})
        >>> store = SimpleNamespace(picture={"a": grey}.get)
        >>> len(augment_figure(store, Masks(table, spec), ["a"], spec, (32, 48)).axes)
        16
    """
    plain = AugmentSettings(
        crop=crop, non_empty=1.0, brightness=0, contrast=0, horizontal_flip=0, vertical_flip=0
    )
    whole = spec.largest_shape(names)
    donors = Donors(pictures, masks, names, spec)
    panels = []
    rest = list(names)
    for switch, (does, change) in _SWITCHES.items():
        if switch == "transpose" and crop[0] != crop[1]:
            continue  # most of what it would show is padding
        before = plain
        if switch == "cyclic_shift":
            before = replace(before, crop=whole)
        if switch in ("black_aware", "copy_paste"):
            before = replace(before, non_empty=0.0)
        both = [Augment(settings, whole, donors) for settings in (before, replace(before, **change))]
        limits = (1.0,) if switch == "black_aware" else _BLACK_SHARES  # whose effect is on black crops
        for limit in limits:
            draws = islice(_draws(pictures, masks, rest or names, both, seed, limit), _COMPARED)
            found = max(draws, key=lambda draw: draw[0], default=None)
            if found is not None:
                break
        if found is None:
            continue
        _, name, shown = found
        if switch == "jpeg":
            shown = _enlarge(shown)
        rest = [other for other in rest if other != name]  # a different picture in every row
        texts = (f"before\n{describe_mask(shown[0][1], spec)}", f"{switch}\n{does}")
        panels += [Panel(*part, text) for part, text in zip(shown, texts, strict=True)]
    height, width = map(min, crop, whole)
    note = (
        "Pairs: left a crop without augmentation, right the same crop with one switch on, at maximum "
        "strength, where it changes most of twelve crops."
    )
    figure = gallery(panels, with_shape(spec, (height, width)), "Augmentations", note, 4)
    figure.photographic = True
    return figure


def _enlarge(shown: list[tuple[np.ndarray, np.ndarray]]) -> list[tuple[np.ndarray, np.ndarray]]:
    """The part of both crops in which they differ most, a third as high and as wide."""
    height, width = (max(1, side // _ENLARGED) for side in shown[0][1].shape)
    change = to_luma(cv2.absdiff(shown[0][0], shown[1][0])).astype(np.float32)
    change = cv2.boxFilter(change, -1, (width, height))
    row, column = np.unravel_index(change.argmax(), change.shape)
    top = int(np.clip(row - height // 2, 0, change.shape[0] - height))
    left = int(np.clip(column - width // 2, 0, change.shape[1] - width))
    part = slice(top, top + height), slice(left, left + width)
    return [(np.ascontiguousarray(picture[part]), bits[part]) for picture, bits in shown]


def _draws(
    pictures: Pictures,
    masks: Masks,
    names: Sequence[str],
    both: Sequence[Augment],
    seed: int,
    limit: float,
) -> Iterator[tuple[float, str, list[tuple[np.ndarray, np.ndarray]]]]:
    """Samples that the switch changes: size of the change, name, and crops before and after.

    Only crops whose share of black is at most the limit.
    """
    for name in names:
        picture, bits = pictures.picture(name), masks[name]
        for draw in range(seed, seed + _TRIES):
            before, after = (augment(picture, bits, draw) for augment in both)
            change = float(cv2.absdiff(before[0], after[0]).mean())
            if change and np.mean(to_luma(before[0]) <= _BLACK) <= limit:
                yield change, name, [before, after]
