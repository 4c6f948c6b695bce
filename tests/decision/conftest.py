"""Maps on disk with their truth, as the tests of decisions need them."""

import tempfile
from collections.abc import Callable

import numpy as np
import pytest
from fixtures.labelled import clean, labelled
from fixtures.predicted import every, predicted
from fixtures.scorecards import fitted, folds, judged, summary
from fixtures.searched import any_set, blank, searched

from severstal.competition.spec import Spec
from severstal.decision.summary import Summary, summarise
from severstal.inference.maps import MapReader, MapWriter

__all__ = [
    "any_set",
    "blank",
    "clean",
    "every",
    "fitted",
    "folds",
    "judged",
    "labelled",
    "predicted",
    "searched",
    "summary",
]

SPEC = Spec("tiny", (4, 6), ("scratch", "hole"))


def store(
    maps: np.ndarray, spec: Spec = SPEC, scale: int = 1, probability: np.ndarray | None = None
) -> MapReader:
    """Write (N, C, h, w) maps two to a shard, and give their reader."""
    names = [f"{index}.jpg" for index in range(len(maps))]
    writer = MapWriter(tempfile.mkdtemp(), names, spec, scale, "key", shard_images=2)
    for shard, some in writer.missing_shards():
        rows = slice(2 * shard, 2 * shard + len(some))
        writer.write(shard, maps[rows], None if probability is None else probability[rows])
    writer.close()
    return MapReader(writer.folder)


@pytest.fixture(name="store", scope="session")
def store_fixture() -> Callable[..., MapReader]:
    return store


@pytest.fixture(scope="session")
def random_pictures() -> Callable[..., tuple[MapReader, dict[str, np.ndarray]]]:
    """Maps that are right more often than not, and their truth; about half of the masks are empty."""

    def draw(seed: int, images: int, scale: int = 1) -> tuple[MapReader, dict[str, np.ndarray]]:
        rng = np.random.default_rng(seed)
        bits = rng.integers(0, 4, (images, 4, 6), np.uint8) & rng.integers(0, 4, (images, 1, 1), np.uint8)
        truth = (bits[:, None] >> np.arange(2)[:, None, None]) & 1  # (N, C, H, W)
        maps = np.clip(rng.normal(90 + 90 * truth, 70), 0, 255).astype(np.uint8)
        maps *= rng.integers(0, 4, (images, 2, 1, 1), np.uint8) > 0
        sure = np.clip(rng.normal(60 + 130 * truth.any(axis=(2, 3)), 60), 0, 255).astype(np.uint8)
        reader = store(maps[:, :, ::scale, ::scale], scale=scale, probability=sure)
        return reader, {f"{row}.jpg": each for row, each in enumerate(bits)}

    return draw


@pytest.fixture(scope="session")
def random_summary(random_pictures: Callable) -> Callable[[int, int], Summary]:
    """A summary of such maps."""
    return lambda seed, images: summarise(*random_pictures(seed, images), SPEC)
