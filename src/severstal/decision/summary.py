"""What the search for rules needs of the maps: areas and intersections at every threshold, from one pass."""

import json
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np

from severstal.competition.spec import Spec
from severstal.errors import SeverstalError
from severstal.files import replacing
from severstal.inference.maps import MapReader
from severstal.progress import progress

LEVELS = 256
FLOAT32_WHOLE = 2**24  # up to here float32, in which OpenCV counts, holds every whole number


class Truth(Protocol):
    """True masks by image name: a mapping, or `competition.masks.Masks`."""

    def __getitem__(self, name: str, /) -> np.ndarray:
        """The image's mask, (H, W) picture of bits."""


@dataclass(frozen=True)
class Summary:
    """Areas in pixels of N images and C classes, at each of the 256 levels of a map.

    The Dice of a pair at level v is `2 * intersections[n, c, v] / (areas[n, c, v] + true[n, c])`. All 12,568
    pictures of the competition take 103 MB.

    Attributes:
        names: of the images, in order.
        spec: shape and classes of the pictures.
        areas: (N, C, 256) int32, pixels of the map that are at least the level.
        intersections: (N, C, 256) int32, those of them that are in the true mask.
        true: (N, C) int32, pixels of the true mask.
    """

    names: tuple[str, ...]
    spec: Spec
    areas: np.ndarray
    intersections: np.ndarray
    true: np.ndarray

    def save(self, path: str | Path) -> None:
        """Write the summary as an uncompressed .npz, whole."""
        header = {"names": self.names, "dataset": self.spec.name, "image_shape": self.spec.image_shape}
        text = json.dumps({**header, "classes": self.spec.classes})
        with replacing(path) as part, part.open("wb") as file:
            np.savez(
                file,
                header=np.array(text),
                areas=self.areas,
                intersections=self.intersections,
                true=self.true,
            )

    @classmethod
    def load(cls, path: str | Path) -> "Summary":
        """Read a summary that `save` wrote.

        Raises:
            SeverstalError: the file is missing or damaged.
        """
        try:
            with np.load(path, allow_pickle=False) as arrays:
                header = json.loads(str(arrays["header"]))
                spec = Spec(header["dataset"], tuple(header["image_shape"]), tuple(header["classes"]))
                return cls(
                    tuple(header["names"]), spec, arrays["areas"], arrays["intersections"], arrays["true"]
                )
        except FileNotFoundError:
            raise SeverstalError(f"{path}: not there: give the command that makes it first") from None
        except (OSError, ValueError, KeyError, EOFError, TypeError, zipfile.BadZipFile) as error:
            raise SeverstalError(f"{path}: not a whole summary of maps: delete it and run again") from error


def summarise(reader: MapReader, truth: Truth, spec: Spec, names: Sequence[str] | None = None) -> Summary:
    """Go once through the maps of images whose true masks are known.

    Args:
        reader: of the maps; those of half resolution are summarised as they will be drawn, in full.
        truth: (H, W) picture of bits by image name.
        spec: shape and classes that the maps must have.
        names: of the images to summarise, in order; all that `reader` has when None.

    Raises:
        SeverstalError: the maps are of other classes, an image has no map, or no image is named.
    """
    reader.require(spec)
    place = {name: index for index, name in enumerate(reader.names)}
    names = tuple(reader.names if names is None else names)
    if not names:
        raise SeverstalError(f"{reader.folder}: no image to summarise: name at least one")
    shape = (len(names), len(spec.classes))
    areas = np.empty((*shape, LEVELS), np.int32)
    intersections = np.zeros((*shape, LEVELS), np.int32)
    for row, name in enumerate(progress(names, "summarise maps")):
        if name not in place:
            raise SeverstalError(f"{reader.folder}: image {name} has no map: predict it, or leave it out")
        bits = truth[name]
        drawn = int(np.bitwise_or.reduce(bits, axis=None))
        for index, plane in enumerate(reader.full(place[name])):
            areas[row, index] = _at_least(plane)
            # Most pairs are empty, and a true mask is 3 % of the picture: only its pixels are gone through.
            if drawn >> index & 1:
                intersections[row, index] = _at_least(plane[(bits & bits.dtype.type(1 << index)) != 0])
    return Summary(names, spec, areas, intersections, np.ascontiguousarray(intersections[:, :, 0]))


def _at_least(values: np.ndarray) -> np.ndarray:
    """How many of the uint8 values are at least 0, 1, ... 255: (256,) whole numbers."""
    if values.size <= FLOAT32_WHOLE:
        # Four times as fast as np.bincount, which first makes 64-bit numbers of them.
        counts = cv2.calcHist([values], [0], None, [LEVELS], [0, LEVELS]).ravel()
    else:
        counts = np.bincount(values.ravel(), minlength=LEVELS)
    return counts[::-1].cumsum(dtype=np.int64)[::-1]
