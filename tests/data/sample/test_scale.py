"""Plates of scale cover the area asked for, are darker and much rougher than the steel."""

import numpy as np
import pytest

from severstal.data.sample.scale import scale


@pytest.mark.parametrize("area", [600, 8000, 40_000, 150_000])
def test_plates(area: int) -> None:
    stamps = [scale(np.random.default_rng(k), area) for k in range(15)]
    assert 0.6 * area < np.median([stamp.mask.sum() for stamp in stamps]) < max(1.7 * area, 1600)
    for stamp in stamps:
        assert stamp.relief.shape == stamp.mask.shape
        assert -1 < stamp.relief.min() < -0.2
        shows = np.abs(stamp.relief) > 0.2
        assert (stamp.mask[shows] == 1).mean() > 0.97
    assert np.mean([stamp.relief[stamp.mask > 0].mean() for stamp in stamps]) < -0.05
    assert np.mean([stamp.relief[stamp.mask > 0].std() for stamp in stamps]) > 0.12
