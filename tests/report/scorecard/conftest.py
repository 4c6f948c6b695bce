"""Scorecards of a made-up run, with everything that a scorecard may say."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from severstal.competition.scored import ScoredPairs
from severstal.competition.spec import Spec
from severstal.decision.crossfit import CrossFit, cross_fit
from severstal.decision.gate import OPEN
from severstal.decision.search import SearchSettings
from severstal.decision.summary import Summary
from severstal.report.scorecard import Scorecard, crossfit_scorecard

SPEC = Spec("tiles", (40, 60), ("<hole> & rim", "crack", "seldom there"))
SETTINGS = SearchSettings(gates=(OPEN,), thresholds=(0.2, 0.4, 0.5, 0.6, 0.8))


def draw_summary(seed: int, images: int) -> Summary:
    """Maps whose height and class probability tell of the defect more often than not."""
    rng = np.random.default_rng(seed)
    true = rng.integers(50, 900, (images, 3)) * (rng.random((images, 3)) < (0.5, 0.3, 0))
    true[::50, 2] = 300
    height = np.clip(rng.normal(90 + 100 * (true > 0), 40), 1, 255)[..., None]  # (N, C, 1)
    falls = np.clip(1 - np.arange(256) / height, 0, 1) ** 0.3
    base = np.where(true > 0, 1.3 * true, rng.integers(0, 300, (images, 3)))
    areas = (base[..., None] * falls).astype(np.int32)
    areas[..., 0] = SPEC.pixels
    inside = np.minimum((areas * rng.uniform(0.6, 1, (images, 3, 1))).astype(np.int32), true[..., None])
    inside[..., 0] = true
    names = tuple(f"{index:03d}.jpg" for index in range(images))
    sure = height[..., 0].astype(np.uint8)
    return Summary(
        names,
        SPEC,
        areas,
        np.minimum.accumulate(inside, axis=2).astype(np.int32),
        true.astype(np.int32),
        sure,
    )


@pytest.fixture(scope="session")
def summary() -> Summary:
    return draw_summary(0, 120)


@pytest.fixture(scope="session")
def folds(summary: Summary) -> pd.DataFrame:
    """In another order than the summary's, with an image more; every eighth one is a twin."""
    place = np.arange(len(summary))
    table = pd.DataFrame(
        {
            "ImageId": summary.names,
            "fold": place // 8 % 3,
            "group": np.where(place % 8 == 7, place - 1, place),
            "likeness": place / len(summary),
            "test_like": place >= 96,
        }
    )
    extra = pd.DataFrame([("other.jpg", 0, 999, 0.5, True)], columns=table.columns)
    return pd.concat([table.iloc[::-1], extra], ignore_index=True)


@pytest.fixture(scope="session")
def fitted(summary: Summary, folds: pd.DataFrame) -> CrossFit:
    fold = folds.set_index("ImageId").loc[list(summary.names), "fold"].to_numpy()
    return cross_fit(summary, fold, SETTINGS)


@pytest.fixture(scope="session")
def judged(summary: Summary, fitted: CrossFit, folds: pd.DataFrame) -> tuple[ScoredPairs, Scorecard]:
    return crossfit_scorecard(summary, fitted, folds, "a <run> & its folds")


@pytest.fixture(scope="session")
def card(judged: tuple[ScoredPairs, Scorecard]) -> Scorecard:
    return judged[1]


@pytest.fixture
def random_pairs() -> Callable[[int, int], ScoredPairs]:
    """Pairs of three classes, about half of them empty."""

    def draw(seed: int, images: int) -> ScoredPairs:
        rng = np.random.default_rng(seed)
        predicted, true = rng.integers(1, 99, (2, images, 3)) * rng.integers(0, 2, (2, images, 3))
        shared = rng.integers(0, np.minimum(predicted, true) + 1)
        return ScoredPairs(tuple(map(str, range(images))), SPEC, shared, predicted, true)

    return draw
