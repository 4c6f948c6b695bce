"""Windows: drawn as albumentations draws them, and never without steel where that is asked."""

import albumentations as A
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from severstal.data.augment.window import STEEL, _nth_pixel, sample_window

SHAPE, CROP, DRAWS = (40, 120), (24, 50), 3000


def coverage(windows: list[tuple[slice, slice]]) -> np.ndarray:
    """Count how often each pixel is in a window."""
    counts = np.zeros(SHAPE)
    for window in windows:
        counts[window] += 1
    return counts / len(windows)


def theirs(bits: np.ndarray, non_empty: float) -> list[tuple[slice, slice]]:
    """Windows of albumentations, read off crops of a picture that numbers its pixels."""
    numbers = np.arange(SHAPE[0] * SHAPE[1], dtype=np.int32).reshape(SHAPE)
    change = A.Compose([A.CropNonEmptyMaskIfExists(*CROP, p=non_empty), A.RandomCrop(*CROP)], seed=1)
    windows = []
    for _ in range(DRAWS):
        top, left = divmod(int(change(image=numbers, mask=bits)["image"].flat[0]), SHAPE[1])
        windows.append((slice(top, top + CROP[0]), slice(left, left + CROP[1])))
    return windows


def ours(bits: np.ndarray, non_empty: float) -> list[tuple[slice, slice]]:
    picture = np.full(SHAPE, 90, np.uint8)
    drawn = [
        sample_window(picture, bits, CROP, non_empty, np.random.default_rng(seed)) for seed in range(DRAWS)
    ]
    return [(slice(w.top, w.top + w.height), slice(w.left, w.left + w.width)) for w in drawn]


@pytest.mark.parametrize("non_empty", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("defect", ["corner", "middle", "two", "none"])
def test_each_pixel_is_covered_as_often_as_by_albumentations(defect: str, non_empty: float) -> None:
    bits = np.zeros(SHAPE, np.uint8)
    if defect == "corner":
        bits[:6, :9] = 1
    if defect in ("middle", "two"):
        bits[20:29, 50:64] = 2
    if defect == "two":
        bits[30:, 100:] = 4
    difference = np.abs(coverage(ours(bits, non_empty)) - coverage(theirs(bits, non_empty)))
    # Five standard deviations of the difference of two shares of 3,000 draws.
    assert difference.max() < 5 * np.sqrt(2 * 0.25 / DRAWS)


@given(
    st.tuples(st.integers(1, 30), st.integers(1, 90)),
    st.tuples(st.integers(1, 30), st.integers(1, 90)),
    st.floats(0.5, 2.0),
    st.tuples(*[st.integers(0, 30)] * 4),
    st.booleans(),
    st.integers(0, 2**32),
)
@settings(max_examples=100, deadline=None)
def test_a_window_is_in_the_picture_and_holds_steel(
    shape: tuple[int, int],
    size: tuple[int, int],
    zoom: float,
    bands: tuple[int, int, int, int],
    labelled: bool,
    seed: int,
) -> None:
    left, right, top, bottom = bands
    size = tuple(np.minimum(size, shape).tolist())
    picture = np.zeros(shape, np.uint8)
    picture[top : max(0, shape[0] - bottom), left : max(0, shape[1] - right)] = 255
    bits = ((picture > 0) & labelled).astype(np.uint16) << 15
    rng = np.random.default_rng(seed)
    window = sample_window(picture, bits, size, 0.5, rng, black_aware=True, zoom=zoom)
    assert window.of(picture).shape == (window.height, window.width)
    assert min(window) >= 0
    assert [window.height, window.width] == [
        min(whole, max(1, round(side / zoom))) for side, whole in zip(size, shape, strict=True)
    ]
    for axis, side in ((0, window.height), (1, window.width)):
        has = int((picture > 0).any(1 - axis).sum())
        shown = int((window.of(picture) > 0).any(1 - axis).sum())
        assert shown >= min(has, int(np.ceil(side * STEEL)))


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_a_window_at_a_defect_holds_some_of_it(dtype: type) -> None:
    picture, bits = np.full(SHAPE, 90, np.uint8), np.zeros(SHAPE, dtype)
    picture[:, 70:] = 0
    bits[3, 69] = 2 ** (8 * bits.itemsize - 1)
    for seed in range(100):
        for aware in (False, True):
            window = sample_window(picture, bits, CROP, 1.0, np.random.default_rng(seed), black_aware=aware)
            assert window.of(bits).any()


def test_the_nth_pixel_is_numpy_s() -> None:
    bits = np.random.default_rng(0).integers(0, 3, (13, 17)).astype(np.uint16) << 14
    assert [_nth_pixel(bits, n) for n in range(np.count_nonzero(bits))] == [
        (int(y), int(x)) for y, x in np.argwhere(bits)
    ]
