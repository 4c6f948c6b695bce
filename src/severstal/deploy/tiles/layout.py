"""Where the tiles of a picture lie."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

# Of a tile's side, as in nnU-Net. With a quarter, the maps of tiles and of the whole differ by three times as
# much at the borders of tiles (benchmarks/tiles.py).
_OVERLAP = 0.5
_LEAST = 4  # units in a tile's side


@dataclass(frozen=True)
class Tiling:
    """Overlapping tiles of one size that cover a padded picture.

    Attributes:
        shape: height and width of the picture.
        padded: the same with what is added at the bottom and the right.
        tile: height and width of each tile.
        rows: the top of each row of tiles, ascending from 0.
        columns: the left of each column of tiles, ascending from 0.
    """

    shape: tuple[int, int]
    padded: tuple[int, int]
    tile: tuple[int, int]
    rows: tuple[int, ...]
    columns: tuple[int, ...]

    @property
    def is_wide(self) -> bool:
        """Whether the picture's longer side is its width."""
        return self.shape[1] > self.shape[0]

    @property
    def along(self) -> tuple[int, ...]:
        """Where tiles begin along the longer side."""
        return self.columns if self.is_wide else self.rows

    @property
    def across(self) -> tuple[int, ...]:
        """Where tiles begin along the shorter side."""
        return self.rows if self.is_wide else self.columns

    def __len__(self) -> int:
        return len(self.rows) * len(self.columns)

    def __iter__(self) -> Iterator[tuple[int, int]]:
        """Top and left of each tile; those at one place along the longer side follow each other."""
        for first, second in product(self.along, self.across):
            yield (second, first) if self.is_wide else (first, second)


def plan_tiles(shape: tuple[int, int], tile: tuple[int, int], unit: int) -> Tiling | None:
    """Lay tiles over a picture.

    Tiles have the size wanted, rounded up to whole units, at least four. A picture of at most as many pixels
    as a tile needs none. Else tiles lie a multiple of `unit` apart, so that strides and maps of lower
    resolution fall on the same grid in all of them, at most half a tile, and as evenly as that
    allows.

    Args:
        shape: height and width of the picture.
        tile: height and width wanted.
        unit: sides of tiles and of the padded picture are multiples of it.

    Returns:
        The tiles; None where the picture is predicted as a whole.

    Example:
        >>> plan_tiles((256, 1600), (256, 1600), 32)
        >>> plan_tiles((256, 4000), (256, 1600), 32).columns
        (0, 800, 1600, 2400)
    """
    tile = (_rounded(tile[0], unit), _rounded(tile[1], unit))
    if shape[0] * shape[1] <= tile[0] * tile[1]:
        return None
    padded, sides, starts = [], [], []
    for length, wanted in zip(shape, tile, strict=True):
        whole = -(-length // unit)  # in units, as all that follows
        side = min(wanted // unit, whole)
        step = max(1, int(side * (1 - _OVERLAP)))
        steps = -(-(whole - side) // step)
        starts.append(tuple(unit * ((whole - side) * place // max(steps, 1)) for place in range(steps + 1)))
        padded.append(whole * unit)
        sides.append(side * unit)
    return Tiling(shape, (padded[0], padded[1]), (sides[0], sides[1]), starts[0], starts[1])


def _rounded(side: int, unit: int) -> int:
    return unit * max(_LEAST, -(-side // unit))
