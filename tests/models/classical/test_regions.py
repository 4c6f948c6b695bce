import numpy as np

from severstal.models.classical.regions import region_means


def test_every_pixel_has_its_regions_mean():
    random = np.random.default_rng(0)
    evidence, regions = random.random((3, 9, 14)), random.integers(0, 7, (9, 14))
    regions[regions == 4] = 5  # a number that no pixel has
    given = region_means(evidence, regions)
    assert given.shape == evidence.shape
    assert given.dtype == np.float32
    for number in np.unique(regions):
        for one, mean in zip(evidence, given, strict=True):
            np.testing.assert_allclose(mean[regions == number], one[regions == number].mean(), rtol=1e-6)
