"""Flips are detected by position on real masks, and not on masks that end at the borders otherwise."""

from pathlib import Path

import numpy as np
import pytest

from severstal.competition.spec import SEVERSTAL
from severstal.doctor.features import flipped, measure_features
from severstal.doctor.mirrored import looks_like_reference, measure_flips
from severstal.doctor.table import open_table

FLIPS = {
    "flipped left to right": {"left_to_right": True, "top_to_bottom": False},
    "flipped top to bottom": {"left_to_right": False, "top_to_bottom": True},
    "turned upside down": {"left_to_right": True, "top_to_bottom": True},
}


@pytest.fixture(scope="module")
def real(real_data: Path) -> tuple[dict[str, np.ndarray], np.ndarray]:
    table = open_table(real_data / "severstal/reference/train_rle.csv", SEVERSTAL)
    return measure_features(table.runs, SEVERSTAL.image_shape), table.labelled[table.runs.rows]


@pytest.mark.parametrize("size", [4598, 1500, 900])
@pytest.mark.parametrize("flip", FLIPS)
def test_each_flip_is_found(real: tuple, flip: str, size: int) -> None:
    features, labels = real
    some = np.random.default_rng(0).choice(len(labels), size, replace=False)
    part = flipped({name: values[some] for name, values in features.items()}, **FLIPS[flip])
    weights = measure_flips(part, labels[some])
    best = max(weights, key=lambda name: weights[name].mean)
    assert best == flip
    assert weights[best].certainty > 0.999
    assert looks_like_reference(part, labels[some], best)


def test_unchanged_masks_are_never_suspect(real: tuple) -> None:
    features, labels = real
    random = np.random.default_rng(0)
    for size in (10, 50, 200, 1000) * 25:
        some = random.choice(len(labels), size, replace=False)
        part = {name: values[some] for name, values in features.items()}
        assert not any(weight.certainty for weight in measure_flips(part, labels[some]).values())


def test_masks_that_end_otherwise_are_no_ground_for_a_flip(real: tuple) -> None:
    features, labels = real
    neat = dict(
        features, top=np.where(features["top"] > 0, 6, 0), bottom=np.where(features["bottom"] > 3, 6, 0)
    )
    assert measure_flips(neat, labels)["flipped top to bottom"].sigma > 5
    assert not looks_like_reference(neat, labels, "flipped top to bottom")
