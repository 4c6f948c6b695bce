"""The light of another roll: slow along the sheet, and black stays black."""

import numpy as np
import pytest

from severstal.data.augment.roll_shift import BLACK, roll_shift


@pytest.mark.parametrize("shape", [(64, 96), (96, 64), (1, 50), (40, 40)])
@pytest.mark.parametrize("strength", [0.3, 1.0])
def test_black_stays_black_under_another_roll_s_light(shape: tuple[int, int], strength: float) -> None:
    picture = np.random.default_rng(0).integers(40, 200, shape).astype(np.uint8)
    picture[:, : shape[1] // 3] = np.random.default_rng(1).integers(0, BLACK, (shape[0], shape[1] // 3))
    for seed in range(30):
        changed = roll_shift(picture, strength, np.random.default_rng(seed))
        assert changed.dtype == np.uint8
        assert np.array_equal(changed[picture < BLACK], picture[picture < BLACK])
        assert changed[picture >= 40].min() >= BLACK


def test_a_roll_s_light_varies_slowly_along_the_longer_side() -> None:
    flat = np.full((64, 600), 100, np.uint8)
    changes = np.array([roll_shift(flat, 1.0, np.random.default_rng(seed)) for seed in range(200)], float)
    assert (changes == changes[:, :1]).all()  # every row alike
    assert np.abs(np.diff(changes, axis=2)).max() <= 2
    assert np.median(np.ptp(changes[:, 0], axis=1)) > 10
    assert changes.mean((1, 2)).std() > 12
    weak = np.array([roll_shift(flat, 0.2, np.random.default_rng(seed)) for seed in range(200)], float)
    assert weak.mean((1, 2)).std() < changes.mean((1, 2)).std() / 3
