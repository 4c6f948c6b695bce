"""A search over drawn maps: a class that is found, one with few defects, one that is never drawn."""

from dataclasses import dataclass, replace

import numpy as np
import pytest

from severstal.competition.spec import Spec
from severstal.decision.crossfit import CrossFit, cross_fit
from severstal.decision.gate import OPEN, Gate
from severstal.decision.search import SearchResult, SearchSettings, search_any
from severstal.decision.summary import Summary

SETTINGS = SearchSettings(
    (OPEN, Gate("veto", 0.3), Gate("veto", 0.6), Gate("soft", 1.0), Gate("area", 5.0)),
    (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9),
)
SPEC = Spec("drawn", (64, 96), ("found", "few", "never"))
POSITIVES = (30, 3, 12)


@dataclass(frozen=True)
class Searched:
    """What a search saw and found, with folds and groups of the images."""

    spec: Spec
    summary: Summary
    folds: np.ndarray
    groups: np.ndarray
    fitted: CrossFit


def draw_summary(images: int, seed: int = 0) -> Summary:
    """Areas as of maps that fade outward, blurred by chance; the last class is seen where it is not."""
    rng = np.random.default_rng(seed)
    shape = (images, len(SPEC.classes))
    true = np.zeros(shape, np.int32)
    for index, count in enumerate(POSITIVES):
        true[rng.permutation(images)[:count], index] = rng.integers(60, 900, count)
    levels = np.arange(256)
    peak = np.where(true > 0, rng.integers(120, 256, shape), rng.integers(0, 150, shape))
    size = np.where(true > 0, true * rng.uniform(0.9, 1.6, shape), rng.uniform(0, 200, shape))
    size[:, 2] = np.where(true[:, 2] > 0, 50, 2000)  # its alarms are larger and surer than its defects
    peak[:, 2] = np.where(true[:, 2] > 0, 120, 250)
    fade = np.clip(1 - levels / np.maximum(peak, 1)[..., None], 0, 1) ** 0.5
    areas = np.where(levels <= peak[..., None], size[..., None] * fade + 1, 0).astype(np.int32)
    areas[..., 0] = SPEC.pixels
    inside = np.minimum(areas * 0.9, true[..., None]).astype(np.int32)
    inside[:, 2, 1:] //= 9
    inside[..., 0] = true
    probability = np.clip(peak + rng.integers(-40, 40, shape), 0, 255).astype(np.uint8)
    names = tuple(f"{index:03d}.jpg" for index in range(images))
    return Summary(names, SPEC, areas, inside, true, probability)


@pytest.fixture(scope="session")
def searched() -> Searched:
    """A search that was cross-fitted over two folds; near-duplicates come in pairs."""
    summary = draw_summary(80)
    folds = np.arange(80) // 2 % 2
    fitted = cross_fit(summary, folds, SETTINGS)
    assert fitted.result.classes[0].positives == POSITIVES[0]
    assert not fitted.result.rules.rules[0].draws_nothing(SPEC)
    assert fitted.result.rules.rules[2].draws_nothing(SPEC)
    return Searched(SPEC, summary, folds, np.arange(80) // 2, fitted)


@pytest.fixture(
    scope="session",
    params=[
        pytest.param((1, 2), id="one class"),
        pytest.param((9, 5), id="nine classes", marks=pytest.mark.slow),
    ],
)
def any_set(request: pytest.FixtureRequest) -> Searched:
    """The same of another number of classes, whose names are long, and of folds."""
    classes, parts = request.param
    drawn, taken = draw_summary(80), np.arange(classes) % len(SPEC.classes)
    names = tuple(
        f"class {k}" if k % 3 else f"a class name of {k} times too many letters"
        for k in range(1, classes + 1)
    )
    spec = Spec("any", SPEC.image_shape, names)
    arrays = (drawn.areas, drawn.intersections, drawn.true, drawn.class_probability)
    summary = Summary(drawn.names, spec, *(array[:, taken] for array in arrays))
    folds = np.arange(80) % parts
    return Searched(spec, summary, folds, np.arange(80), cross_fit(summary, folds, SETTINGS))


@pytest.fixture(scope="session")
def blank() -> tuple[Summary, SearchResult]:
    """A search on maps that are 0 everywhere, where moreover no image has the second class."""
    drawn = draw_summary(40)
    areas = drawn.areas * (np.arange(256) == 0)
    inside, true = drawn.intersections * (np.arange(256) == 0), drawn.true.copy()
    inside[:, 1], true[:, 1] = 0, 0
    summary = replace(drawn, areas=areas, intersections=inside, true=true)
    return summary, search_any(summary, SETTINGS)
