"""Scratches and abraded patches cover the area asked for and show inside their mask only."""

from collections.abc import Callable

import numpy as np
import pytest

from severstal.data.sample.canvas import Stamp
from severstal.data.sample.scratches import abrasion, lines, scratch


@pytest.mark.parametrize("draw", [lines, abrasion, scratch])
@pytest.mark.parametrize("area", [300, 2000, 12_000, 60_000, 300_000])
def test_area_is_about_that_asked_for(draw: Callable[..., Stamp], area: int) -> None:
    stamps = [draw(np.random.default_rng(k), area) for k in range(15)]
    assert all(stamp.mask.any() for stamp in stamps)
    assert all(stamp.relief.shape == stamp.mask.shape for stamp in stamps)
    # Small marks get an outline some pixels too wide, as annotators draw it.
    assert 0.5 * area < np.median([stamp.mask.sum() for stamp in stamps]) < max(1.6 * area, 1500)


def test_lines_run_upright_from_an_edge() -> None:
    for k in range(30):
        stamp = lines(np.random.default_rng(k), 5000)
        assert stamp.top == 0 or stamp.top + stamp.mask.shape[0] == 256
        strong = np.abs(stamp.relief) > 0.2
        assert strong.any(1).mean() > 0.5


@pytest.mark.parametrize("draw", [lines, abrasion])
def test_what_shows_lies_in_the_mask(draw: Callable[..., Stamp]) -> None:
    for k in range(20):
        stamp = draw(np.random.default_rng(k), 8000)
        shows = np.abs(stamp.relief) > 0.3
        assert shows.sum() > 100
        assert (stamp.mask[shows] == 1).mean() > 0.95
        assert stamp.relief.min() > -1
