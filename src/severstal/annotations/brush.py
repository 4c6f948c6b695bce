"""Label Studio's brush strokes: the bytes of a picture, packed as runs of bits.

Source: `rle-pack` of github.com/thi-ng/umbrella, which Label Studio uses, and `brush.py` of its converter.
Four bytes per pixel (red, green, blue, opacity) row by row, of which the last says how much the brush covers.
"""

from collections.abc import Iterator

import numpy as np

from severstal.annotations.counts import counts_of
from severstal.annotations.outside import quote
from severstal.errors import SeverstalError

_CHANNELS = 4
_WORD = 8  # bits of a value
_SIZES = (3, 4, 8, 16)  # bits in which the length of a run may be written, less 1
_OPAQUE = 128  # from this opacity on a pixel counts as covered: outlines are smoothed


def pack_brush(mask: np.ndarray) -> list[int]:
    """Pack a mask as Label Studio does: bytes from 0 to 255.

    Args:
        mask: (H, W) of any type; whatever is not zero is set.

    Example:
        >>> pack_brush(np.array([[0, 1]]))
        [0, 0, 0, 8, 57, 27, 252, 96, 17, 255, 128]
    """
    bits = [f"{mask.size * _CHANNELS:032b}{_WORD - 1:05b}", *(f"{size - 1:04b}" for size in _SIZES)]
    value = 0
    for count in counts_of(mask, "rows"):
        left = count * _CHANNELS
        while left:
            length = min(left, 1 << _SIZES[-1])
            kind = next(kind for kind, size in enumerate(_SIZES) if length <= 1 << size)
            bits.append(f"1{kind:02b}{length - 1:0{_SIZES[kind]}b}{value:08b}")
            left -= length
        value = 255 - value
    text = "".join(bits)
    text += "0" * (-len(text) % 8)
    return list(int(text, 2).to_bytes(len(text) // 8, "big"))


def unpack_brush(values: list, shape: tuple[int, int], where: str) -> np.ndarray:
    """Draw the mask that packed bytes hold.

    Args:
        values: whole numbers from 0 to 255.
        shape: height and width in pixels.
        where: file and shape, for the error.

    Returns:
        (H, W) bool: the pixels that are covered by at least half.

    Raises:
        SeverstalError: they are no such bytes, break off, or are of a picture of another size.

    Example:
        >>> unpack_brush(pack_brush(np.array([[0, 1]])), (1, 2), "a.json")
        array([[False,  True]])
    """
    if not all(type(value) is int and 0 <= value < 256 for value in values):
        raise SeverstalError(f"{where}: the brush's run lengths are not bytes: export the file again")
    bits = _Bits(bytes(values), where)
    size, expected = bits.read(32), shape[0] * shape[1] * _CHANNELS
    if size != expected:
        raise SeverstalError(
            f"{where}: the brush covers {quote(size // _CHANNELS)} pixels, the picture has "
            f"{shape[0]} x {shape[1]}: export the file again, or correct image_shape in dataset.toml"
        )
    pixels = np.zeros(size, np.uint8)
    for start, stretch in _stretches(bits, size):
        pixels[start : start + len(stretch)] = stretch[: size - start]
    return pixels[_CHANNELS - 1 :: _CHANNELS].reshape(shape) >= _OPAQUE


class _Bits:
    """A stream of bits, the highest of each byte first."""

    def __init__(self, data: bytes, where: str) -> None:
        self._data, self._place, self._where = data, 0, where

    def read(self, count: int) -> int:
        start, self._place = self._place, self._place + count
        if self._place > 8 * len(self._data):
            raise SeverstalError(
                f"{self._where}: the run lengths of the brush are truncated: export the file again"
            )
        chunk = self._data[start // 8 : -(-self._place // 8)]
        return int.from_bytes(chunk, "big") >> -self._place % 8 & (1 << count) - 1


def _stretches(bits: _Bits, size: int) -> Iterator[tuple[int, np.ndarray]]:
    """Yield the start of each run, and its values."""
    word = bits.read(5) + 1
    sizes = [bits.read(4) + 1 for _ in range(4)]
    start = 0
    while start < size:
        repeated = bits.read(1)
        length = bits.read(sizes[bits.read(2)]) + 1
        if repeated:
            values = np.broadcast_to(np.uint8(bits.read(word) & 255), min(length, size - start))
        else:
            values = np.array([bits.read(word) & 255 for _ in range(min(length, size - start))], np.uint8)
        yield start, values
        start += length
