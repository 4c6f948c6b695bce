"""The layout of a folder of maps: its manifest and its shards."""

import math
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import accumulate
from pathlib import Path
from typing import Any

import numpy as np

from severstal.competition.shapes import Shapes
from severstal.competition.spec import Spec
from severstal.errors import SeverstalError
from severstal.files import read_json

MANIFEST = "maps.json"
UNFINISHED = "maps.part.json"
_SHARD_FILE = re.compile(r"(maps|classes)-\d{5,}\.npy")
MAKE_AGAIN = "delete it and run the command that makes the maps again"


@dataclass(frozen=True)
class MapLayout:
    """Layout and provenance of a folder of maps.

    Attributes:
        run: name of the run that made the maps.
        key: fingerprint of all that they were made from; maps of another key are never mixed in.
        spec: shapes and classes of the pictures.
        scale: 1 for maps of the picture's shape, 2 for half of its height and width, rounded up.
        shard_images: images in a shard; the last one may hold fewer.
        names: names of the images, in order, without repetition.
        origin: fingerprints of what maps must share to be averaged, by name: `pictures`, and `folds` where
            each image was predicted by networks that never saw it.

    Example:
        >>> layout = MapLayout("run", "key", Spec("tiny", (5, 6), ("hole",)), 2, 64, ("a.jpg", "b.jpg"))
        >>> layout.map_shape("a.jpg"), layout.shard_shape(0)
        ((1, 3, 3), (2, 1, 3, 3))
    """

    run: str
    key: str
    spec: Spec
    scale: int
    shard_images: int
    names: tuple[str, ...]
    origin: Mapping[str, str] = field(default_factory=dict)

    def map_shape(self, name: str) -> tuple[int, int, int]:
        """Classes, height and width of one image's map."""
        height, width = self.spec.shape_of(name)
        return len(self.spec.classes), -(-height // self.scale), -(-width // self.scale)

    @property
    def shards(self) -> range:
        """Index of each shard, from 0."""
        return range(-(-len(self.names) // self.shard_images))

    def shard_names(self, shard: int) -> list[str]:
        """Names of the images in a shard, in order."""
        return list(self.names[shard * self.shard_images : (shard + 1) * self.shard_images])

    def shard_shape(self, shard: int) -> tuple[int, ...]:
        """Shape of a shard's array: (images, classes, h, w); (bytes,) where each picture has its own."""
        names = self.shard_names(shard)
        if self.spec.image_shape is not None:
            return len(names), *self.map_shape(names[0])
        return (sum(math.prod(self.map_shape(name)) for name in names),)

    def split(self, shard: int, array: np.ndarray) -> list[np.ndarray]:
        """Split a shard's array into its images' maps.

        Args:
            shard: index of the shard.
            array: array of the shape that `shard_shape` returns.

        Returns:
            Views of `array`, (classes, h, w) each.

        Example:
            >>> spec = Spec("tiles", None, ("hole",), Shapes(known={"a.jpg": (2, 3), "b.jpg": (1, 4)}))
            >>> layout = MapLayout("run", "key", spec, 1, 64, ("a.jpg", "b.jpg"))
            >>> layout.shard_shape(0), [part.shape for part in layout.split(0, np.arange(10))]
            ((10,), [(1, 2, 3), (1, 1, 4)])
        """
        if self.spec.image_shape is not None:
            return list(array)
        shapes = [self.map_shape(name) for name in self.shard_names(shard)]
        ends = list(accumulate(map(math.prod, shapes), initial=0))
        return [array[ends[place] : ends[place + 1]].reshape(shape) for place, shape in enumerate(shapes)]

    def to_dict(self) -> dict[str, Any]:
        """The manifest without its checksums."""
        return {
            "run": self.run,
            "key": self.key,
            "origin": dict(self.origin),
            "dataset": self.spec.name,
            **self.spec.facts(),
            "scale": self.scale,
            **self._shapes(),
            "shard_images": self.shard_images,
            "names": list(self.names),
        }

    def _shapes(self) -> dict[str, Any]:
        if self.spec.image_shape is None:
            return {"shapes": [list(self.spec.shape_of(name)) for name in self.names]}
        return {"map_shape": list(self.map_shape(""))}


def shard_files(folder: Path) -> list[Path]:
    """List the files of shards in a folder, by their exact names: other files are the user's own.

    Example:
        >>> shard_files(Path("never-made"))
        []
    """
    return [path for path in sorted(folder.glob("*.npy")) if _SHARD_FILE.fullmatch(path.name)]


def delete_maps(folder: Path) -> None:
    """Delete the maps in a folder, and the folder if it is then empty."""
    for path in (folder / MANIFEST, folder / UNFINISHED, *shard_files(folder)):
        path.unlink(missing_ok=True)
    with suppress(OSError):  # not there, or not empty
        folder.rmdir()


def maps_path(folder: Path, shard: int) -> Path:
    """The file of a shard's maps."""
    return folder / f"maps-{shard:05d}.npy"


def classes_path(folder: Path, shard: int) -> Path:
    """The file of a shard's class probabilities."""
    return folder / f"classes-{shard:05d}.npy"


def open_shard(folder: Path, shard: int, layout: MapLayout) -> tuple[np.ndarray, np.ndarray]:
    """Map a shard into memory.

    Returns:
        Its maps, of the shape that `layout.shard_shape` returns, and class probabilities, (images, classes),
        both uint8.

    Raises:
        SeverstalError: a file of it is missing, cut short, or of another shape or type.
    """
    shape = layout.shard_shape(shard)
    classes = len(layout.shard_names(shard)), len(layout.spec.classes)
    return _open(maps_path(folder, shard), shape), _open(classes_path(folder, shard), classes)


def read_manifest(folder: Path) -> tuple[MapLayout, list[list[str]]]:
    """Read the layout of a folder of finished maps.

    Returns:
        The layout, and of each shard the checksums of its maps and class probabilities.

    Raises:
        SeverstalError: the maps are not there or unfinished, or the manifest is damaged.
    """
    path = folder / MANIFEST
    if not path.is_file():
        state = "unfinished" if (folder / UNFINISHED).is_file() else "not there"
        raise SeverstalError(f"{path}: {state}: run the command that makes the maps again")
    kept = read_json(path)
    try:
        names, origin = tuple(kept["names"]), dict(kept["origin"])
        own = dict(zip(names, map(tuple, kept.get("shapes", ())), strict=False))
        spec = Spec.from_facts(kept["dataset"], kept, Shapes(known=own) if own else None)
        layout = MapLayout(kept["run"], kept["key"], spec, kept["scale"], kept["shard_images"], names, origin)
        checksums = kept["sha256"]
        whole = kept == {**layout.to_dict(), "sha256": checksums} and len(checksums) == len(layout.shards)
    except (KeyError, TypeError, ValueError, ArithmeticError, SeverstalError):
        whole = False
    if not whole:
        raise SeverstalError(f"{path}: not a manifest of maps: {MAKE_AGAIN}")
    return layout, checksums


def recorded_checksums(path: Path, layout: MapLayout) -> dict[int, list[str]] | None:
    """Read which shards of a layout a manifest, or the record of unfinished maps, lists as written.

    Args:
        path: path of the manifest or of the record; it may be missing or damaged.
        layout: layout of the wanted maps.

    Returns:
        Checksums of the maps and of the class probabilities of each written shard, by shard; None where the
        file is not of that layout.

    Example:
        >>> layout = MapLayout("run", "key", Spec("tiny", (5, 6), ("hole",)), 2, 64, ("a.jpg", "b.jpg"))
        >>> print(recorded_checksums(Path("never-made/maps.json"), layout))
        None
    """
    try:
        kept = read_json(path)
    except SeverstalError:
        return None
    checksums = kept.pop("sha256", None) if isinstance(kept, dict) else None
    if kept != layout.to_dict():
        return None
    if not isinstance(checksums, list):
        return {}
    known = zip(layout.shards, checksums, strict=False)
    return {shard: pair for shard, pair in known if isinstance(pair, list) and len(pair) == 2}


def _open(path: Path, shape: tuple[int, ...]) -> np.ndarray:
    try:
        # As a plain array: each slice of NumPy's own memmap type costs microseconds more.
        array = np.asarray(np.load(path, mmap_mode="r", allow_pickle=False))
    except FileNotFoundError:
        raise SeverstalError(f"{path}: missing: run the command that makes the maps again") from None
    except (ValueError, EOFError, OSError) as error:
        raise SeverstalError(f"{path}: cut short, or not a shard of maps: {MAKE_AGAIN}") from error
    if array.shape != shape or array.dtype != np.uint8:
        raise SeverstalError(
            f"{path}: {array.shape} of {array.dtype} in place of {shape} of uint8: {MAKE_AGAIN}"
        )
    return array
