import numpy as np
import pytest
import torch
from scipy import ndimage

from severstal.losses.distances import distance_to, signed_distances


def blobs(shape, seed=0, share=0.8):
    noise = ndimage.gaussian_filter(np.random.default_rng(seed).random(shape), 2)
    return noise > np.quantile(noise, share)


@pytest.mark.parametrize("shape", [(31, 57), (1, 40), (64, 64), (256, 400)])
def test_is_scipys(shape):
    mask = blobs(shape)
    np.testing.assert_allclose(distance_to(mask), ndimage.distance_transform_edt(~mask), atol=1e-4)


@pytest.mark.parametrize("seed", range(3))
def test_signed_is_kervadecs_own_code_by_scipy(seed):
    mask = blobs((23, 41), seed)
    outside, inside = ndimage.distance_transform_edt(~mask), ndimage.distance_transform_edt(mask)
    expected = outside * ~mask - (inside - 1) * mask
    np.testing.assert_allclose(signed_distances(torch.as_tensor(mask)[None, None])[0, 0], expected, atol=1e-4)


def test_empty_and_full():
    masks = torch.zeros(1, 2, 5, 7, dtype=torch.bool)
    masks[0, 1] = True
    distances = signed_distances(masks)
    assert (distances[0, 0] == 0).all()
    assert distances[0, 1, 0].tolist() == [0] * 7  # the picture's border is the mask's
    assert distances[0, 1, 2].tolist() == [0, -1, -2, -2, -2, -1, 0]
