"""Brightness and contrast change as albumentations changes them."""

import albumentations as A
import numpy as np
from scipy.stats import ks_2samp

from severstal.data.augment.light import brightness_contrast

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


def test_each_of_the_two_can_be_switched_off() -> None:
    changed = [brightness_contrast(CROP, 0.2, 0.0, np.random.default_rng(seed)) for seed in range(40)]
    for crop in changed:  # one step for all pixels
        steps = (crop.astype(int) - CROP)[crop > 0]
        assert np.ptp(steps) <= 1
        assert np.abs(steps).max() <= 0.2 * 255 + 1
    assert len({crop.tobytes() for crop in changed}) > 20
    changed = [brightness_contrast(CROP, 0.0, 0.2, np.random.default_rng(seed)) for seed in range(40)]
    for crop in changed:  # one factor
        assert np.ptp(crop / CROP) < 0.03
        assert 0.78 < (crop / CROP).mean() < 1.22
    assert len({crop.tobytes() for crop in changed}) > 20
