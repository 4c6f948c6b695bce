"""The maps of places are the mean masks, as multiples of their mean."""

import numpy as np
import pytest

from severstal.competition.spec import SEVERSTAL
from severstal.competition.tables import read_labels
from severstal.data.mask_statistics import mask_statistics
from severstal.report import eda


def test_class_places(labelled, measured, readable):
    figure = eda.class_places(measured.coverage, measured.masks, labelled.spec)
    readable(figure, ("x (pixels)", "y (pixels)", "relative to the mean of the class"))
    maps = [axes for axes in figure.axes if axes.images]
    profiles = [axes for axes in figure.axes if axes.get_title(loc="left")]
    assert len(maps) == len(profiles) == len(labelled.spec.classes)
    height, width = labelled.spec.image_shape
    for index, (axes, profile) in enumerate(zip(maps, profiles, strict=True)):
        relative = np.asarray(axes.images[0].get_array())
        assert axes.images[0].get_extent() == [0, width, height, 0]
        curve = profile.patches[0].get_data()[0]
        np.testing.assert_allclose(curve, relative.mean(0))
        number = (measured.masks["ClassId"] == index + 1).sum()
        if number:
            assert relative.mean() == pytest.approx(1)
            np.testing.assert_allclose(relative * measured.coverage[index].mean(), measured.coverage[index])
            assert f"{number} masks" in profile.get_title(loc="left")
        else:
            assert not relative.any()
            assert "no mask" in profile.get_title(loc="left")


def test_without_a_defect(clean, none_measured, readable):
    readable(eda.class_places(none_measured.coverage, none_measured.masks, clean.spec))


def test_real_places(real_data, readable):
    measured = mask_statistics(read_labels(real_data / "severstal" / "train.csv", SEVERSTAL), SEVERSTAL)
    readable(eda.class_places(measured.coverage, measured.masks, SEVERSTAL))
