"""COCO's run lengths: how many pixels are unset, then set, then unset again; as numbers and as text."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Literal

import numpy as np

from severstal.annotations.outside import quote
from severstal.errors import SeverstalError

PixelOrder = Literal["columns", "rows"]
"""COCO counts down the columns, CVAT along the rows."""

_LONGEST = 8  # letters of five bits each: 40 bits are more than any picture has pixels


def counts_of(mask: np.ndarray, order: PixelOrder = "columns") -> list[int]:
    """Count the lengths of a mask's runs, an unset one first, even where it is empty.

    Args:
        mask: (H, W) of any type; whatever is not zero is set.
        order: order of the pixels: by "columns" or by "rows".

    Returns:
        Lengths that add up to H * W.

    Example:
        >>> counts_of(np.array([[1, 1, 0], [1, 0, 0]])), counts_of(np.array([[1, 1, 0], [1, 0, 0]]), "rows")
        ([0, 3, 3], [0, 2, 1, 1, 2])
    """
    flat = np.asarray(mask).ravel("F" if order == "columns" else "C") != 0
    edges = np.flatnonzero(flat[1:] != flat[:-1]) + 1
    lengths = np.diff(edges, prepend=0, append=flat.size).tolist()
    return [0, *lengths] if flat.size and flat[0] else lengths


def mask_of(counts: Any, shape: tuple[int, int], where: str, order: PixelOrder = "columns") -> np.ndarray:
    """Draw the mask that counts describe.

    Args:
        counts: whole numbers from 0, a list.
        shape: height and width in pixels.
        where: file and shape, for error messages.
        order: order of the pixels: by "columns" or by "rows".

    Returns:
        (H, W) bool.

    Raises:
        SeverstalError: a count is not a whole number of at least 0, or they do not add up to H * W.

    Example:
        >>> mask_of([0, 3, 3], (2, 3), "a.json").astype(int)
        array([[1, 1, 0],
               [1, 0, 0]])
    """
    height, width = shape
    for count in counts:
        if type(count) is not int or count < 0:
            raise SeverstalError(
                f"{where}: count {quote(count)} is not a whole number of at least 0: export the file again"
            )
    if sum(counts) != height * width:
        raise SeverstalError(
            f"{where}: the counts add up to {quote(sum(counts))}, not to {height} x {width}: "
            "export the file again"
        )
    values = np.arange(len(counts)) % 2 == 1
    flat = np.repeat(values, np.array(counts, np.int64))
    return flat.reshape(width, height).T if order == "columns" else flat.reshape(height, width)


def compress(counts: Sequence[int]) -> str:
    """Write counts as pycocotools does: LEB128-like, six bits a letter, from the fourth on as differences.

    Source: `rleToString` in cocoapi's `common/maskApi.c`.

    Example:
        >>> compress([0, 3, 3])
        '033'
    """
    return "".join(
        _letters(count - counts[index - 2] if index > 2 else count) for index, count in enumerate(counts)
    )


@lru_cache(maxsize=1 << 16)
def _letters(value: int) -> str:
    text = ""
    while True:
        five = value & 31
        value >>= 5
        more = value != (-1 if five & 16 else 0)
        text += chr(48 + five + 32 * more)
        if not more:
            return text


def decompress(text: str, where: str) -> list[int]:
    """Decode a text that `compress` made.

    Raises:
        SeverstalError: a letter that the form has not, a number without an end, or longer than 40 bits.

    Example:
        >>> decompress("033", "a.json")
        [0, 3, 3]
    """
    counts: list[int] = []
    value = bits = 0
    for letter in text:
        code = ord(letter) - 48
        if not 0 <= code < 64 or bits == 5 * _LONGEST:
            raise SeverstalError(
                f"{where}: character {quote(letter)} is invalid in the counts' text: export the file again"
            )
        value |= (code & 31) << bits
        bits += 5
        if code & 32:
            continue
        if code & 16:
            value -= 1 << bits
        counts.append(value + counts[-2] if len(counts) > 2 else value)
        value = bits = 0
    if bits:
        raise SeverstalError(f"{where}: the counts' text is truncated: export the file again")
    return counts
