"""The gallery captions each prediction with its certainty and, if known, with its verdict."""

import numpy as np
import pandas as pd
import pytest

from severstal.evaluation.examples import select_predictions
from severstal.report.predictions import prediction_gallery


@pytest.fixture
def sure(labelled):
    rng = np.random.default_rng(1)
    return rng.integers(0, 256, (len(labelled.images), len(labelled.spec.classes)), np.uint8)


@pytest.mark.parametrize("known", [False, True])
def test_the_gallery(labelled, sure, readable, known):
    chosen = select_predictions(labelled.table, labelled.images, sure, labelled.spec)
    bits = labelled.masks.__getitem__
    truth = (lambda name: bits(name) * (name != labelled.images[1])) if known else None
    figure = prediction_gallery(chosen, labelled.picture, bits, labelled.spec, truth)
    readable(figure)
    assert figure.photographic
    captions = [axes.get_title(loc="left") for axes in figure.axes]
    assert len(captions) == len(chosen)
    for caption, row in zip(
        captions,
        pd.concat([chosen[chosen["ClassId"] > 0], chosen[chosen["ClassId"] == 0]]).itertuples(),
        strict=True,
    ):
        if not known:
            assert caption.endswith(f"\n{row.ImageId}")
        elif row.ClassId == 0:
            assert caption.endswith(": right")
        else:
            assert caption.endswith(": false alarm" if row.ImageId == labelled.images[1] else ": Dice 1.00")


def test_a_missed_class_is_named(labelled, sure):
    none = labelled.table.iloc[:0]
    chosen = select_predictions(none, labelled.images, sure, labelled.spec, clean=12)
    assert len(chosen) == 12
    figure = prediction_gallery(
        chosen,
        labelled.picture,
        lambda name: labelled.masks[name] * 0,
        labelled.spec,
        labelled.masks.__getitem__,
    )
    captions = [axes.get_title(loc="left") for axes in figure.axes]
    assert sum("missed class" in caption for caption in captions) == 8
    assert "Never predicted: " in figure.texts[1].get_text()


def test_without_a_test_image_it_says_so(labelled, readable):
    none = np.zeros((0, len(labelled.spec.classes)), np.uint8)
    chosen = select_predictions(labelled.table.iloc[:0], [], none, labelled.spec)
    readable(prediction_gallery(chosen, labelled.picture, labelled.picture, labelled.spec))
