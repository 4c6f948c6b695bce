"""Tiled against untiled prediction: do the masks agree, is there a seam, and which of the two is right?

    python benchmarks/tiles.py RUN PICTURE... [--beside 3] [--tile 256 512] [--labels CSV] [--causes]

Sheets are made of several pictures side by side, each sheet is predicted whole and in tiles, by default of
the training size. A third of the first picture is cut off, so that no tile begins or ends where two pictures
meet. Printed are the Dice of the two masks, by the threshold 0.5, and the mean absolute difference of the two
maps, in levels of 255: within 16 pixels of a border of a tile, and elsewhere. Without a seam the first is no
larger than the second.

`--labels` also prints the Dice of both against the true masks, of a table in the form of train.csv.

`--causes` repeats the comparison with what depends on a tile's extent taken out, one by one: group
normalisation takes the statistics of the whole sheet in every tile; up-sampling is aligned to pixels in place
of corners (`align_corners=False`); tiles overlap by a half. The weights stay as they were trained.
"""

import argparse
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from unittest.mock import patch

import numpy as np
import torch
from torch import nn
from torch.nn import functional

import severstal
from severstal.competition.masks import Masks
from severstal.competition.tables import read_labels
from severstal.data.pictures import decode_bytes
from severstal.deploy.model import Model
from severstal.deploy.predictor import Predictor
from severstal.deploy.tiles import layout
from severstal.deploy.tiles.layout import Tiling, plan_tiles

NEAR = 16  # pixels


@dataclass
class Sums:
    """What is added up over sheets."""

    both: int = 0
    drawn: int = 0
    apart: np.ndarray = field(default_factory=lambda: np.zeros(2))
    pixels: np.ndarray = field(default_factory=lambda: np.zeros(2))

    def add(self, one: np.ndarray, other: np.ndarray) -> None:
        """Add two masks of one sheet."""
        self.both += int(np.count_nonzero(one & other))
        self.drawn += int(np.count_nonzero(one)) + int(np.count_nonzero(other))

    def add_maps(self, one: np.ndarray, other: np.ndarray, near: np.ndarray) -> None:
        """Add two maps of one sheet, and their masks at 0.5."""
        self.add(one >= 128, other >= 128)
        apart = np.abs(one.astype(np.int16) - other)
        for place, where in enumerate((near, ~near)):
            self.apart[place] += apart[:, where].sum()
            self.pixels[place] += where.sum() * len(apart)

    @property
    def dice(self) -> float:
        """Dice of all masks so far."""
        return 2 * self.both / self.drawn if self.drawn else 1.0

    def __str__(self) -> str:
        border, inside = self.apart / self.pixels
        return f"Dice {self.dice:.4f}, maps apart by {border:.3f} of 255 at borders, {inside:.3f} elsewhere"


class SharedStatistics:
    """Group normalisation of a model's networks, whose statistics can be kept and used again."""

    def __init__(self, model: Model) -> None:
        networks = [network for member in model.members for network in member.networks]
        self._norms = [each for net in networks for each in net.modules() if isinstance(each, nn.GroupNorm)]
        self._views = len(model.members[0].recipe.inference.flips)
        self._kept: dict[tuple[nn.Module, int], tuple[torch.Tensor, torch.Tensor]] = {}

    @contextmanager
    def keep(self) -> Iterator[None]:
        """Within the block, keep the statistics of what is predicted: one picture."""
        self._kept.clear()
        with self._patched(use=False):
            yield

    @contextmanager
    def use(self) -> Iterator[None]:
        """Within the block, use those."""
        with self._patched(use=True):
            yield

    @contextmanager
    def _patched(self, use: bool) -> Iterator[None]:
        with ExitStack() as stack:
            for norm in self._norms:
                stack.enter_context(patch.object(norm, "forward", self._forward(norm, use)))
            yield

    def _forward(self, norm: nn.GroupNorm, use: bool) -> object:
        calls = 0

        def forward(features: torch.Tensor) -> torch.Tensor:
            nonlocal calls
            key, calls = (norm, calls % self._views), calls + 1  # views follow each other
            groups = features.reshape(len(features), norm.num_groups, -1)
            if not use:
                self._kept[key] = groups.mean(2, keepdim=True), groups.var(2, unbiased=False, keepdim=True)
            mean, variance = self._kept[key]
            normal = ((groups - mean) / (variance + norm.eps).sqrt()).reshape(features.shape)
            return normal * norm.weight[:, None, None] + norm.bias[:, None, None]

        return forward


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


def maps(model: Model, sheet: np.ndarray, tile: tuple[int, int]) -> np.ndarray:
    """The probabilities of a sheet, (C, H, W) uint8."""
    return Predictor(model, 0.5, tile=tile)(sheet).planes.full()


def aligned_to_pixels(*given: object, **named: object) -> torch.Tensor:
    """`interpolate` without aligned corners."""
    return INTERPOLATE(*given, **named | ({"align_corners": False} if named.get("align_corners") else {}))


INTERPOLATE = functional.interpolate


def main() -> None:
    """Print one line per kind of figure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run")
    parser.add_argument("pictures", nargs="+", type=Path)
    parser.add_argument("--beside", type=int, default=3)
    parser.add_argument("--tile", nargs=2, type=int)
    parser.add_argument("--labels", type=Path)
    parser.add_argument("--causes", action="store_true")
    given = parser.parse_args()
    model = severstal.load(given.run, device="cpu").model
    spec, norms = model.description.spec, SharedStatistics(model)
    size = tuple(given.tile or spec.image_shape)
    labels = Masks(read_labels(given.labels, spec), spec) if given.labels else None
    tiled, right = Sums(), {"whole": Sums(), "in tiles": Sums()}
    causes = {
        (shared, corners, overlap): Sums()
        for shared in (0, 1)
        for corners in (1, 0)
        for overlap in (0.25, 0.5)
    }
    for start in range(0, len(given.pictures) - given.beside + 1, given.beside):
        paths = given.pictures[start : start + given.beside]
        parts = [decode_bytes(path.read_bytes(), str(path))[0] for path in paths]
        cut = parts[0].shape[1] // 3 if given.beside > 1 else 0
        sheet = np.ascontiguousarray(np.concatenate(parts, axis=1)[:, cut:])
        tiling = plan_tiles(sheet.shape, size, model.description.stride)
        if tiling is None:
            raise SystemExit(f"{paths[0]}: {sheet.shape} needs no tiles of {size}")
        whole, in_tiles = maps(model, sheet, sheet.shape), maps(model, sheet, size)
        tiled.add_maps(whole, in_tiles, near_borders(tiling, sheet.shape))
        if labels is not None:
            truth = np.concatenate([labels[path.name] for path in paths], axis=1)[:, cut:]
            for name, found in (("whole", whole), ("in tiles", in_tiles)):
                for index, plane in enumerate(found):
                    right[name].add(plane >= 128, (truth >> index & 1) != 0)
        if given.causes:
            for corners in (1, 0):
                with patch.object(functional, "interpolate", INTERPOLATE if corners else aligned_to_pixels):
                    with norms.keep():
                        whole = maps(model, sheet, sheet.shape)
                    for shared, overlap in ((0, 0.25), (0, 0.5), (1, 0.25), (1, 0.5)):
                        with patch.object(layout, "_OVERLAP", overlap):
                            tiling = plan_tiles(sheet.shape, size, model.description.stride)
                            with norms.use() if shared else ExitStack():
                                in_tiles = maps(model, sheet, size)
                        near = near_borders(tiling, sheet.shape)
                        causes[shared, corners, overlap].add_maps(whole, in_tiles, near)
    print(f"sheets of {sheet.shape}, {len(tiling)} tiles of {tiling.tile} each: {tiled}")
    if labels is not None:
        for name, sums in right.items():
            print(f"{name}, against the true masks: Dice {sums.dice:.4f}")
    if given.causes:
        for (shared, corners, overlap), sums in causes.items():
            statistics = "of the sheet" if shared else "of each tile"
            aligned = "corners" if corners else "pixels"
            print(f"statistics {statistics}, aligned to {aligned}, overlap {overlap}: {sums}")


if __name__ == "__main__":
    main()
