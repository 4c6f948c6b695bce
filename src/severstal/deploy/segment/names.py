"""One name for the outputs of each source, which no other has."""

from severstal.deploy.sources.source import PendingPicture, frame_name
from severstal.errors import SeverstalError


class OutputNames:
    """Gives out names: that of the file without its ending, below its folder where folders are searched.

    Where two files differ in their ending alone, the second keeps its own: `a`, then `a.png`. Names that
    differ only in case count as the same, as they would be on Windows and macOS.

    Example:
        >>> from pathlib import Path
        >>> names = OutputNames()
        >>> sources = [PendingPicture("a", lambda: None, Path("x", name)) for name in ("a.jpg", "A.png")]
        >>> [names.claim(source) for source in sources]
        ['a', 'A.png']
    """

    def __init__(self) -> None:
        self._taken: dict[str, PendingPicture] = {}

    def claim(self, source: PendingPicture) -> str:
        """The name of a source's outputs, with forward slashes.

        Raises:
            SeverstalError: another source has the name.
        """
        prefix = f"{source.folder}/" if source.folder else ""
        choices = [prefix + source.name]
        if source.path is not None and source.path.suffix:
            name = source.path.name
            choices.append(prefix + (name if source.frame is None else frame_name(name, source.frame)))
        for name in choices:
            if name.casefold() not in self._taken:
                self._taken[name.casefold()] = source
                return name
        other = self._taken[choices[-1].casefold()].label
        raise SeverstalError(
            f"{source.label}: another picture of this name was given ({other}): rename one of them, or give "
            "their folders in separate commands"
        )
