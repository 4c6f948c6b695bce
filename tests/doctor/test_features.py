"""Features are those of the drawn mask; the reference holds those of the real table."""

from pathlib import Path

import numpy as np
import pytest

from severstal.competition.rle import encode
from severstal.competition.spec import SEVERSTAL
from severstal.doctor.features import FEATURE_BINS, flipped, measure_features
from severstal.doctor.reference import FEATURE_COUNTS
from severstal.doctor.table import Table, open_table

SHAPE = SEVERSTAL.image_shape


@pytest.fixture
def masks() -> list[np.ndarray]:
    random, drawn = np.random.default_rng(0), []
    for _ in range(30):
        mask = np.zeros(SHAPE, np.uint8)
        for top, left, high, wide in random.integers((0, 0, 5, 5), (250, 1590, 200, 300), (3, 4)):
            mask[top : top + high, left : left + wide] = 1
        drawn.append(mask)
    return drawn


def table_of(masks: list[np.ndarray]) -> Table:
    cells = [[f"{k}.jpg", "1", encode(np.ascontiguousarray(mask))] for k, mask in enumerate(masks)]
    return Table(Path("a.csv"), ("ImageId", "ClassId", "EncodedPixels"), cells, "today", SEVERSTAL)


def test_features_are_those_of_the_drawn_mask(masks: list[np.ndarray]) -> None:
    found = measure_features(table_of(masks).runs, SHAPE)
    for index, mask in enumerate(masks):
        rows, columns = np.nonzero(mask)
        high, wide = np.ptp(rows) + 1, np.ptp(columns) + 1
        assert found["area"][index] == int(1.5 * np.log2(1600 * mask.mean()))
        assert found["width"][index] == min(int(1.5 * np.log2(200 * wide / 1600)), 11)
        assert found["height"][index] == 8 * (high - 1) // 256
        assert found["fill"][index] == min(8 * int(mask.sum()) // (high * wide), 7)
        assert found["x"][index] == int(16 * columns.mean() / 1600)
        assert found["y"][index] == int(16 * rows.mean() / 256)


def test_flipped_features_are_those_of_the_flipped_masks(masks: list[np.ndarray]) -> None:
    features = measure_features(table_of(masks).runs, SHAPE)
    for right, down in ((-1, 1), (1, -1), (-1, -1)):
        turned = measure_features(table_of([mask[::down, ::right] for mask in masks]).runs, SHAPE)
        expected = flipped(features, left_to_right=right < 0, top_to_bottom=down < 0)
        for name in FEATURE_BINS:
            # A centre just on the border of two sixteenths may fall to either side.
            assert np.abs(turned[name] - expected[name]).max() <= (name in "xy"), name


def test_the_reference_is_that_of_the_real_table(real_data: Path) -> None:
    table = open_table(real_data / "severstal/reference/train_rle.csv", SEVERSTAL)
    features, labels = measure_features(table.runs, SHAPE), table.labelled[table.runs.rows]
    assert set(FEATURE_COUNTS) == set(FEATURE_BINS)
    for name, counts in FEATURE_COUNTS.items():
        for class_id, expected in enumerate(counts, start=1):
            assert np.bincount(
                features[name][labels == class_id], minlength=FEATURE_BINS[name]
            ).tolist() == list(expected)
