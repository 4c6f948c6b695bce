"""The maps of overlapping tiles, averaged with Gaussian weights into the map of the whole picture.

Tiles are predicted in batches, in the order of the picture's longer side. Sums are held as floats only over
the length of one tile: what no further tile reaches is divided by its weights, rounded to bytes and done.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np

from severstal.deploy.model import ModelOutput
from severstal.deploy.tiles.layout import Tiling

_SIGMA = 0.125  # of a tile's side, as in nnU-Net: at its border the weight is e ** -8 of that at its centre


@dataclass(frozen=True)
class BlendedMaps:
    """The maps of a picture that was predicted in tiles.

    Attributes:
        maps: (C, h, w) uint8 of the padded picture, 0 to 255 for 0 to 1.
        spread: (C, h, w) uint8, or None; see `ModelOutput`.
        classes: (tiles, C) uint8, the class probabilities of each tile in the order of the tiling.
    """

    maps: np.ndarray
    spread: np.ndarray | None
    classes: np.ndarray


def blend_tiles(
    picture: np.ndarray,
    tiling: Tiling,
    predict: Callable[[np.ndarray], ModelOutput],
    batch_size: int,
    map_scale: int,
) -> BlendedMaps:
    """Predict a picture in tiles.

    Besides bytes for maps and picture, memory is taken for a batch of tiles, and for sums as long as a tile
    and as wide as the picture's shorter side.

    Args:
        picture: (H, W) uint8, or (H, W, 3) of colours.
        tiling: tiling of the picture.
        predict: function that returns the output for (N, h, w) uint8 tiles, or (N, h, w, 3).
        batch_size: tiles in a batch.
        map_scale: pixels of the picture per pixel of the maps, along a side.
    """
    height, width = (side // map_scale for side in tiling.padded)
    sides = [side // map_scale for side in tiling.tile]
    side, side_across = reversed(sides) if tiling.is_wide else sides
    along, across = ([start // map_scale for start in starts] for starts in (tiling.along, tiling.across))
    length, breadth = (width, height) if tiling.is_wide else (height, width)
    weights = np.outer(_bell(side), _bell(side_across))
    total, total_across = _total(along, side, length), _total(across, side_across, breadth)
    ends = [*along[1:], length]

    planes: np.ndarray | None = None  # (K, length, breadth), a view of what is given back
    classes = []
    for place, (parts, of_tile) in enumerate(_each(picture, tiling, predict, batch_size)):
        if planes is None:
            count, whole = len(of_tile), np.empty((len(parts), height, width), np.uint8)
            planes = _turned(whole, tiling)
            sums = np.zeros((len(parts), side, breadth), np.float32)
        classes.append(of_tile)
        row, column = divmod(place, len(across))
        sums[:, :, across[column] : across[column] + side_across] += _turned(parts, tiling) * weights
        if column == len(across) - 1:  # what the next tiles do not reach is complete
            begin, end = along[row], ends[row]
            done = end - begin
            planes[:, begin:end] = np.rint(sums[:, :done] / (total[begin:end, None] * total_across))
            sums[:, : side - done] = sums[:, done:].copy()
            sums[:, side - done :] = 0
    return BlendedMaps(whole[:count], whole[count:] if len(whole) > count else None, np.stack(classes))


def read_tile(picture: np.ndarray, top: int, left: int, tile: Sequence[int]) -> np.ndarray:
    """Cut a tile out of a picture; what lies beyond it repeats its last row and column.

    Example:
        >>> read_tile(np.uint8([[1, 2], [3, 4]]), 1, 0, (2, 3)).tolist()
        [[3, 4, 4], [3, 4, 4]]
    """
    found = picture[top : top + tile[0], left : left + tile[1]]
    below, right = tile[0] - found.shape[0], tile[1] - found.shape[1]
    missing = [(0, below), (0, right)] + [(0, 0)] * (found.ndim - 2)
    return np.pad(found, missing, mode="edge") if below or right else found


def _each(
    picture: np.ndarray, tiling: Tiling, predict: Callable[[np.ndarray], ModelOutput], batch_size: int
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """The planes (K, h, w) and the class probabilities (C,) of each tile."""
    corners = iter(tiling)
    while batch := list(islice(corners, batch_size)):
        said = predict(np.stack([read_tile(picture, top, left, tiling.tile) for top, left in batch]))
        for row in range(len(batch)):
            parts = [said.maps[row]] if said.spread is None else [said.maps[row], said.spread[row]]
            yield np.concatenate(parts), said.classes[row]


def _turned(planes: np.ndarray, tiling: Tiling) -> np.ndarray:
    """A view of (K, H, W) with the longer side of the picture before the shorter."""
    return planes.swapaxes(1, 2) if tiling.is_wide else planes


def _bell(length: int) -> np.ndarray:
    away = (np.arange(length, dtype=np.float32) - (length - 1) / 2) / (_SIGMA * length)
    return np.exp(-(away**2) / 2)


def _total(starts: Sequence[int], side: int, length: int) -> np.ndarray:
    """The sum of the tiles' weights at each place of an axis."""
    total = np.zeros(length, np.float32)
    for start in starts:
        total[start : start + side] += _bell(side)
    return total
