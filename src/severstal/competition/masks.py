"""The masks of a tidy table as pictures."""

from collections.abc import Sequence

import cv2
import numpy as np
import pandas as pd

from severstal.competition import rle
from severstal.competition.spec import Spec


class Masks:
    """The masks of a table, drawn when asked for.

    Example:
        >>> rows = [("a.jpg", 1, "1 2"), ("a.jpg", 2, "2 1")]
        >>> table = pd.DataFrame(rows, columns=["ImageId", "ClassId", "EncodedPixels"])
        >>> masks = Masks(table, Spec("tiny", (2, 2), ("hole", "crack")))
        >>> masks["a.jpg"]
        array([[1, 0],
               [3, 0]], dtype=uint8)
        >>> masks.presence(["clean.jpg", "a.jpg"])
        array([[False, False],
               [ True,  True]])
    """

    def __init__(self, table: pd.DataFrame, spec: Spec) -> None:
        self._spec = spec
        self._runs: dict[str, dict[int, str]] = {}
        for image, class_id, runs in zip(
            table["ImageId"], table["ClassId"], table["EncodedPixels"], strict=True
        ):
            self._runs.setdefault(image, {})[class_id] = runs

    def __getitem__(self, image: str) -> np.ndarray:
        """The picture of bits of an image, (H, W) of the spec's mask type; zeros where no row names it."""
        shape, dtype = self._spec.image_shape, self._spec.mask_dtype
        bits = np.zeros(shape[::-1], dtype)  # (W, H), as runs go down the columns
        for class_id, runs in self._runs.get(image, {}).items():
            bits |= np.left_shift(rle.decode(runs, shape).T, class_id - 1, dtype=dtype)
        return cv2.transpose(bits)  # (H, W), several times faster than NumPy's strided copy

    def presence(self, images: Sequence[str]) -> np.ndarray:
        """Which classes stand in which images: (images, classes) bool."""
        present = np.zeros((len(images), len(self._spec.classes)), bool)
        for row, image in enumerate(images):
            for class_id in self._runs.get(image, {}):
                present[row, class_id - 1] = True
        return present
