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
        self._texts: dict[str, dict[int, str]] = {}
        for image, class_id, runs in zip(
            table["ImageId"], table["ClassId"], table["EncodedPixels"], strict=True
        ):
            self._texts.setdefault(image, {})[class_id] = runs
        self._read: dict[
            tuple[str, int], np.ndarray
        ] = {}  # numbers in place of texts, once they were asked for
        self._columns: np.ndarray | None = None

    @property
    def dtype(self) -> np.dtype:
        """Of the bitmasks."""
        return np.dtype(self._spec.mask_dtype)

    def __getitem__(self, image: str) -> np.ndarray:
        """The bitmask of an image, (H, W) of the spec's mask type; zeros where no row names it."""
        return self.draw(image, np.empty(self._spec.shape_of(image), self._spec.mask_dtype))

    def draw(self, image: str, out: np.ndarray) -> np.ndarray:
        """Draw the bitmask of an image into an array.

        Allocating memory costs several times as much as the drawing: pass the same array again to draw many
        masks.

        Args:
            image: name of the image.
            out: array of the image's shape (H, W) and of the spec's mask type; all of it is overwritten.

        Returns:
            `out`.
        """
        classes = self._texts.get(image, {})
        if not classes:
            out[:] = 0
            return out
        if self._columns is None or len(self._columns) < out.size:
            self._columns = np.empty(out.size, out.dtype)
        flat = self._columns[: out.size]
        flat[:] = 0
        for number, class_id in enumerate(classes):
            bit = out.dtype.type(1 << (class_id - 1))
            for start, end in zip(*self._stretches(image, class_id).tolist(), strict=True):
                if number:
                    flat[start:end] |= bit
                else:
                    flat[start:end] = bit
        columns = flat.reshape(out.shape[::-1])  # (W, H), as runs go down the columns
        return cv2.transpose(columns, out)  # several times faster than NumPy's strided copy

    def __getstate__(self) -> dict[str, object]:
        """Return the state that a worker process receives: the buffer is left out."""
        return {**self.__dict__, "_columns": None}

    def _stretches(self, image: str, class_id: int) -> np.ndarray:
        key = (image, class_id)
        if key not in self._read:
            self._read[key] = rle.stretches(self._texts[image][class_id], self._spec.shape_of(image))
        return self._read[key]

    def presence(self, images: Sequence[str]) -> np.ndarray:
        """Return whether each image has each class: (images, classes) bool."""
        present = np.zeros((len(images), len(self._spec.classes)), bool)
        for row, image in enumerate(images):
            for class_id in self._texts.get(image, {}):
                present[row, class_id - 1] = True
        return present
