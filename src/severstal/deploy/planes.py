"""The probabilities of one picture at its own resolution, as a whole or by windows."""

from functools import cached_property

import cv2
import numpy as np

from severstal.inference.maps import enlarge


class ProbabilityPlanes:
    """Maps that are enlarged where they are looked at.

    Args:
        maps: (C, h, w) uint8, 0 to 255 for 0 to 1.
        shape: height and width of the picture.
        scale: pixels of the picture per pixel of the maps, where these may reach beyond the picture; None
            where the maps cover the picture as a whole, as those of a run's submission do.

    Example:
        >>> planes = ProbabilityPlanes(np.uint8([[[0, 100, 100]]]), (2, 5), scale=2)
        >>> planes.window(0, slice(0, 2), slice(1, 4)).tolist()
        [[25, 75, 100], [25, 75, 100]]
    """

    def __init__(self, maps: np.ndarray, shape: tuple[int, int], scale: int | None = None) -> None:
        self._shape, self._scale = shape, scale
        self._given = maps
        self.classes = len(maps)

    @cached_property
    def _maps(self) -> np.ndarray:
        """As given, or enlarged at the first look."""
        return enlarge(self._given, self._shape) if self._scale is None else self._given

    def window(self, index: int, rows: slice, columns: slice) -> np.ndarray:
        """A class's probabilities in a window of the picture: (rows, columns) uint8."""
        if self._scale in (None, 1):
            return self._maps[index, rows, columns]
        plane, parts, offsets = self._maps[index], [], []
        for length, part in zip(plane.shape, (rows, columns), strict=True):
            # One more on either side, which linear interpolation looks at.
            first = max(0, part.start // self._scale - 1)
            last = min(length, -(-part.stop // self._scale) + 1)
            parts.append(slice(first, last))
            offsets.append(part.start - first * self._scale)
        small = np.ascontiguousarray(plane[parts[0], parts[1]])
        size = (small.shape[1] * self._scale, small.shape[0] * self._scale)
        large = cv2.resize(small, size, interpolation=cv2.INTER_LINEAR)
        top, left = offsets
        return large[top : top + rows.stop - rows.start, left : left + columns.stop - columns.start]

    def full(self) -> np.ndarray:
        """The probabilities of the whole picture: (C, H, W) uint8, not to be written to."""
        if self._scale is None:
            return self._maps
        height, width = self._shape
        whole = [self.window(index, slice(0, height), slice(0, width)) for index in range(self.classes)]
        return np.stack(whole)
