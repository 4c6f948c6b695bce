"""Probability maps on disk: uint8 pictures in shards, readable without loading them, resumable after a kill.

A folder of maps holds `maps-00000.npy`, `maps-00001.npy`, ..., each (images, classes, h, w) of uint8, where 0
to 255 stands for 0 to 1, and `maps.json`, the manifest, which is written last: where it is, the maps are
whole. Until then `maps.part.json` says what the shards are made from. A shard is renamed into place when it
is whole, so that its being there is all the progress to be kept: no count can be out of step with the files,
and processes that write different shards do not meet.
"""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from severstal.competition.spec import Spec
from severstal.errors import SeverstalError
from severstal.files import checksum, explain, read_json, replacing, write_json
from severstal.progress import progress

MANIFEST = "maps.json"
UNFINISHED = "maps.part.json"
AGAIN = "delete it and give the command that makes the maps again"


@dataclass(frozen=True)
class Layout:
    """What a folder of maps holds, and what they were made from.

    Attributes:
        run: name of the run that made the maps.
        key: fingerprint of all that they were made from; maps of another key are never mixed in.
        spec: shape and classes of the pictures.
        scale: 1 for maps of the picture's shape, 2 for half of its height and width, rounded up.
        shard_images: images in a shard; the last one may hold fewer.
        names: of the images, in order, each once.
    """

    run: str
    key: str
    spec: Spec
    scale: int
    shard_images: int
    names: tuple[str, ...]

    @property
    def map_shape(self) -> tuple[int, int, int]:
        """Classes, height and width of one image's map."""
        height, width = self.spec.image_shape
        return len(self.spec.classes), -(-height // self.scale), -(-width // self.scale)

    @property
    def shards(self) -> range:
        """Index of each shard, from 0."""
        return range(-(-len(self.names) // self.shard_images))

    def shard_names(self, shard: int) -> list[str]:
        """Names of the images in a shard, in order."""
        return list(self.names[shard * self.shard_images : (shard + 1) * self.shard_images])

    def shard_shape(self, shard: int) -> tuple[int, int, int, int]:
        """Shape of a shard's array: (images, classes, h, w)."""
        return len(self.shard_names(shard)), *self.map_shape


class MapWriter:
    """Writes the maps of many images, a shard at a time, in any order.

    A folder that a killed try with the same layout left is continued; any other maps in it are deleted.

    Args:
        folder: where to write, made when it is not there.
        names: of the images, in order.
        spec: shape and classes of the pictures.
        scale: 1 for full resolution, 2 for half, a quarter of the bytes.
        key: fingerprint of all that the maps are made from.
        shard_images: images in a shard.
        run: name of the run, for the manifest.

    Raises:
        SeverstalError: an image is named twice or none is; the disk is too small for what is still to be
            written, or may not be written.

    Example:
        >>> import tempfile
        >>> spec = Spec("tiny", (4, 6), ("scratch", "hole"))
        >>> names = ["a.jpg", "b.jpg", "c.jpg"]
        >>> writer = MapWriter(tempfile.mkdtemp(), names, spec, scale=1, key="model 1", shard_images=2)
        >>> for shard, names in writer.missing_shards():
        ...     writer.write(shard, np.full((len(names), 2, 4, 6), 51, np.uint8))
        >>> writer.close()
        >>> reader = MapReader(writer.folder)
        >>> len(reader), reader.names[2], reader[2].shape, float(reader[2].max() / 255)
        (3, 'c.jpg', (2, 4, 6), 0.2)
    """

    def __init__(
        self,
        folder: str | Path,
        names: Sequence[str],
        spec: Spec,
        scale: int,
        key: str,
        shard_images: int = 64,
        run: str = "",
    ) -> None:
        self.folder = Path(folder)
        self.layout = Layout(run, key, spec, scale, shard_images, tuple(names))
        self._check_layout()
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._continue_or_clear()
            free = shutil.disk_usage(self.folder).free
        except OSError as error:
            raise explain(error, self.folder) from error
        need = self.bytes_needed()
        if need > free:
            smaller = "; half resolution takes a quarter" if scale == 1 else ""
            raise SeverstalError(
                f"{self.folder}: {need / 1e9:.3g} GB of maps are still to be written and {free / 1e9:.3g} GB "
                f"are free: free some space{smaller}"
            )

    def missing_shards(self) -> list[tuple[int, list[str]]]:
        """Index and image names of each shard that is not yet whole on disk."""
        names = self.layout.shard_names
        return [(shard, names(shard)) for shard in self.layout.shards if not self._is_whole(shard)]

    def bytes_needed(self) -> int:
        """Bytes of disk that the missing shards will take."""
        return sum(int(np.prod(self.layout.shard_shape(shard))) for shard, _ in self.missing_shards())

    def write(self, shard: int, maps: np.ndarray) -> None:
        """Write one shard whole.

        Args:
            shard: its index, from `missing_shards`.
            maps: (images, classes, h, w) uint8, the images in the order of the shard's names.

        Raises:
            ValueError: `maps` has another shape or type.
            SeverstalError: the disk is full or may not be written.
        """
        shape = self.layout.shard_shape(shard)
        if maps.shape != shape or maps.dtype != np.uint8:
            raise ValueError(f"shard {shard} is {maps.shape} of {maps.dtype}; it must be {shape} of uint8")
        with replacing(_shard_path(self.folder, shard)) as part, part.open("wb") as file:
            np.save(file, np.ascontiguousarray(maps), allow_pickle=False)

    def close(self) -> None:
        """Write the manifest, with the checksum of each shard.

        Raises:
            SeverstalError: a shard is still missing.
        """
        for shard in self.layout.shards:
            _open_shard(self.folder, shard, self.layout)
        shards = progress(self.layout.shards, "checksums", unit="shard")
        checksums = [checksum(_shard_path(self.folder, shard)) for shard in shards]
        write_json(self.folder / MANIFEST, {**_header(self.layout), "sha256": checksums})
        (self.folder / UNFINISHED).unlink(missing_ok=True)

    def _check_layout(self) -> None:
        seen: set[str] = set()
        for name in self.layout.names:
            if name in seen:
                raise SeverstalError(f"{self.folder}: image {name} is named twice: keep one of the two")
            seen.add(name)
        if not seen:
            raise SeverstalError(f"{self.folder}: no image to map: name at least one")
        if self.layout.scale < 1:
            raise SeverstalError(f"map scale is {self.layout.scale}: choose 1 (full), 2 (half) or more")
        if self.layout.shard_images < 1:
            raise SeverstalError(f"shard_images is {self.layout.shard_images}: give 1 or more")

    def _continue_or_clear(self) -> None:
        header, manifest, unfinished = _header(self.layout), self.folder / MANIFEST, self.folder / UNFINISHED
        if _kept_header(unfinished) != header:
            if _kept_header(manifest) != header:
                # What says that the shards may be used goes before the shards.
                for stale in (manifest, unfinished, *self.folder.glob("maps-*.npy*")):
                    stale.unlink(missing_ok=True)
            write_json(unfinished, header)
        manifest.unlink(missing_ok=True)

    def _is_whole(self, shard: int) -> bool:
        try:
            _open_shard(self.folder, shard, self.layout)
        except SeverstalError:
            return False
        return True


class MapReader:
    """Reads the maps of a folder, memory-mapped: only the images asked for are loaded.

    Opening checks that every shard is there and of the right size; a shard's checksum is compared when one of
    its images is first asked for, or by `verify` for all of them.

    Attributes:
        folder: of the maps.
        layout: what they are and were made from; `layout.key` is the fingerprint.
        spec: shape and classes of the pictures.
        names: of the images, in order.

    Raises:
        SeverstalError: the maps are unfinished, the manifest is damaged, or a shard is missing, cut short or
            altered.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        self.layout, self._checksums = _read_manifest(self.folder)
        self.spec = self.layout.spec
        self.names = list(self.layout.names)
        self._verified: dict[int, np.ndarray] = {}
        for shard in self.layout.shards:
            _open_shard(self.folder, shard, self.layout)

    def __len__(self) -> int:
        return len(self.names)

    def __getitem__(self, index: int) -> np.ndarray:
        """One image's map as it lies on disk: (C, h, w) uint8, not to be written to."""
        shard, place = divmod(range(len(self))[index], self.layout.shard_images)
        return self._shard(shard)[place]

    def full(self, index: int) -> np.ndarray:
        """One image's map in the picture's shape: (C, H, W) uint8, half resolution interpolated linearly."""
        return enlarge(self[index], self.spec.image_shape)

    def require(self, spec: Spec) -> None:
        """Check that the maps are of a data set's classes and shape.

        Raises:
            SeverstalError: they are not.
        """
        if (self.spec.classes, self.spec.image_shape) != (spec.classes, spec.image_shape):
            made, wanted = (
                f"{each.image_shape[0]} x {each.image_shape[1]} pictures of {', '.join(each.classes)}"
                for each in (self.spec, spec)
            )
            raise SeverstalError(f"{self.folder}: the maps are of {made}, not of {wanted}: predict them anew")

    def verify(self) -> None:
        """Compare the checksum of every shard that was not yet read.

        Raises:
            SeverstalError: a shard is not as it was written.
        """
        for shard in progress(self.layout.shards, "checksums", unit="shard"):
            self._shard(shard)

    def _shard(self, shard: int) -> np.ndarray:
        if shard not in self._verified:
            maps, path = _open_shard(self.folder, shard, self.layout), _shard_path(self.folder, shard)
            if checksum(path) != self._checksums[shard]:
                raise SeverstalError(f"{path}: altered since it was written: {AGAIN}")
            self._verified[shard] = maps
        return self._verified[shard]


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


def _shard_path(folder: Path, shard: int) -> Path:
    return folder / f"maps-{shard:05d}.npy"


def _open_shard(folder: Path, shard: int, layout: Layout) -> np.ndarray:
    path, shape = _shard_path(folder, shard), layout.shard_shape(shard)
    try:
        # As a plain array: each slice of NumPy's own memmap type costs microseconds more.
        maps = np.asarray(np.load(path, mmap_mode="r", allow_pickle=False))
    except FileNotFoundError:
        raise SeverstalError(f"{path}: missing: give the command that makes the maps again") from None
    except (ValueError, EOFError, OSError) as error:
        raise SeverstalError(f"{path}: cut short, or not a shard of maps: {AGAIN}") from error
    if maps.shape != shape or maps.dtype != np.uint8:
        raise SeverstalError(f"{path}: {maps.shape} of {maps.dtype} in place of {shape} of uint8: {AGAIN}")
    return maps


def _header(layout: Layout) -> dict[str, Any]:
    return {
        "run": layout.run,
        "key": layout.key,
        "dataset": layout.spec.name,
        "image_shape": list(layout.spec.image_shape),
        "classes": list(layout.spec.classes),
        "scale": layout.scale,
        "map_shape": list(layout.map_shape),
        "shard_images": layout.shard_images,
        "names": list(layout.names),
    }


def _kept_header(path: Path) -> dict[str, Any] | None:
    try:
        kept = read_json(path)
    except SeverstalError:
        return None
    if isinstance(kept, dict):
        kept.pop("sha256", None)
    return kept


def _read_manifest(folder: Path) -> tuple[Layout, list[str]]:
    path = folder / MANIFEST
    if not path.is_file():
        state = "unfinished" if (folder / UNFINISHED).is_file() else "not there"
        raise SeverstalError(f"{path}: {state}: give the command that makes the maps again")
    kept = read_json(path)
    try:
        spec = Spec(kept["dataset"], tuple(kept["image_shape"]), tuple(kept["classes"]))
        layout = Layout(
            kept["run"], kept["key"], spec, kept["scale"], kept["shard_images"], tuple(kept["names"])
        )
        checksums = kept["sha256"]
        whole = kept == {**_header(layout), "sha256": checksums} and len(checksums) == len(layout.shards)
    except (KeyError, TypeError, ValueError, ArithmeticError):
        whole = False
    if not whole:
        raise SeverstalError(f"{path}: not a manifest of maps: {AGAIN}")
    return layout, checksums
