"""Tiled against untiled prediction: do the masks agree, and is there a seam?

    python benchmarks/tiles.py RUN PICTURE... [--beside 3] [--tile 256 512]

Sheets are made of several pictures side by side, each sheet is predicted whole and in tiles, by default of
the training size. Printed are the Dice of the two masks, by the threshold 0.5, and the mean absolute
difference of the two maps, in levels of 255: within 16 pixels of a border of a tile, and elsewhere. Without a
seam the first is no larger than the second.
"""

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import severstal
from severstal.data.pictures import decode_bytes
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
    parser.add_argument("--beside", type=int, default=3)
    parser.add_argument("--tile", nargs=2, type=int)
    given = parser.parse_args()
    model = severstal.load(given.run, device="cpu").model
    size = tuple(given.tile or model.description.spec.image_shape)
    masks, sums, counts = Sums(), np.zeros(2), np.zeros(2)
    for start in range(0, len(given.pictures) - given.beside + 1, given.beside):
        paths = given.pictures[start : start + given.beside]
        sheet = np.concatenate([decode_bytes(path.read_bytes(), str(path))[0] for path in paths], axis=1)
        tiling = plan_tiles(sheet.shape, size, model.description.stride)
        if tiling is None:
            raise SystemExit(f"{paths[0]}: {sheet.shape} needs no tiles of {size}")
        whole = Predictor(model, 0.5, tile=sheet.shape)(sheet).planes.full().astype(np.int16)
        tiled = Predictor(model, 0.5, tile=size)(sheet).planes.full().astype(np.int16)
        masks.add(whole >= 128, tiled >= 128)
        near, apart = near_borders(tiling, sheet.shape), np.abs(whole - tiled)
        for place, where in enumerate((near, ~near)):
            sums[place] += apart[:, where].sum()
            counts[place] += where.sum() * len(apart)
    print(f"sheets of {sheet.shape}, {len(tiling)} tiles of {tiling.tile} each")
    print(f"Dice of tiled and untiled masks: {masks.dice:.4f}")
    border, inside = sums / counts
    print(f"mean difference of the maps: {border:.3f} of 255 at borders of tiles, {inside:.3f} elsewhere")


if __name__ == "__main__":
    main()
