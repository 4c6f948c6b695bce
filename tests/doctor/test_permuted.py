"""Classes are recognised by shape, and only where there are enough masks."""

from itertools import permutations
from pathlib import Path

import numpy as np
import pytest

from severstal.competition.spec import SEVERSTAL
from severstal.doctor.features import measure_features
from severstal.doctor.permuted import expected_gain, find_renaming, log_probabilities
from severstal.doctor.reference import FEATURE_COUNTS
from severstal.doctor.table import open_table


@pytest.fixture(scope="module")
def real(real_data: Path) -> tuple[dict[str, np.ndarray], np.ndarray]:
    table = open_table(real_data / "severstal/reference/train_rle.csv", SEVERSTAL)
    return measure_features(table.runs, SEVERSTAL.image_shape), table.labelled[table.runs.rows]


def test_probabilities_sum_to_one() -> None:
    for name in FEATURE_COUNTS:
        np.testing.assert_allclose(np.exp(log_probabilities(name)).sum(axis=1), 1)


def test_every_permutation_is_found_and_gains_what_is_expected(real: tuple) -> None:
    features, labels = real
    for order in permutations((1, 2, 3, 4)):
        if order == (1, 2, 3, 4):
            continue
        wrong = np.array(order)[labels - 1]
        found = find_renaming(features, wrong)
        assert [found.true[label - 1] for label in order] == [1, 2, 3, 4]
        assert found.weight.certainty == 1
        assert found.weight.mean == pytest.approx(expected_gain(wrong, found.true), rel=0.1)


def test_right_classes_speak_against_every_other_order(real: tuple) -> None:
    features, labels = real
    random = np.random.default_rng(0)
    for size in (10, 30, 100, 300) * 20:
        some = random.choice(len(labels), size, replace=False)
        part = {name: values[some] for name, values in features.items()}
        assert find_renaming(part, labels[some]).weight.certainty == 0


def test_without_masks_nothing_is_measured() -> None:
    none = {name: np.zeros(0, int) for name in FEATURE_COUNTS}
    assert find_renaming(none, np.zeros(0, int)).weight.count == 0
