"""Masks that may overlap, their predictions and maps."""

import numpy as np
import pytest
from fixtures.labelled import clean, labelled
from fixtures.predicted import every, predicted
from fixtures.scorecards import card, fitted, folds, judged, random_pairs, summary

from severstal.competition.spec import Spec

__all__ = [
    "card",
    "clean",
    "every",
    "fitted",
    "folds",
    "judged",
    "labelled",
    "predicted",
    "random_pairs",
    "summary",
]

SPEC = Spec("tiny", (12, 17), ("scratch", "hole", "crack"))


def draw_batch(seed: int, images: int, overlap: bool = True) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(N, H, W) truth and prediction of blobs, (N, C, H, W) maps; some masks are empty."""
    rng = np.random.default_rng(seed)
    shape = (images, len(SPEC.classes), *SPEC.image_shape)
    coarse = rng.normal(size=(*shape[:2], 4, 6)).repeat(3, axis=2).repeat(3, axis=3)[..., :17]
    there = rng.random(shape[:2]) < 0.7
    planes = (coarse > 0.5) & there[..., None, None]
    maps = np.clip(rng.normal(70 + 110 * planes, 60), 0, 255).astype(np.uint8)
    maps[rng.random(shape[:2]) < 0.2] = 0
    drawn = maps >= 140
    if not overlap:
        planes &= planes.cumsum(axis=1) == 1
        drawn &= drawn.cumsum(axis=1) == 1
    bits = (1 << np.arange(3))[:, None, None]
    return *((each * bits).sum(axis=1).astype(np.uint8) for each in (planes, drawn)), maps


@pytest.fixture(scope="session")
def spec():
    return SPEC


@pytest.fixture(name="draw_batch", scope="session")
def draw_batch_fixture():
    return draw_batch


@pytest.fixture(scope="session")
def split():
    """(N, C, H, W) bool planes of (N, H, W) bits."""
    return lambda bits: (bits[:, None] >> np.arange(3)[:, None, None] & 1).astype(bool)


@pytest.fixture(scope="session")
def run():
    """The figures of a metric on a batch."""

    def run(metric, truth, prediction, maps=None):
        for row in range(len(truth)):
            metric.update(truth[row], prediction[row], None if maps is None else maps[row])
        return metric.compute()

    return run
