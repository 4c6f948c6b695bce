"""Runs disagree where their maps do, and not at all with themselves."""

import numpy as np
import pytest

from severstal.report.errors import disagreement_matrices, member_spread, most_disputed
from severstal.report.errors.members import SMOOTH


def test_a_run_agrees_with_itself(predicted):
    found = member_spread([predicted.reader, predicted.reader], predicted.labelled.masks)
    assert found.classes == pytest.approx(0, abs=1e-6)
    assert found.pairs["spread"].to_numpy() == pytest.approx(0, abs=1e-6)


def test_the_spread_of_a_pair_is_the_soft_dice_of_its_maps(predicted, second):
    readers = [predicted.reader, second, predicted.reader]
    found = member_spread(readers, predicted.labelled.masks)
    assert found.runs == ("drawn", "second run", "drawn")
    assert found.pairs["spread"].is_monotonic_decreasing
    assert len(found.pairs) == len(predicted.errors)
    for pair in found.pairs.head(10).itertuples():
        place = predicted.reader.names.index(pair.ImageId)
        one, other = (reader.full(place)[pair.ClassId - 1] / 255 for reader in (predicted.reader, second))
        smooth = SMOOTH * predicted.spec.pixels
        alike = (2 * (one * other).sum() + smooth) / (np.square(one).sum() + np.square(other).sum() + smooth)
        assert pair.spread == pytest.approx(1 - alike, abs=1e-4)
        assert 1 in (pair.first, pair.second)
    assert (found.classes == found.classes.transpose(0, 2, 1)).all()


def test_the_figures(predicted, second, readable):
    readers = [predicted.reader, second]
    found = member_spread(readers, predicted.labelled.masks)
    figure = disagreement_matrices(found, readers)
    readable(figure)
    assert len(figure.axes) == len(predicted.spec.classes)
    for axes, matrix in zip(figure.axes, found.classes, strict=True):
        assert np.asarray(axes.images[0].get_array()) == pytest.approx(matrix)
    disputed = most_disputed(found, readers, *predicted.lookups[:2])
    readable(disputed)
    said = [text.get_text() for axes in disputed.axes for text in axes.texts if "apart" in text.get_text()]
    assert len(said) == 4
    for text, image in zip(said, found.pairs["ImageId"], strict=False):
        assert image in text
        assert text.endswith(("drawn and second run", "second run and drawn"))


def test_a_run_alone_is_said_so(predicted, readable):
    readers = [predicted.reader]
    found = member_spread(readers, predicted.labelled.masks)
    for figure in (
        disagreement_matrices(found, readers),
        most_disputed(found, readers, *predicted.lookups[:2]),
    ):
        readable(figure)
        assert figure.texts[1].get_text().startswith("Only one run")
