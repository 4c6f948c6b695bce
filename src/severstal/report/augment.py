"""The effect of each augmentation on a training crop."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice

import cv2
import numpy as np

from severstal.competition.masks import Masks
from severstal.competition.spec import Spec
from severstal.data.augment import Augment, Donors
from severstal.data.images import Pictures
from severstal.recipe import AugmentSettings
from severstal.report.overlay import Panel, describe_mask, gallery
from severstal.report.palette import Sheet

# Each at its maximum strength, so that it is visible; recipes use less.
_SWITCHES = {
    "black_aware": ("no crop without steel", {"black_aware": True}),
    "horizontal_flip, vertical_flip": ("flipped", {"horizontal_flip": 1.0, "vertical_flip": 1.0}),
    "brightness, contrast": ("random brightness and contrast", {"brightness": 0.2, "contrast": 0.2}),
    "multi_scale": ("random scale", {"multi_scale": 0.4}),
    "blackout": ("defects and their labels erased", {"blackout": 1.0}),
    "copy_paste": ("a defect of a rare class pasted", {"copy_paste": 1.0}),
    "roll_shift": ("illumination of another roll", {"roll_shift": 1.0}),
    "jpeg": ("compressed again", {"jpeg": 1.0}),
    "cyclic_shift": ("cyclic shift of the whole picture", {"cyclic_shift": 1.0}),
}
_TRIES = 2  # samples per picture
_COMPARED = 12  # samples, of which the one with the largest change is shown


def augment_figure(
    pictures: Pictures, masks: Masks, names: Sequence[str], spec: Spec, crop: tuple[int, int], seed: int = 0
) -> Sheet:
    """Show a crop before and after each augmentation, one row per switch.

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
    donors = Donors(pictures, masks, names, spec)
    panels = []
    rest = list(names)
    for switch, (does, change) in _SWITCHES.items():
        before = plain
        if switch == "cyclic_shift":
            before = replace(before, crop=spec.image_shape)
        if switch in ("black_aware", "copy_paste"):
            before = replace(before, non_empty=0.0)
        both = [
            Augment(settings, spec.image_shape, donors) for settings in (before, replace(before, **change))
        ]
        draws = islice(_draws(pictures, masks, rest or names, both, seed), _COMPARED)
        found = max(draws, key=lambda draw: draw[0], default=None)
        if found is None:
            continue
        _, name, shown = found
        rest = [other for other in rest if other != name]  # a different picture in every row
        texts = (f"before: {describe_mask(shown[0][1], spec)}", f"{switch}: {does}")
        panels += [Panel(*part, text) for part, text in zip(shown, texts, strict=True)]
    height, width = (min(side, whole) for side, whole in zip(crop, spec.image_shape, strict=True))
    note = "Left: a crop without augmentation. Right: the same crop with one switch on, at maximum strength."
    figure = gallery(panels, replace(spec, image_shape=(height, width)), "Augmentations", note, 2)
    _fit_rows(figure, [panel.picture.shape for panel in panels[::2]], height / width)
    figure.photographic = True
    return figure


def _fit_rows(figure: Sheet, shapes: Sequence[tuple[int, int]], aspect: float) -> None:
    """Reduce the height of the rows of whole pictures, which are flatter than crops."""
    ratios = [min(1.0, tall / wide / aspect) for tall, wide in shapes]
    figure.axes[0].get_gridspec().set_height_ratios(ratios)
    width, height = figure.get_size_inches()
    figure.set_size_inches(width, height * sum(ratios) / len(ratios))


def _draws(
    pictures: Pictures, masks: Masks, names: Sequence[str], both: Sequence[Augment], seed: int
) -> Iterator[tuple[float, str, list[tuple[np.ndarray, np.ndarray]]]]:
    """Samples that the switch changes: size of the change, name, and crops before and after."""
    for name in names:
        picture, bits = pictures.picture(name), masks[name]
        for draw in range(seed, seed + _TRIES):
            before, after = (augment(picture, bits, draw) for augment in both)
            change = float(cv2.absdiff(before[0], after[0]).mean())
            if change:
                yield change, name, [before, after]
