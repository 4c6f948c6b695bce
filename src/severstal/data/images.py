"""The pictures of a job, by name or by number: from the decode-once file, or from the files themselves."""

import math
import mmap
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from severstal.competition.spec import Spec
from severstal.data.pictures import read_picture
from severstal.errors import SeverstalError

# After so many pictures a process lets go of the pages that it has read (105 MB of the competition's). They
# stay in the system's cache; what a process holds no longer grows with the number of pictures.
_HELD = 256


class Pictures(ABC):
    """Pictures, grey or with colours, by name or by number; pickling sends the names, never the pixels.

    Args:
        names: names of the pictures, in order.
        digest: checksum of names and pixels; the same wherever the pixels are read from.

    Attributes:
        names: names of the pictures, in order.
        digest: checksum of names and pixels.
    """

    def __init__(self, names: Sequence[str], digest: str):
        self.names, self.digest = list(names), digest
        self._numbers = {name: number for number, name in enumerate(self.names)}

    def __len__(self) -> int:
        return len(self.names)

    @abstractmethod
    def __getitem__(self, index: int) -> np.ndarray:
        """The picture of that number, (H, W) uint8, or (H, W, 3) of colours; not to be written to."""

    def picture(self, name: str) -> np.ndarray:
        """The picture of that file name, as by its number."""
        return self[self._numbers[name]]

    def index(self, name: str) -> int:
        """The number of that file name, from 0."""
        return self._numbers[name]


class ImageStore(Pictures):
    """Pictures in a memory-mapped file of one byte per pixel and channel, decoded once.

    Only accessed pages are read, and a process holds those of a few hundred pictures at most. Rows are never
    overwritten, so that a store stays valid while others add to the same file.

    Args:
        names: names of the pictures, in order.
        digest: checksum of names and pixels.
        path: path of the file: the pictures' pixels, one picture after the other.
        offsets: place of each picture in the file, in bytes, in the order of `names`.
        shapes: shape of each picture's pixels, height and width first.

    Raises:
        SeverstalError: the file is gone.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "pixels"
        >>> _ = path.write_bytes(bytes(range(12)))
        >>> store = ImageStore(["b.jpg", "a.jpg"], "", path, offsets=[6, 0], shapes=[(1, 6), (2, 3)])
        >>> store[0].tolist(), store.picture("a.jpg").tolist()
        ([[6, 7, 8, 9, 10, 11]], [[0, 1, 2], [3, 4, 5]])
    """

    def __init__(
        self,
        names: Sequence[str],
        digest: str,
        path: Path,
        offsets: Sequence[int],
        shapes: Sequence[tuple[int, ...]],
    ):
        super().__init__(names, digest)
        self._path, self._offsets, self._shapes = Path(path), list(offsets), list(shapes)
        self._map()

    def __getitem__(self, index: int) -> np.ndarray:
        self._read += 1
        if self._read % _HELD == 0 and hasattr(mmap, "MADV_DONTNEED"):  # not on Windows
            self._pages.madvise(mmap.MADV_DONTNEED)  # arrays given out read them again, from the cache
        start, shape = self._offsets[index], self._shapes[index]
        return self._pixels[start : start + math.prod(shape)].reshape(shape)

    def __getstate__(self) -> dict:
        return {key: value for key, value in self.__dict__.items() if key not in ("_pages", "_pixels")}

    def __setstate__(self, state: dict) -> None:
        self.__dict__.update(state)
        self._map()

    def _map(self) -> None:
        ends = (start + math.prod(shape) for start, shape in zip(self._offsets, self._shapes, strict=True))
        try:
            with self._path.open("rb") as file:
                self._pages = mmap.mmap(file.fileno(), max(ends, default=1), access=mmap.ACCESS_READ)
        except FileNotFoundError:
            raise SeverstalError(f"{self._path}: not there any more: run the same command again") from None
        self._pixels = np.frombuffer(self._pages, np.uint8)
        self._read = 0


class PictureFolder(Pictures):
    """Pictures decoded from their files each time: slower than the store, but without its disk space.

    Args:
        names: names of the files, in order.
        digest: checksum of names and pixels.
        images: the folder of the files.
        spec: specification with the shape that they must have, if they have the same.

    Example:
        >>> import tempfile
        >>> from PIL import Image
        >>> folder = Path(tempfile.mkdtemp())
        >>> Image.new("L", (3, 2), 77).save(folder / "a.png")
        >>> PictureFolder(["a.png"], "", folder, Spec("tiny", (2, 3), ("scratch",)))[0].tolist()
        [[77, 77, 77], [77, 77, 77]]
    """

    def __init__(self, names: Sequence[str], digest: str, images: Path, spec: Spec):
        super().__init__(names, digest)
        self._images, self._spec = Path(images), spec

    def __getitem__(self, index: int) -> np.ndarray:
        return read_picture(self._images / self.names[index], self._spec)
