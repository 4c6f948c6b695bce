"""Arrays with a JSON header in one .npz file: written atomically, never unpickled, checked on reading."""

import json
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from severstal.errors import SeverstalError
from severstal.files import atomic_write

Content = TypeVar("Content")

_MOST_BYTES = 1 << 30  # of all arrays; a summary of 12,568 pictures has 103 MB
_MANY_BYTES, _MOST_SHRUNK = (
    128 << 20,
    100,
)  # beyond the first, arrays compressed by more than the second are taken for a decompression bomb
_WRONG_VALUES = (KeyError, TypeError, ValueError, AttributeError, IndexError)


def save_npz(
    path: str | Path, header: Mapping[str, Any], arrays: Mapping[str, np.ndarray], compressed: bool = False
) -> None:
    """Write arrays and a header, atomically.

    Args:
        path: path of the .npz file.
        header: JSON values; by `edition`, `load_npz` recognises a file of a version that it can read.
        arrays: arrays by name; the name "header" is reserved.
        compressed: whether to compress: slower to write, and worth it where values repeat.
    """
    save = np.savez_compressed if compressed else np.savez
    with atomic_write(path) as part, part.open("wb") as file:
        save(file, header=np.array(json.dumps(header)), **arrays)


def load_npz(
    path: str | Path,
    what: str,
    edition: int,
    read: Callable[[dict[str, Any], Mapping[str, np.ndarray]], Content],
) -> Content:
    """Read a file that `save_npz` wrote.

    Args:
        path: path of the file.
        what: name of the content, for error messages.
        edition: version that the header must have, a number that is raised when the content changes.
        read: function from header and arrays to the content. An error that wrong values make it raise counts
            as damage; the path is put before the message of a SeverstalError.

    Raises:
        SeverstalError: the file is missing, damaged or of an incompatible version; or its arrays take more
            than 1 GiB, or more than 128 MiB and a hundred times the file, which is seen before they are read.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "squares.npz"
        >>> save_npz(path, {"edition": 1, "name": "squares"}, {"values": np.arange(3) ** 2})
        >>> load_npz(path, "table", 1, lambda header, arrays: (header["name"], arrays["values"]))
        ('squares', array([0, 1, 4]))
    """
    try:
        with zipfile.ZipFile(path) as archive:
            held = sum(entry.file_size for entry in archive.infolist())
            stored = sum(entry.compress_size for entry in archive.infolist())
        if held > _MOST_BYTES or held > max(_MANY_BYTES, _MOST_SHRUNK * stored):
            raise SeverstalError(f"{path}: holds {held / 1e9:.1f} GB, too many for a {what}: delete it")
        with np.load(path, allow_pickle=False) as file:
            arrays = dict(file)
    except FileNotFoundError:
        raise SeverstalError(f"{path}: not there: run the command that makes it first") from None
    except SeverstalError:
        raise
    except Exception as error:  # damaged bytes make zipfile, zlib and numpy's parser raise a dozen kinds
        raise _damaged(path, what) from error
    try:
        header = json.loads(str(arrays["header"]))
        if header.get("edition") != edition:
            raise SeverstalError(
                f"a {what} of an incompatible version of this project: delete it and run again"
            )
        return read(header, arrays)
    except SeverstalError as error:
        raise SeverstalError(f"{path}: {error}") from None
    except _WRONG_VALUES as error:
        raise _damaged(path, what) from error


def _damaged(path: str | Path, what: str) -> SeverstalError:
    return SeverstalError(f"{path}: not a whole {what}: delete it and run again")
