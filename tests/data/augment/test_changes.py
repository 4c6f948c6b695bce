"""Augmentations of light and noise change a crop and never its mask."""

import albumentations as A
import numpy as np
import pytest
from scipy.stats import ks_2samp

from severstal.data.augment.graft import free_places, spread
from severstal.data.augment.jpeg import jpeg
from severstal.data.augment.light import brightness_contrast
from severstal.data.augment.roll_shift import BLACK, roll_shift

CROP = np.random.default_rng(0).integers(40, 160, (64, 96)).astype(np.uint8)


def test_brightness_and_contrast_are_spread_as_albumentations_spreads_them() -> None:
    theirs = A.Compose([A.RandomBrightnessContrast(0.2, 0.2, p=0.8)], seed=0)
    a = [theirs(image=CROP)["image"] for _ in range(1500)]
    b = [brightness_contrast(CROP, 0.2, 0.2, np.random.default_rng(seed)) for seed in range(1500)]
    for measure in (np.mean, np.std):
        there, here = (np.array([measure(crop) for crop in crops]) for crops in (a, b))
        assert ks_2samp(there, here).pvalue > 1e-3
    same = [np.mean([np.array_equal(crop, CROP) for crop in crops]) for crops in (a, b)]
    assert abs(same[0] - same[1]) < 0.05


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


def test_jpeg_noise_is_noise() -> None:
    changed = [jpeg(CROP, 0.5, np.random.default_rng(seed)) for seed in range(60)]
    different = [crop for crop in changed if not np.array_equal(crop, CROP)]
    assert 18 < len(different) < 42
    for crop in different:
        assert crop.shape == CROP.shape
        assert abs(crop.mean() - CROP.mean()) < 1
        assert 0.5 < np.abs(crop.astype(int) - CROP).mean() < 25


def test_the_spread_keeps_a_plane_s_ends_and_bridges_the_gap() -> None:
    plane = np.broadcast_to(np.linspace(0, 100, 200, dtype=np.float32), (60, 200))
    known = np.ones((60, 200), bool)
    known[:, 80:120] = False
    filled = spread(np.where(known, plane, 1e3), known)
    assert np.abs(filled - plane)[known].max() < 6
    assert np.abs(filled - plane).max() < 15


def test_free_places_are_those_that_a_search_finds() -> None:
    busy = np.random.default_rng(0).random((9, 14)) < 0.1
    expected = [
        [top, left]
        for top in range(9 - 3 + 1)
        for left in range(14 - 4 + 1)
        if not busy[top : top + 3, left : left + 4].any()
    ]
    rng = np.random.default_rng(0)
    assert sorted(map(list, set(map(tuple, free_places(busy, (3, 4), 5000, rng).tolist())))) == expected
    assert len(free_places(busy, (10, 4), 5, rng)) == 0
    assert len(free_places(np.ones_like(busy), (3, 4), 5, rng)) == 0
