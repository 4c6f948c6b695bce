"""Reading maps, memory-mapped."""

from pathlib import Path

import cv2
import numpy as np

from severstal.competition.spec import Spec
from severstal.errors import SeverstalError
from severstal.files import checksum
from severstal.inference.maps.layout import MAKE_AGAIN, classes_path, maps_path, open_shard, read_manifest
from severstal.progress import progress


class MapReader:
    """Reads the maps of a folder, memory-mapped: only the images asked for are loaded.

    Opening checks that every shard is there and of the right size, and reads the class probabilities; the
    checksum of a shard's maps is compared when one of its images is first asked for, or by `verify` for all
    of them.

    Attributes:
        folder: folder of the maps.
        layout: layout and provenance of the maps; `layout.key` is the fingerprint.
        spec: shape and classes of the pictures.
        names: names of the images, in order.
        class_probability: (N, C) uint8, 0 to 255 for 0 to 1: probability that the class is anywhere in the
            picture, from the class head, or without one the highest value of the map.

    Raises:
        SeverstalError: the maps are unfinished, the manifest is damaged, or a shard is missing, cut short or
            altered.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        self.layout, self._checksums = read_manifest(self.folder)
        self.spec = self.layout.spec
        self.names = list(self.layout.names)
        self._verified: dict[int, list[np.ndarray]] = {}
        parts = []
        for shard in self.layout.shards:
            parts.append(open_shard(self.folder, shard, self.layout)[1])
            self._compare(classes_path(self.folder, shard), self._checksums[shard][1])
        self.class_probability = np.concatenate(parts)  # (N, C)

    def __len__(self) -> int:
        return len(self.names)

    def __getitem__(self, index: int) -> np.ndarray:
        """One image's map as it is stored: (C, h, w) uint8, read-only."""
        shard, place = divmod(range(len(self))[index], self.layout.shard_images)
        return self._shard(shard)[place]  # (C, h, w)

    def full(self, index: int) -> np.ndarray:
        """One image's map in the picture's shape: (C, H, W) uint8, half resolution interpolated linearly."""
        return enlarge(self[index], self.spec.shape_of(self.names[index]))

    def require(self, spec: Spec) -> None:
        """Check that the maps are of a data set's classes and shapes.

        Raises:
            SeverstalError: they are not.
        """
        if (self.spec.classes, self.spec.image_shape) != (spec.classes, spec.image_shape):
            made, wanted = (f"{spec_shape(each)} of {', '.join(each.classes)}" for each in (self.spec, spec))
            raise SeverstalError(
                f"{self.folder}: the maps are of {made}, not of {wanted}: predict them again"
            )
        if self.spec.image_shape is None and spec.shapes is not None:
            for name in self.names:
                own, now = self.spec.shape_of(name), spec.shapes.find(name)
                if now is not None and now != own:
                    raise SeverstalError(
                        f"{self.folder}: the map of {name} is of a picture of {own[0]} x {own[1]}, which is "
                        f"{now[0]} x {now[1]} now: predict it again"
                    )

    def verify(self) -> None:
        """Compare the checksum of every shard that was not yet read.

        Raises:
            SeverstalError: a shard is not as it was written.
        """
        for shard in progress(self.layout.shards, "checksums", unit="shard"):
            self._shard(shard)

    def _shard(self, shard: int) -> list[np.ndarray]:
        if shard not in self._verified:
            maps = open_shard(self.folder, shard, self.layout)[0]
            self._compare(maps_path(self.folder, shard), self._checksums[shard][0])
            self._verified[shard] = self.layout.split(shard, maps)
        return self._verified[shard]

    def _compare(self, path: Path, recorded: str) -> None:
        if checksum(path) != recorded:
            raise SeverstalError(f"{path}: altered since it was written: {MAKE_AGAIN}")


def spec_shape(spec: Spec) -> str:
    """Describe the pictures of a data set in words.

    Example:
        >>> from severstal.competition.spec import SEVERSTAL
        >>> spec_shape(SEVERSTAL)
        '256 x 1600 pictures'
    """
    shape = spec.image_shape
    return "pictures of their own sizes" if shape is None else f"{shape[0]} x {shape[1]} pictures"


def enlarge(small: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Interpolate a map linearly to the picture's shape.

    Args:
        small: (C, h, w) uint8.
        shape: height and width of the picture.

    Returns:
        (C, H, W) uint8; `small` itself where it has that shape already.

    Example:
        >>> enlarge(np.array([[[0, 100]]], np.uint8), (1, 4))
        array([[[  0,  25,  75, 100]]], dtype=uint8)
    """
    if small.shape[1:] == shape:
        return small
    full = np.empty((len(small), *shape), np.uint8)
    for plane, target in zip(small, full, strict=True):
        cv2.resize(plane, shape[::-1], dst=target, interpolation=cv2.INTER_LINEAR)
    return full
