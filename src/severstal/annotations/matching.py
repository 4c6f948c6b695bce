"""Matching of picture names from labelling tools, which rename pictures on import and export."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import PurePath
from urllib.parse import unquote

_ROBOFLOW = re.compile(r"(?P<name>.+)\.rf\.[0-9A-Za-z]{8,64}(_mask)?(\.\w{1,5})?")
_LABEL_STUDIO = re.compile(r"[0-9a-f]{8}-(?P<name>.+)")


class PictureNames:
    """The names of a data set's pictures, found by the variants that labelling tools make of them.

    Roboflow turns `a b.png` into `a-b_png.rf.HASH.jpg`, Label Studio into `0a1b2c3d-a_b.png`; macOS writes
    accents apart (NFD) where others write them together (NFC); URLs write `%20` for a space.

    Args:
        images: the file names.

    Example:
        >>> names = PictureNames(["tr001.png", "a b.jpg"])
        >>> names.find("tr001_png.rf.0123456789abcdef0123456789abcdef.jpg"), names.find("cb0618f6-a_b.jpg")
        (['tr001.png'], ['a b.jpg'])
        >>> names.find_stem("cb0618f6-tr001"), names.find("tr002.png")
        (['tr001.png'], [])
    """

    def __init__(self, images: Sequence[str]) -> None:
        self._exact = _by(images, str)
        self._composed = _by(images, _compose)
        self._loose = _by(images, _letters)
        self._stems = _by(images, lambda name: PurePath(name).stem)
        self._composed_stems = _by(images, lambda name: _compose(PurePath(name).stem))
        self._loose_stems = _by(images, lambda name: _letters(PurePath(name).stem))

    def find(self, name: str) -> list[str]:
        """The pictures that a file name may mean: one where it is known and clear, none where it is unknown.

        The name as it is comes first, then its other Unicode form, then what it was before a tool renamed it.
        """
        return _first(
            (self._exact, name),
            *((self._composed, _compose(text)) for text in (name, unquote(name))),
            *((self._loose, _letters(text)) for text in _before(unquote(name))),
        )

    def find_stem(self, stem: str) -> list[str]:
        """The same for a name without its ending, as label files have it."""
        return _first(
            (self._stems, stem),
            (self._composed_stems, _compose(stem)),
            *((self._loose, _letters(text)) for text in _before(stem)),
            *((self._loose_stems, _letters(text)) for text in _before(stem)),
        )


def _first(*tries: tuple[dict[str, list[str]], str]) -> list[str]:
    return next((known[key] for known, key in tries if key in known), [])


def _before(name: str) -> Iterator[str]:
    """Yield the names that a picture may have had before a tool renamed it."""
    if match := _LABEL_STUDIO.fullmatch(name):
        yield match["name"]
    if match := _ROBOFLOW.fullmatch(name):
        yield match["name"]
        yield re.sub("_jpg$", "", match["name"])  # a.png that was converted: a_png_jpg.rf.HASH.jpg


def _by(images: Iterable[str], key: Callable[[str], str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for image in images:
        found.setdefault(key(image), []).append(image)
    return found


def _compose(text: str) -> str:
    return unicodedata.normalize("NFC", text)


def _letters(text: str) -> str:
    """Keep letters and digits, as tools do; brackets, spaces and dots become one hyphen or underscore."""
    return re.sub(r"[\W_]+", "-", _compose(text)).strip("-").casefold()
