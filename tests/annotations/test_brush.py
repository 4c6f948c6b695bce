"""Label Studio's brush strokes, read and packed against their definition, bit by bit."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from severstal.annotations.brush import pack_brush, unpack_brush

MASKS = arrays(bool, st.tuples(st.integers(1, 9), st.integers(1, 40)))


def by_definition(values: list[int]) -> list[int]:
    """The bytes, as rle-pack defines them: a letter of a text for each bit."""
    bits = "".join(f"{value:08b}" for value in values)
    place = 0

    def take(count: int) -> int:
        nonlocal place
        place += count
        return int(bits[place - count : place], 2)

    size, word = take(32), take(5) + 1
    sizes = [take(4) + 1 for _ in range(4)]
    found: list[int] = []
    while len(found) < size:
        repeated, length = take(1), take(sizes[take(2)]) + 1
        found += [take(word)] * length if repeated else [take(word) for _ in range(length)]
    return found


def pack_literally(values: np.ndarray) -> list[int]:
    """Bytes as they come, without any run: the other branch of the definition."""
    bits = f"{len(values):032b}{7:05b}{2:04b}{3:04b}{7:04b}{15:04b}"
    for start in range(0, len(values), 8):
        part = values[start : start + 8].tolist()
        bits += f"000{len(part) - 1:03b}" + "".join(f"{value:08b}" for value in part)
    bits += "0" * (-len(bits) % 8)
    return [int(bits[place : place + 8], 2) for place in range(0, len(bits), 8)]


@given(MASKS)
def test_what_is_packed_reads_by_the_definition(mask: np.ndarray) -> None:
    pixels = np.array(by_definition(pack_brush(mask))).reshape(*mask.shape, 4)
    np.testing.assert_array_equal(pixels, np.repeat(mask[..., None] * 255, 4, axis=2))
    np.testing.assert_array_equal(unpack_brush(pack_brush(mask), mask.shape, "a"), mask)


@given(arrays(np.uint8, st.tuples(st.integers(1, 5), st.integers(1, 9), st.just(4))))
def test_only_the_opacity_counts_from_half_on(pixels: np.ndarray) -> None:
    read = unpack_brush(pack_literally(pixels.ravel()), pixels.shape[:2], "a")
    np.testing.assert_array_equal(read, pixels[..., 3] >= 128)


def test_a_long_run_is_split_and_the_head_is_label_studios_own() -> None:
    """The first bytes of a mask of that size, from a public export of a project with brush strokes."""
    mask = np.zeros((2527, 3332), bool)
    assert pack_brush(mask)[:6] == [2, 1, 233, 240, 57, 27]
    mask[2000:] = True
    np.testing.assert_array_equal(unpack_brush(pack_brush(mask), mask.shape, "a"), mask)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([], "are truncated"),
        ([0, 0, 0, 8, 57, 27, 252], "are truncated"),
        ([0, 0, 0, 4, 57, 27, 252, 96, 17, 255, 128], "covers 1 pixels, the picture has 1 x 2"),
        ([255] * 40, "covers 1073741823 pixels"),
        ([0, 0, 0, 256], "not bytes"),
        ([0, 0, 0, 1.0], "not bytes"),
        (["0"], "not bytes"),
    ],
)
def test_damaged_runs_are_one_line(values: list, message: str, fault) -> None:
    assert message in fault(unpack_brush, values, (1, 2), "a.json task 1")
