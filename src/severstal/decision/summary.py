"""The summary of maps for the search: areas and intersections at every threshold, from one pass."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from severstal.competition.spec import Spec
from severstal.decision.histogram import at_least
from severstal.decision.levels import MAP_LEVELS
from severstal.decision.npz import load_npz, save_npz
from severstal.decision.reader import Reader
from severstal.errors import SeverstalError
from severstal.progress import progress

SUMMARY_EDITION = 2  # the first held no class probabilities
_ARRAYS = ("areas", "intersections", "true", "class_probability")


class Truth(Protocol):
    """True masks by image name: a mapping, or `competition.masks.Masks`."""

    def __getitem__(self, name: str, /) -> np.ndarray:
        """The image's mask, (H, W) bitmask."""


@dataclass(frozen=True)
class Summary:
    """Areas in pixels of N images and C classes, at each of the 256 levels of a map.

    The Dice of a pair at level v is `2 * intersections[n, c, v] / (areas[n, c, v] + true[n, c])`. All 12,568
    pictures of the competition take 103 MB.

    Attributes:
        names: names of the images, in order.
        spec: shape and classes of the pictures.
        areas: (N, C, 256) int32, pixels of the map that are at least the level.
        intersections: (N, C, 256) int32, those of them that are in the true mask.
        true: (N, C) int32, pixels of the true mask.
        class_probability: (N, C) uint8, 0 to 255 for 0 to 1.
    """

    names: tuple[str, ...]
    spec: Spec
    areas: np.ndarray
    intersections: np.ndarray
    true: np.ndarray
    class_probability: np.ndarray

    def __len__(self) -> int:
        return len(self.names)

    @property
    def pixels(self) -> int:
        """Pixels in a picture, in the largest where they differ in size."""
        # Every pixel of a map is at least level 0.
        return self.spec.pixels if self.spec.image_shape is not None else int(self.areas[:, :, 0].max())

    def take(self, rows: np.ndarray) -> "Summary":
        """Return the summary of some images.

        Args:
            rows: indices of the images, (M,) whole numbers from 0 in the order wanted, or a mask of them,
                (N,) bool.
        """
        rows = np.arange(len(self))[rows]
        return Summary(
            tuple(self.names[row] for row in rows),
            self.spec,
            self.areas[rows],
            self.intersections[rows],
            self.true[rows],
            self.class_probability[rows],
        )

    def rows(self, names: Sequence[str]) -> np.ndarray:
        """Return the positions of images in the summary, for `take`: (M,) int64.

        Raises:
            SeverstalError: an image is not in it, or is named twice.
        """
        place = {name: row for row, name in enumerate(self.names)}
        _check_names(names, place, "the summary of the maps")
        return np.array([place[name] for name in names], np.int64)

    def save(self, path: str | Path) -> None:
        """Write the summary as an uncompressed .npz, atomically."""
        header = {
            "edition": SUMMARY_EDITION,
            "names": self.names,
            "dataset": self.spec.name,
            **self.spec.facts(),
        }
        save_npz(path, header, {name: getattr(self, name) for name in _ARRAYS})

    @classmethod
    def load(cls, path: str | Path) -> "Summary":
        """Read a summary that `save` wrote.

        Raises:
            SeverstalError: the file is missing, damaged or of an incompatible version of this project.
        """
        return load_npz(path, "summary of maps", SUMMARY_EDITION, cls._read)

    @classmethod
    def _read(cls, header: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> "Summary":
        spec = Spec.from_facts(header["dataset"], header)
        return cls(tuple(header["names"]), spec, *(arrays[name] for name in _ARRAYS))


def summarise(reader: Reader, truth: Truth, spec: Spec, names: Sequence[str] | None = None) -> Summary:
    """Summarise the maps of labelled images in one pass.

    Args:
        reader: maps of the images; those of half resolution are summarised as they will be drawn, in full.
        truth: (H, W) bitmask by image name.
        spec: shape and classes that the maps must have.
        names: names of the images to summarise, in order; all that `reader` has when None.

    Raises:
        SeverstalError: the maps are of other classes; an image has no map or is named twice; none is named.
    """
    reader.require(spec)
    place = {name: index for index, name in enumerate(reader.names)}
    names = tuple(reader.names if names is None else names)
    if not names:
        raise SeverstalError(f"{reader.folder}: no image to summarise: name at least one")
    _check_names(names, place, str(reader.folder))
    shape = (len(names), len(spec.classes))
    areas = np.empty((*shape, MAP_LEVELS), np.int32)
    intersections = np.zeros((*shape, MAP_LEVELS), np.int32)
    for row, name in enumerate(progress(names, "summarise maps")):
        bits = truth[name]
        drawn = int(np.bitwise_or.reduce(bits, axis=None))
        for index, plane in enumerate(reader.full(place[name])):
            areas[row, index] = at_least(plane)
            # Most pairs are empty, and a true mask is 3 % of the picture: only its pixels are visited.
            if drawn >> index & 1:
                intersections[row, index] = at_least(plane[(bits & bits.dtype.type(1 << index)) != 0])
    probabilities = reader.class_probability[[place[name] for name in names]]
    true = np.ascontiguousarray(intersections[:, :, 0])
    return Summary(names, spec, areas, intersections, true, probabilities)


def _check_names(names: Sequence[str], place: Mapping[str, int], where: str) -> None:
    """Check that each image is named once and is there."""
    seen = set()
    for name in names:
        if name in seen:
            raise SeverstalError(f"{where}: image {name} is named twice: keep one of the two")
        if name not in place:
            raise SeverstalError(f"{where}: image {name} has no map: predict it, or leave it out")
        seen.add(name)
