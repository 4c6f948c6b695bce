"""Writing maps, a shard at a time."""

import logging
import math
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from threading import Lock

import numpy as np

from severstal.competition.spec import Spec
from severstal.errors import SeverstalError
from severstal.files import atomic_write, checksum, explain_os_error, write_json
from severstal.inference.maps.layout import (
    MANIFEST,
    UNFINISHED,
    MapLayout,
    classes_path,
    maps_path,
    open_shard,
    recorded_checksums,
    shard_files,
)
from severstal.progress import progress

logger = logging.getLogger("severstal")

_SHARD_BYTES = 1 << 28  # at most, but for a single image, where pictures of many sizes are kept in full
SHARD_IMAGES = 64  # a quarter of a gigabyte where four classes are kept in full


def _fitting(images: int, names: Sequence[str], spec: Spec) -> int:
    """Return how many images go into a shard, whatever its scale; fewer where each has its own size and the
    largest is large."""
    if spec.image_shape is not None or not names:
        return images
    largest = max(math.prod(spec.shape_of(name)) for name in names) * len(spec.classes)
    return max(1, min(images, _SHARD_BYTES // largest))


class MapWriter:
    """Writes the maps of many images, a shard at a time, in any order.

    A folder that an interrupted call with the same layout left is continued; other maps in it are deleted. A
    shard that is there is kept if its checksums equal those recorded when it was written. A shard that was
    altered since is named in a warning and counts as missing, as does one without a record.

    Args:
        folder: folder to write, made when it is missing.
        names: names of the images, in order.
        spec: shape and classes of the pictures.
        scale: 1 for full resolution, 2 for half, a quarter of the bytes.
        key: fingerprint of all that the maps are made from.
        shard_images: images in a shard, at most; fewer where pictures of many sizes are large.
        run: name of the run, for the manifest.
        origin: fingerprints of what maps must share to be averaged (see `MapLayout`).

    Raises:
        SeverstalError: an image is named twice or none is; the disk is too small for what is still to be
            written, or may not be written.

    Example:
        >>> import tempfile
        >>> from severstal.inference.maps import MapReader
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
        shard_images: int = SHARD_IMAGES,
        run: str = "",
        origin: Mapping[str, str] | None = None,
    ) -> None:
        self.folder = Path(folder)
        names = tuple(names)
        spec, shard_images = spec.with_shapes_of(names), _fitting(shard_images, names, spec)
        self.layout = MapLayout(run, key, spec, scale, shard_images, names, dict(origin or {}))
        self._checksums: dict[int, list[str]] = {}
        self._recording = Lock()
        self._check_layout()
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._continue_or_clear()
            free = shutil.disk_usage(self.folder).free
        except OSError as error:
            raise explain_os_error(error, self.folder) from error
        need = self.bytes_needed()
        if need > free:
            smaller = "; half resolution takes a quarter" if scale == 1 else ""
            raise SeverstalError(
                f"{self.folder}: {need / 1e9:.3g} GB of maps are still to be written and {free / 1e9:.3g} GB "
                f"are free: free some space{smaller}"
            )

    def missing_shards(self) -> list[tuple[int, list[str]]]:
        """Index and image names of each shard that is not yet on disk, whole and as it was written."""
        names = self.layout.shard_names
        return [(shard, names(shard)) for shard in self.layout.shards if not self._is_whole(shard)]

    def bytes_needed(self) -> int:
        """Bytes of disk that the missing shards will take."""
        return sum(int(np.prod(self.layout.shard_shape(shard))) for shard, _ in self.missing_shards())

    def write(self, shard: int, maps: np.ndarray, class_probability: np.ndarray | None = None) -> None:
        """Write one shard atomically; threads may write different ones at the same time.

        Args:
            shard: index of the shard, from `missing_shards`.
            maps: uint8 of the shape that `layout.shard_shape` returns, the images in the order of the shard's
                names.
            class_probability: (images, classes) uint8, of each class being anywhere in the picture; None
                takes the highest value of each map.

        Raises:
            ValueError: an array has another shape or type.
            SeverstalError: the disk is full or may not be written.
        """
        shape = self.layout.shard_shape(shard)
        if class_probability is None and maps.shape == shape:
            class_probability = np.stack([part.max((1, 2)) for part in self.layout.split(shard, maps)])
        classes = len(self.layout.shard_names(shard)), len(self.layout.spec.classes)
        for array, wanted in ((maps, shape), (class_probability, classes)):
            if array.shape != wanted or array.dtype != np.uint8:
                raise ValueError(
                    f"shard {shard} is {array.shape} of {array.dtype}; it must be {wanted} of uint8"
                )
        written = []
        for path, array in zip(self._paths(shard), (maps, class_probability), strict=True):
            with atomic_write(path) as part:
                with part.open("wb") as file:
                    np.save(file, np.ascontiguousarray(array), allow_pickle=False)
                written.append(checksum(part))
        # Recorded last: a kill before leaves a shard that no record knows, which is written again.
        with self._recording:
            self._checksums[shard] = written
            self._record(UNFINISHED)

    def close(self) -> None:
        """Write the manifest, with the checksums that each shard had when it was written.

        Raises:
            SeverstalError: a shard is still missing, or lies there without having been written by this writer
                or a try that it continues.
        """
        for shard in self.layout.shards:
            open_shard(self.folder, shard, self.layout)
            if shard not in self._checksums:
                path = maps_path(self.folder, shard)
                raise SeverstalError(f"{path}: its checksum is not known: run the same command again")
        self._record(MANIFEST)
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
        manifest, unfinished = self.folder / MANIFEST, self.folder / UNFINISHED
        # Both lie there only after a kill between the two; the unfinished one knows the later state.
        records = [recorded_checksums(path, self.layout) for path in (manifest, unfinished)]
        if records == [None, None]:
            # What says that the shards may be used goes before the shards.
            stale_shards = shard_files(self.folder)
            for stale in (manifest, unfinished, *stale_shards):
                stale.unlink(missing_ok=True)
        known = {shard: pair for record in records for shard, pair in (record or {}).items()}
        for shard in progress(sorted(known), "checksums", unit="shard"):
            if self._is_readable(shard) and self._is_as_written(shard, known[shard]):
                self._checksums[shard] = known[shard]
        self._record(UNFINISHED)
        manifest.unlink(missing_ok=True)

    def _record(self, name: str) -> None:
        checksums = [self._checksums.get(shard) for shard in self.layout.shards]
        write_json(self.folder / name, {**self.layout.to_dict(), "sha256": checksums})

    def _paths(self, shard: int) -> tuple[Path, Path]:
        return maps_path(self.folder, shard), classes_path(self.folder, shard)

    def _is_as_written(self, shard: int, recorded: Sequence[str]) -> bool:
        """Return whether a shard's files have their checksums; a warning names each that has not."""
        altered = [
            path for path, kept in zip(self._paths(shard), recorded, strict=True) if checksum(path) != kept
        ]
        for path in altered:
            logger.warning("%s: altered since it was written: its images are predicted again", path)
        return not altered

    def _is_readable(self, shard: int) -> bool:
        try:
            open_shard(self.folder, shard, self.layout)
        except SeverstalError:
            return False
        return True

    def _is_whole(self, shard: int) -> bool:
        return shard in self._checksums and self._is_readable(shard)
