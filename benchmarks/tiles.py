"""Tiled against untiled prediction: do the masks agree, and is there a seam?

    python benchmarks/tiles.py RUN PICTURE... [--tile 256 512]

Every picture, which has to be of the training size, is predicted whole and in smaller tiles. Printed are the
Dice of the two masks, by the model's own rules and by the threshold 0.5 alone, and the mean absolute
difference of the two maps, in levels of 255: within 16 pixels of a border of a tile, and elsewhere. Without a
seam the first is no larger than the second.
"""

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import severstal
from severstal.deploy.predictor import Predictor
from severstal.deploy.tiles.layout import Tiling, plan_tiles

NEAR = 16  # pixels


@dataclass
class Sums:
    """What is added up over pictures."""

    both: int = 0
    drawn: int = 0

    def add(self, one: np.ndarray, other: np.ndarray) -> None:
        """Add two masks of one picture."""
        self.both += int(np.count_nonzero(one & other))
        self.drawn += int(np.count_nonzero(one)) + int(np.count_nonzero(other))

    @property
    def dice(self) -> float:
        """Dice of all masks so far."""
        return 2 * self.both / self.drawn if self.drawn else 1.0


def near_borders(tiling: Tiling, shape: tuple[int, int]) -> np.ndarray:
    """(H, W) bool: within `NEAR` pixels of a border of a tile that is not one of the picture."""
    near = np.zeros(shape, bool)
    for axis, starts in enumerate((tiling.rows, tiling.columns)):
        for start in starts:
            for border in (start, start + tiling.tile[axis]):
                if 0 < border < shape[axis]:
                    band = slice(max(0, border - NEAR), border + NEAR)
                    near[(band, slice(None)) if axis == 0 else (slice(None), band)] = True
    return near


def main() -> None:
    """Print one line per kind of figure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run")
    parser.add_argument("pictures", nargs="+", type=Path)
    parser.add_argument("--tile", nargs=2, type=int, default=(256, 512))
    given = parser.parse_args()
    whole = severstal.load(given.run)
    tiled = Predictor(whole.model, tile=tuple(given.tile))
    by_rules, plain, sums, counts = Sums(), Sums(), np.zeros(2), np.zeros(2)
    for path in given.pictures:
        one, other = whole(path), tiled(path)
        by_rules.add(one.mask, other.mask)
        first, second = one.planes.full().astype(np.int16), other.planes.full().astype(np.int16)
        plain.add(first >= 128, second >= 128)
        tiling = plan_tiles(one.image_shape, tuple(given.tile), whole.description.stride)
        if tiling is None:
            raise SystemExit(f"{path}: {one.image_shape} needs no tiles of {tuple(given.tile)}")
        near, apart = near_borders(tiling, one.image_shape), np.abs(first - second)
        for place, where in enumerate((near, ~near)):
            sums[place] += apart[:, where].sum()
            counts[place] += where.sum() * len(apart)
    print(f"{len(given.pictures)} pictures, tiles of {tiling.tile}, {len(tiling)} per picture")
    print(f"Dice of tiled and untiled masks: by the rules {by_rules.dice:.4f}, at 0.5 {plain.dice:.4f}")
    border, inside = sums / counts
    print(f"mean difference of the maps: {border:.4f} of 255 at borders of tiles, {inside:.4f} elsewhere")


if __name__ == "__main__":
    main()
