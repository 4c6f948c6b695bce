"""The figure of augmentations: one row each, before and after; those without an effect are left out."""

from types import SimpleNamespace

import numpy as np
import pandas as pd

from severstal.competition.masks import Masks
from severstal.competition.shapes import Shapes
from severstal.competition.spec import Spec
from severstal.report.augment import _SWITCHES, augment_figure


def test_a_row_a_switch(labelled, readable) -> None:
    names = labelled.images
    for name in names:
        labelled.pictures[name][:, : labelled.spec.image_shape[1] // 2] = 1  # a black band
    figure = augment_figure(labelled, labelled.masks, names, labelled.spec, (48, 60))
    readable(figure)
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    assert len(titles) % 2 == 0
    assert all(title.startswith("before") for title in titles[::2])
    shown = {switch for switch in _SWITCHES if any(title.startswith(switch) for title in titles)}
    assert shown >= {"horizontal_flip, vertical_flip", "multi_scale", "roll_shift", "jpeg"}


def test_a_switch_that_changes_nothing_has_no_row(labelled) -> None:
    figure = augment_figure(labelled, labelled.masks, labelled.images, labelled.spec, (48, 60))
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    assert not any(title.startswith("black_aware") for title in titles)  # no picture has a black band


def test_the_augmentations_of_coloured_pictures_are_shown() -> None:
    rng = np.random.default_rng(0)
    known = {"a": (64, 96), "b": (80, 70)}
    spec = Spec("tiles", None, ("hole",), Shapes(known=known), channels=3)
    store = {name: rng.integers(60, 90, (*shape, 3), np.uint8) for name, shape in known.items()}
    rows = [("a", 1, "3000 9"), ("b", 1, "2000 9")]
    table = pd.DataFrame(rows, columns=["ImageId", "ClassId", "EncodedPixels"])
    pictures = SimpleNamespace(picture=store.get)
    figure = augment_figure(pictures, Masks(table, spec), ["a", "b"], spec, (32, 48))
    assert len(figure.axes) >= 14
    assert all(axes.images[0].get_array().shape[2] == 3 for axes in figure.axes)
