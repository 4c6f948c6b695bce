"""Scratches run along their outline; abraded patches keep a little off it."""

from collections.abc import Callable

import cv2
import numpy as np
import pytest

from severstal.synthetic.layout import DefectPiece
from severstal.synthetic.outlines import outline
from severstal.synthetic.scratches import abrasion, lines, scratch, specks


def test_narrow_upright_outlines_get_lines_along_them() -> None:
    for seed in range(20):
        relief = scratch(np.random.default_rng(seed), np.ones((256, 22), np.float32))
        shows = np.abs(relief) > 0.15
        assert shows.any(1).mean() > 0.3
        assert shows[:, 8:14].sum() > shows[:, :3].sum() + shows[:, -3:].sum()


def test_wide_outlines_get_several_lines() -> None:
    counts = []
    for seed in range(30):
        relief = lines(np.random.default_rng(seed), np.ones((256, 100), np.float32))
        profile = np.abs(cv2.GaussianBlur(relief, (0, 0), 1)).mean(0)
        counts.append(np.sum((profile[1:-1] > profile[:-2]) & (profile[1:-1] > profile[2:])))
    assert np.median(counts) >= 3


@pytest.mark.parametrize("draw", [abrasion, specks])
@pytest.mark.parametrize("area", [1500, 8000, 100_000])
def test_patches_end_before_their_outline(draw: Callable[..., np.ndarray], area: int) -> None:
    for seed in range(8):
        rng = np.random.default_rng(seed)
        mask = outline(rng, 3, area, (), 1600, rng.random())
        relief = draw(rng, DefectPiece(3, 0, 0, mask).depth())
        shows = np.abs(relief) > 0.3
        assert shows.any()
        assert mask[shows].mean() > 0.97
        assert relief.min() > -1
