"""Pits and seams are dark in the middle of their outline and leave its rim alone."""

import numpy as np
import pytest

from severstal.synthetic.layout import DefectPiece
from severstal.synthetic.outlines import across, outline
from severstal.synthetic.spots import pit, seam


@pytest.mark.parametrize("area", [300, 900, 3000, 12_000])
def test_pits_show_inside_their_outline(area: int) -> None:
    for seed in range(20):
        rng = np.random.default_rng(seed)
        mask = outline(rng, 1, area, (), 1600, rng.random())
        relief = pit(rng, DefectPiece(1, 0, 0, mask).depth())
        shows = np.abs(relief) > 0.3
        assert np.abs(relief).max() > 0.25
        assert mask[shows].mean() > 0.8


@pytest.mark.parametrize("area", [600, 3000, 8000])
def test_seams_follow_their_outline(area: int) -> None:
    for seed in range(20):
        rng = np.random.default_rng(seed)
        mask = outline(rng, 2, area, (), 1600, rng.random())
        relief = seam(rng, DefectPiece(2, 0, 0, mask).depth())
        darkest = relief.argmin(1)
        place = across(mask)[0][np.arange(len(mask)), darkest]
        assert np.median(np.abs(place)) < 0.5
        assert np.abs(relief).max() > 0.255
