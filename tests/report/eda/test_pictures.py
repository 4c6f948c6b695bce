"""The groups of pictures agree with the labels, and the figure shows them."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from severstal.evaluation.labels import class_labels
from severstal.report import eda
from severstal.report.eda.pictures import _BLACK as BLACK
from severstal.report.eda.pictures import _FEW as FEW
from severstal.report.eda.pictures import picture_groups


def features_of(images, seed=0):
    rng = np.random.default_rng(seed)
    black = np.where(rng.random(len(images)) < 0.4, rng.random(len(images)), 0.0)
    return pd.DataFrame({"ImageId": images, "brightness": rng.normal(90, 20, len(images)), "black": black})


def test_groups_are_those_of_the_labels(labelled):
    features = features_of(labelled.images)
    groups = picture_groups(features, labelled.table, labelled.spec, features.iloc[:3])
    presence = labelled.masks.presence(labelled.images)
    assert list(groups) == ["all train", "clean", *class_labels(labelled.spec), "all test"]
    assert [len(rows) for rows in groups.values()] == [12, (~presence.any(1)).sum(), *presence.sum(0), 3]
    for index, label in enumerate(class_labels(labelled.spec)):
        shown = np.array(labelled.images)[presence[:, index]]
        assert groups[label]["ImageId"].tolist() == shown.tolist()


@pytest.mark.parametrize("number", [12, 3 * FEW])
def test_brightness_and_black(labelled, readable, number):
    # Many pictures are the same few images over again, so that boxes are drawn as well as dots.
    features = features_of([labelled.images[index % 12] for index in range(number)])
    test = features_of(["t"] * number, seed=1)
    figure = eda.brightness_and_black(features, labelled.table, labelled.spec, test)
    readable(figure, ("brightness of the steel (grey levels, 0 to 255)", "pictures (%)"))
    groups = picture_groups(features, labelled.table, labelled.spec, test)
    widths = np.reshape([bar.get_width() for bar in figure.axes[1].patches], (5, len(groups)))
    for (low, high), row in zip(pairwise((-1, *BLACK, 2)), widths, strict=True):
        expected = [
            100 * rows["black"].between(low, high, inclusive="left").mean() if len(rows) else 0
            for rows in groups.values()
        ]
        assert row == pytest.approx(expected)
    drawn = {value for line in figure.axes[0].lines for value in line.get_xdata()}
    for rows in groups.values():
        assert not len(rows) or np.median(rows["brightness"]) in drawn


def test_without_test_pictures_and_without_defects(clean, readable):
    features = features_of(clean.images)
    readable(eda.brightness_and_black(features, clean.table, clean.spec))
    nothing = features.iloc[:0]
    figure = eda.brightness_and_black(nothing, clean.table, clean.spec, nothing)
    readable(figure)
    assert [bar.get_width() for bar in figure.axes[1].patches] == [0] * 5 * (3 + len(clean.spec.classes))
