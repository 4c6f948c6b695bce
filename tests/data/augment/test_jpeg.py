"""Another JPEG compression changes the noise of a crop and nothing else."""

import numpy as np

from severstal.data.augment.jpeg import jpeg

CROP = np.random.default_rng(0).integers(40, 160, (64, 96)).astype(np.uint8)


def test_jpeg_noise_is_noise() -> None:
    changed = [jpeg(CROP, 0.5, np.random.default_rng(seed)) for seed in range(60)]
    different = [crop for crop in changed if not np.array_equal(crop, CROP)]
    assert 18 < len(different) < 42
    for crop in different:
        assert crop.shape == CROP.shape
        assert abs(crop.mean() - CROP.mean()) < 1
        assert 0.5 < np.abs(crop.astype(int) - CROP).mean() < 25
