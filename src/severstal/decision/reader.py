"""The interface through which decisions read maps, of one run or averaged."""

from pathlib import Path
from typing import Protocol

import numpy as np

from severstal.competition.spec import Spec


class Reader(Protocol):
    """Maps of images in order, such as `inference.maps.MapReader`; several threads may read from it at once.

    Attributes:
        folder: folder of the maps, for messages.
        names: names of the images, in order.
        spec: shape and classes of the pictures.
        class_probability: (N, C) uint8, 0 to 255 for 0 to 1.
    """

    folder: Path
    names: list[str]
    spec: Spec
    class_probability: np.ndarray

    def __len__(self) -> int:
        """Return the number of images."""

    def full(self, index: int) -> np.ndarray:
        """One image's map in the picture's shape: (C, H, W) uint8."""

    def require(self, spec: Spec) -> None:
        """Check that the maps are of a data set's classes and shape."""


class PictureSource(Protocol):
    """The pictures that maps are of, such as `data.images.ImageStore`; several threads ask it at once."""

    def picture(self, name: str) -> np.ndarray:
        """An image's (H, W) uint8."""
