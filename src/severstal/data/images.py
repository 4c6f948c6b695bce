"""Pictures as arrays: read by content, checked, decoded once into one memory-mapped file."""

import hashlib
import io
import os
import shutil
import warnings
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from severstal.competition.spec import Spec
from severstal.errors import SeverstalError
from severstal.files import digest, read_json, replacing, write_json
from severstal.progress import progress

MANIFEST = "pictures.json"
PIXELS = "pictures.u8"
BLOCK = 256  # pictures decoded ahead of the writer: 100 MB


def read_picture(path: str | Path, spec: Spec) -> np.ndarray:
    """Read a picture as grey, whatever its name ends in.

    Args:
        path: a JPEG, PNG or any other file that Pillow decodes, 8 bits a channel.
        spec: says which shape it has to have.

    Returns:
        (H, W) uint8, 0 black to 255 white.

    Raises:
        SeverstalError: the file is absent, is no picture, is cut short, has more than 8 bits a channel or
            another shape.

    Example:
        >>> from severstal.competition.spec import SEVERSTAL
        >>> read_picture("a.jpg", SEVERSTAL)
        Traceback (most recent call last):
        severstal.errors.SeverstalError: a.jpg: no such picture: put it back or ...
    """
    path = Path(path)
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise SeverstalError(
            f"{path}: no such picture: put it back or take its rows out of the tables"
        ) from None
    except OSError as error:
        raise SeverstalError(f"{path}: cannot be read ({error.strerror}): check the file") from error
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(data)) as picture:
                size, mode = picture.size, picture.mode
                if size != spec.image_shape[::-1]:
                    height, width = spec.image_shape
                    raise SeverstalError(
                        f"{path}: the picture is {size[1]} x {size[0]}; this data set is {height} x {width}: "
                        "resize it or set image_shape in dataset.toml"
                    )
                if mode.startswith(("I", "F")):
                    raise SeverstalError(f"{path}: has more than 8 bits a channel: save it as 8-bit grey")
                picture.draft("L", size)  # a JPEG's own brightness channel, without decoding colour
                return np.asarray(picture.convert("L"))
    except UnidentifiedImageError:
        raise SeverstalError(f"{path}: not a picture: replace the file") from None
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombWarning) as error:
        raise SeverstalError(f"{path}: damaged or cut short ({error}): replace the file") from error


class ImageStore:
    """Grey pictures in one memory-mapped file of 1 byte a pixel, decoded once.

    Args:
        folder: what `build_store` made.

    Attributes:
        names: of the pictures, in the order of the file.
        digest: checksum of names and pixels, the same wherever and whenever the store was made.

    Example:
        `store[3]` is the fourth picture, (H, W) uint8; only the pages that are touched are read.
    """

    def __init__(self, folder: str | Path):
        manifest = read_json(Path(folder) / MANIFEST)
        self.names: list[str] = [row["name"] for row in manifest["pictures"]]
        self.digest = digest([[row["name"], row["pixels"]] for row in manifest["pictures"]])
        self._rows = {name: row for row, name in enumerate(self.names)}
        self._shape = (len(self.names), *manifest["image_shape"])
        self._path = Path(folder) / PIXELS
        self._pixels = np.memmap(self._path, np.uint8, "r", shape=self._shape)

    def __len__(self) -> int:
        return len(self.names)

    def __getitem__(self, index: int) -> np.ndarray:
        return self._pixels[index]

    def __getstate__(self) -> dict:
        return {key: value for key, value in self.__dict__.items() if key != "_pixels"}

    def __setstate__(self, state: dict) -> None:
        self.__dict__.update(state)
        self._pixels = np.memmap(self._path, np.uint8, "r", shape=self._shape)

    def picture(self, name: str) -> np.ndarray:
        """The picture of that file name, (H, W) uint8."""
        return self._pixels[self._rows[name]]

    def index(self, name: str) -> int:
        """The row of that file name."""
        return self._rows[name]


def build_store(images: Path, names: Sequence[str], spec: Spec, folder: str | Path) -> ImageStore:
    """Decode pictures into `folder`, unless it holds just these pictures already.

    What is there is taken for these pictures when names, sizes and times of the files are those it was made
    from. Anything else there is a cache gone stale, and makes room.

    Args:
        images: the folder of pictures.
        names: which of them, in order.
        spec: says which shape they have to have.
        folder: where the store goes; one store a folder.

    Raises:
        SeverstalError: a picture is absent, damaged or of the wrong shape (see `read_picture`), or the disk
            is too small.
    """
    folder = Path(folder)
    try:
        sources = [_source(images / name) for name in names]
    except FileNotFoundError as error:
        raise SeverstalError(
            f"{error.filename}: no such picture: put it back or take its rows out of the tables"
        ) from None
    if _is_made_from(folder, sources, spec):
        return ImageStore(folder)

    folder.mkdir(parents=True, exist_ok=True)
    need, free = len(names) * spec.pixels, shutil.disk_usage(folder).free
    if need > free:
        raise SeverstalError(
            f"{folder}: the pictures need {need / 1e9:.1f} GB, the disk has {free / 1e9:.1f} GB: free more"
        )
    (folder / MANIFEST).unlink(missing_ok=True)  # from here to the end the folder holds no valid store
    with (
        replacing(folder / PIXELS) as part,
        part.open("wb") as file,
        ThreadPoolExecutor(os.cpu_count()) as pool,
    ):
        for source, picture in zip(sources, _decode(pool, images, names, spec), strict=True):
            source["pixels"] = hashlib.blake2b(picture, digest_size=16).hexdigest()
            file.write(picture.data)
    write_json(folder / MANIFEST, {"image_shape": list(spec.image_shape), "pictures": sources})
    return ImageStore(folder)


def _decode(pool: ThreadPoolExecutor, images: Path, names: Sequence[str], spec: Spec) -> Iterator[np.ndarray]:
    """Decode in parallel, in order, and never hold more than a block of pictures."""
    with progress(names, f"decode {images.name}") as bar:
        for start in range(0, len(names), BLOCK):
            block = names[start : start + BLOCK]
            for picture in pool.map(lambda name: read_picture(images / name, spec), block):
                yield picture
                bar.update()


def _source(path: Path) -> dict:
    status = path.stat()
    return {"name": path.name, "bytes": status.st_size, "time": status.st_mtime_ns}


def _is_made_from(folder: Path, sources: list[dict], spec: Spec) -> bool:
    if not (folder / MANIFEST).is_file() or not (folder / PIXELS).is_file():
        return False
    manifest = read_json(folder / MANIFEST)
    rows = manifest.get("pictures", [])
    made_from = [{key: row[key] for key in ("name", "bytes", "time")} for row in rows]
    whole = (folder / PIXELS).stat().st_size == len(sources) * spec.pixels
    return whole and made_from == sources and manifest.get("image_shape") == list(spec.image_shape)
