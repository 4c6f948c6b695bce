"""The height and the width of each picture of a data set whose pictures differ in size."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from severstal.competition.headers import read_shape
from severstal.errors import SeverstalError

MOST_PIXELS = 1 << 30
"""Pixels of a picture at most: areas and intersections are counted in 32 bits."""


class Shapes:
    """Heights and widths of pictures by name: known ones, and those of files, whose headers are read once.

    Args:
        folders: folders of the picture files.
        known: height and width by the name of the picture.

    Example:
        >>> shapes = Shapes(known={"a.jpg": (300, 400)})
        >>> shapes.of("a.jpg"), shapes.find("b.jpg")
        ((300, 400), None)
    """

    def __init__(
        self, folders: Sequence[Path] = (), known: Mapping[str, tuple[int, int]] | None = None
    ) -> None:
        self._folders = tuple(folders)
        self._known: dict[str, tuple[int, int]] = dict(known or {})
        self._remembered: dict[Path, tuple[tuple[int, int], tuple[int, int]]] = {}

    def remember(self, folder: Path, found: Mapping[str, tuple[int, int, tuple[int, int]]]) -> None:
        """Take shapes that were read earlier in place of the headers of files that have not changed since.

        Args:
            folder: folder of the files.
            found: by the name of a file its size in bytes, the time of its last change in nanoseconds, and
                the height and the width of the picture.
        """
        for name, (size, time, shape) in found.items():
            self._remembered[folder / name] = (size, time), shape

    def of(self, image: str) -> tuple[int, int]:
        """The height and the width of a picture, as displayed.

        Raises:
            SeverstalError: no picture has the name, it cannot be read, has more than 1,073,741,824 pixels, or
                two of the name differ in size.
        """
        if image not in self._known:
            self._known[image] = self._read(image)
        return self._known[image]

    def find(self, image: str) -> tuple[int, int] | None:
        """The same; None where no picture of that name can be read."""
        try:
            return self.of(image)
        except SeverstalError:
            return None

    def only(self, images: Iterable[str]) -> "Shapes":
        """The shapes of some pictures, without their files.

        Raises:
            SeverstalError: as `of`.
        """
        return Shapes(known={image: self.of(image) for image in images})

    def _read(self, image: str) -> tuple[int, int]:
        # A name from a table opens files of the folders alone.
        plain = bool(image) and Path(image).name == image
        places = [folder / image for folder in self._folders if plain and (folder / image).is_file()]
        if not places:
            held = " or ".join(folder.name for folder in self._folders) or "the data set"
            raise SeverstalError(
                f"{image}: its size is not known, as there is no such picture in {held}: correct the name "
                "or put the picture there"
            )
        first, *others = [(place, self._read_file(place)) for place in places]
        height, width = first[1]
        if height * width > MOST_PIXELS:
            raise SeverstalError(
                f"{first[0]}: is {height:,} x {width:,}: cut the picture to at most {MOST_PIXELS:,} pixels"
            )
        for place, shape in others:
            if shape != first[1]:
                raise SeverstalError(
                    f"{place}: is {shape[0]} x {shape[1]}, {first[0]} is {first[1][0]} x {first[1][1]}: two "
                    "pictures of one name must agree in size: rename one of them"
                )
        return first[1]

    def _read_file(self, path: Path) -> tuple[int, int]:
        stamp, shape = self._remembered.get(path, (None, None))
        if shape is not None:
            status = path.stat()
            if (status.st_size, status.st_mtime_ns) == stamp:
                return shape
        return read_shape(path)
