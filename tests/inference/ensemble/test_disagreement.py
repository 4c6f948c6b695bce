"""Runs disagree where their maps do, and not at all with themselves."""

import numpy as np
import pytest

from severstal.inference.ensemble.disagreement import measure_disagreement
from severstal.inference.ensemble.selection import SOFT_DICE_SMOOTH


def test_a_run_agrees_with_itself(predicted):
    found = measure_disagreement([predicted.reader, predicted.reader], predicted.labelled.masks)
    assert found.classes == pytest.approx(0, abs=1e-6)
    assert found.pairs["disagreement"].to_numpy() == pytest.approx(0, abs=1e-6)


def test_the_disagreement_of_a_pair_is_one_minus_its_soft_dice(predicted, second):
    readers = [predicted.reader, second, predicted.reader]
    found = measure_disagreement(readers, predicted.labelled.masks)
    assert found.runs == ("drawn", "second run", "drawn")
    assert found.pairs["disagreement"].is_monotonic_decreasing
    assert len(found.pairs) == len(predicted.errors)
    for pair in found.pairs.head(10).itertuples():
        place = predicted.reader.names.index(pair.ImageId)
        one, other = (reader.full(place)[pair.ClassId - 1] / 255 for reader in (predicted.reader, second))
        smooth = SOFT_DICE_SMOOTH * predicted.spec.pixels
        alike = (2 * (one * other).sum() + smooth) / (np.square(one).sum() + np.square(other).sum() + smooth)
        assert pair.disagreement == pytest.approx(1 - alike, abs=1e-4)
        assert 1 in (pair.first, pair.second)
    assert (found.classes == found.classes.transpose(0, 2, 1)).all()


def test_a_single_run_has_no_pairs(predicted):
    found = measure_disagreement([predicted.reader], predicted.labelled.masks)
    assert found.pairs.empty
    assert found.classes.shape == (len(predicted.spec.classes), 1, 1)
