"""A window cut out, resized and mirrored: picture and mask stay on each other, pixel for pixel."""

import numpy as np
import pytest

from severstal.data.augment.flips import cut
from severstal.data.augment.window import Window

RNG = np.random.default_rng(0)
PICTURE = RNG.integers(0, 256, (18, 30)).astype(np.uint8)
BITS = RNG.integers(0, 1 << 16, (18, 30)).astype(np.uint16)
WHOLE = Window(0, 0, 18, 30)


@pytest.mark.parametrize("horizontal", [False, True])
@pytest.mark.parametrize("vertical", [False, True])
def test_a_window_is_cut_and_mirrored(horizontal: bool, vertical: bool) -> None:
    picture, bits = cut(PICTURE, BITS, Window(3, 5, 8, 12), (8, 12), horizontal, vertical)
    step = slice(None, None, -1)
    for found, whole in ((picture, PICTURE), (bits, BITS)):
        expected = whole[3:11, 5:17]
        expected = expected[:, step] if horizontal else expected
        expected = expected[step] if vertical else expected
        assert np.array_equal(found, expected)
        assert found.dtype == whole.dtype
        assert not np.shares_memory(found, whole)


def test_a_mask_is_shrunk_by_the_pixel_at_the_centre() -> None:
    _, bits = cut(PICTURE, BITS, WHOLE, (6, 10), False, False)
    assert np.array_equal(bits, BITS[1::3, 1::3])
    _, bits = cut(PICTURE, BITS, WHOLE, (18, 10), False, False)
    assert np.array_equal(bits, BITS[:, 1::3])
    # Of two pixels in the middle the second: half a pixel off the centre, as far as the first.
    _, bits = cut(PICTURE, BITS, WHOLE, (9, 15), False, False)
    assert np.array_equal(bits, BITS[1::2, 1::2])


def test_a_mask_is_enlarged_without_new_values() -> None:
    _, bits = cut(PICTURE, BITS, WHOLE, (54, 60), False, False)
    assert np.array_equal(bits, BITS.repeat(3, 0).repeat(2, 1))


def test_a_picture_is_shrunk_by_area() -> None:
    picture, _ = cut(PICTURE, BITS, WHOLE, (6, 10), False, False)
    blocks = PICTURE.reshape(6, 3, 10, 3).mean((1, 3))
    assert np.abs(picture - blocks).max() <= 0.5 + 1e-6


def test_a_picture_is_enlarged_linearly() -> None:
    ramp = np.broadcast_to(np.arange(0, 240, 8, dtype=np.uint8), (18, 30)).copy()
    picture, _ = cut(ramp, BITS, WHOLE, (18, 60), False, False)
    middles = (np.arange(60) + 0.5) / 2 - 0.5  # places in the ramp
    assert np.abs(picture[:, 1:-1] - 8 * middles[1:-1]).max() <= 1
    picture, _ = cut(ramp, BITS, WHOLE, (36, 24), False, False)  # one side longer, one shorter: more pixels
    middles = (np.arange(24) + 0.5) * 30 / 24 - 0.5
    assert np.abs(picture[:, 1:-1] - 8 * middles[1:-1]).max() <= 1


@pytest.mark.parametrize("size", [(6, 10), (54, 90), (9, 60)])
def test_mirrored_and_resized_is_resized_and_mirrored(size: tuple[int, int]) -> None:
    plain = cut(PICTURE, BITS, WHOLE, size, False, False)
    mirrored = cut(PICTURE, BITS, WHOLE, size, True, True)
    for one, other in zip(plain, mirrored, strict=True):
        assert one.shape == other.shape == size
        assert np.array_equal(one[::-1, ::-1], other)
