"""Arrays of pictures and masks in other shapes."""

import cv2
import numpy as np
import pytest

from severstal.data.arrays import pad_black, shrink, unpack


@pytest.mark.parametrize("scale", [1, 2, 3])
def test_shrinking_averages_blocks(scale):
    picture = np.random.default_rng(0).integers(0, 256, (12, 18)).astype(np.uint8)
    blocks = picture.reshape(12 // scale, scale, 18 // scale, scale).mean(axis=(1, 3))
    assert np.abs(shrink(picture, scale) - blocks).max() <= 0.5
    assert shrink(picture[:11, :17], 2).shape == (6, 9)  # rounded up


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_planes_are_the_bits(dtype):
    classes = np.iinfo(dtype).bits
    bits = np.random.default_rng(1).integers(0, 2**classes, (5, 7)).astype(dtype)
    planes = unpack(bits, classes)
    assert planes.dtype == np.uint8
    assert sum(int(2**k) * plane.astype(int) for k, plane in enumerate(planes)).tolist() == bits.tolist()


def test_odd_sizes_are_rounded_up() -> None:
    assert shrink(np.zeros((7, 9), np.uint8), 2).shape == (4, 5)


def test_soft_masks_keep_their_area() -> None:
    mask = (cv2.GaussianBlur(np.random.default_rng(1).random((64, 64)), (0, 0), 3) > 0.5).astype(np.float32)
    assert shrink(mask, 2).sum() * 4 == pytest.approx(mask.sum())


@pytest.mark.parametrize("shape", [(3, 5), (1, 9), (3, 5, 3)])
def test_padding_adds_black_below_and_right(shape: tuple[int, ...]) -> None:
    array = np.random.default_rng(0).integers(1, 256, shape, np.uint8)
    padded = pad_black(array, (4, 7))
    assert padded.shape[:2] == (4, max(7, shape[1]))
    assert np.array_equal(padded[: shape[0], : shape[1]], array)
    assert not padded[shape[0] :].any()
    assert not padded[:, shape[1] :].any()
    assert pad_black(array, (1, 1)) is array
