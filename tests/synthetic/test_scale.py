"""Plates of scale are darker and much rougher than the steel, and keep within their outline."""

import numpy as np
import pytest

from severstal.synthetic.layout import DefectPiece
from severstal.synthetic.outlines import outline
from severstal.synthetic.scale import scale


@pytest.mark.parametrize("area", [600, 8000, 40_000, 150_000])
def test_plates(area: int) -> None:
    reliefs, masks = [], []
    for seed in range(10):
        rng = np.random.default_rng(seed)
        masks.append(outline(rng, 4, area, (), 1600, rng.random()))
        reliefs.append(scale(rng, DefectPiece(4, 0, 0, masks[-1]).depth()))
    for relief, mask in zip(reliefs, masks, strict=True):
        assert relief.shape == mask.shape
        assert -1 < relief.min() < -0.2
        assert mask[np.abs(relief) > 0.2].mean() > 0.97
    inside = [relief[mask > 0] for relief, mask in zip(reliefs, masks, strict=True)]
    assert np.mean([values.mean() for values in inside]) < -0.05
    assert np.mean([values.std() for values in inside]) > 0.12
