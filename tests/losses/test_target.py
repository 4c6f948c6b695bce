from fractions import Fraction

import numpy as np
import pytest
import torch
from scipy import ndimage

from severstal.errors import SeverstalError
from severstal.losses.target import (
    binarize,
    by_class,
    coarsen_target,
    smooth_edges,
    smooth_labels,
    to_float32,
)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_wide_is_float32_at_least(dtype):
    expected = torch.float64 if dtype == torch.float64 else torch.float32
    assert to_float32(torch.zeros(2, dtype=dtype)).dtype == expected


def test_hard_is_a_half_or_more():
    assert binarize(torch.tensor([0.0, 0.49, 0.5, 1.0])).tolist() == [False, False, True, True]


def test_labels_move_towards_a_half():
    labels = torch.tensor([0.0, 0.3, 0.5, 1.0])
    torch.testing.assert_close(smooth_labels(labels, 0.2), 0.8 * labels + 0.1)
    assert smooth_labels(labels, 0.0) is labels


@pytest.mark.parametrize("width", [0.5, 1.0, 3.0, 10.0])
@pytest.mark.parametrize("shape", [(1, 1, 40, 60), (2, 3, 17, 31)])
def test_edges_are_scipys_gaussian(width, shape):
    target = (np.random.default_rng(0).random(shape) > 0.7).astype(np.float32)
    expected = ndimage.gaussian_filter(
        target, width / 4, axes=(2, 3), mode="nearest", radius=int(np.ceil(0.75 * width))
    )
    np.testing.assert_allclose(smooth_edges(torch.as_tensor(target), width), expected, atol=1e-5)


def test_edges_are_blurred_over_that_width_and_no_farther():
    target = torch.zeros(1, 1, 3, 100)
    target[..., 50:] = 1
    row = smooth_edges(target, 8.0)[0, 0, 1]
    assert (row[:43] == 0).all()
    assert row[58:] == pytest.approx(1)
    assert row[46] == pytest.approx(0.04, abs=0.01)  # 3.5 pixels from the edge
    assert row[49] == pytest.approx(0.4, abs=0.01)


def test_without_smoothing_the_target_is_unchanged():
    target = torch.rand(1, 2, 5, 7)
    assert smooth_edges(target, 0.0) is target
    for full in (torch.zeros(1, 2, 5, 7), torch.ones(1, 2, 5, 7)):
        torch.testing.assert_close(smooth_edges(full, 6.0), full)


@pytest.mark.parametrize("shape", [(64, 96), (70, 101), (33, 32), (256, 1600), (20, 40)])
@pytest.mark.parametrize("stride", [8, 14, 16, 32])
def test_coarse_pixels_are_squares_counted_from_the_top_left(shape, stride):
    target = (torch.rand(2, 3, *shape) > 0.99).float()
    size = [-(-length // stride) for length in shape]
    coarse = coarsen_target(target, size, [length * stride for length in size])
    assert coarse.shape == (2, 3, *size)
    for row, column in np.ndindex(*size):
        square = target[..., row * stride : row * stride + stride, column * stride : column * stride + stride]
        assert torch.equal(coarse[..., row, column], square.amax((2, 3)))


@pytest.mark.parametrize(
    ("shape", "size", "covered"),
    [((64, 96), (7, 10), (64, 96)), ((70, 101), (6, 9), (75, 107)), ((5, 9), (4, 8), (5, 9))],
)
def test_coarse_pixels_that_share_the_picture_unevenly_see_all_that_they_touch(shape, size, covered):
    """Pixel by pixel: whether its interval of the picture meets that of the coarse pixel, in fractions."""
    target = torch.rand(2, 3, *shape) * (torch.rand(2, 3, *shape) > 0.97)

    def touched(axis, place):
        side = Fraction(covered[axis], size[axis])
        return [n for n in range(shape[axis]) if n < (place + 1) * side and n + 1 > place * side]

    coarse = coarsen_target(target, size, covered)
    assert coarse.shape == (2, 3, *size)
    for row, column in np.ndindex(*size):
        patch = target[:, :, touched(0, row)][..., touched(1, column)]
        assert torch.equal(coarse[..., row, column], patch.amax((2, 3)))


def test_weights_by_class():
    masks = torch.zeros(2, 3, 4, 5)
    assert by_class([1.0, 2.0, 3.0], masks).flatten().tolist() == [1, 2, 3]
    assert (masks + by_class([2.0], masks) == 2).all()
    with pytest.raises(SeverstalError, match=r"loss\.positive_weights has 4 numbers for 3 classes: give"):
        by_class([1.0] * 4, masks)
