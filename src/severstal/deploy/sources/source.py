"""A picture that is still to be read."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np


@dataclass(frozen=True)
class PendingPicture:
    """One picture among those that a user named.

    Attributes:
        name: what its outputs are called, without an ending; of a frame NAME-000123, counted from 0.
        read: function from a number of channels to the picture, (H, W) uint8 for 1 and (H, W, 3) for 3;
            raises SeverstalError where it cannot be read.
        path: the file; None for what was in memory.
        frame: number of a video's frame or a file's page, from 0; None for a picture of its own.
        folder: below the folder that was named, where that is searched with its subfolders; else empty.
    """

    name: str
    read: Callable[[int], np.ndarray]
    path: Path | None = None
    frame: int | None = None
    folder: str = ""

    @property
    def label(self) -> str:
        """What a message calls it: the path where there is one, and the frame."""
        label = self.name if self.path is None else str(self.path)
        return label if self.frame is None else f"{label} frame {self.frame}"


def frame_name(stem: str, frame: int) -> str:
    """The name of a frame.

    Example:
        >>> frame_name("line 2", 123)
        'line 2-000123'
    """
    return f"{stem}-{frame:06d}"
