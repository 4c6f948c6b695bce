"""Pieces of rare classes, taken from other pictures."""

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np

from severstal.competition.masks import Masks
from severstal.competition.spec import Spec
from severstal.data.images import Pictures


class Piece(NamedTuple):
    """A defect cut out with the steel around it.

    Attributes:
        picture: (h, w) uint8, or (h, w, 3) of colours.
        bits: (h, w), bit k - 1 for class k: the defect's own.
        steel: (h, w) bool: what belongs to no defect.
    """

    picture: np.ndarray
    bits: np.ndarray
    steel: np.ndarray


class Donors:
    """Pieces of masks to paste into other pictures; the rarer a class, the more often it is sampled.

    Nothing is read until a piece is sampled.

    Args:
        store: source of the pictures.
        masks: masks of all labelled pictures.
        names: names of the pictures to take pieces from: training pictures only, never held-out ones.
        spec: names the classes.

    Example:
        >>> import pandas as pd
        >>> from types import SimpleNamespace
        >>> table = pd.DataFrame({"ImageId": ["a"], "ClassId": [2], "EncodedPixels": ["275 4"]})
        >>> spec = Spec("tiny", (32, 32), ("hole", "crack"))
        >>> store = SimpleNamespace(picture={"a": np.full((32, 32), 90, np.uint8)}.get)
        >>> piece = Donors(store, Masks(table, spec), ["a"], spec).sample(np.random.default_rng(0), (32, 32))
        >>> int(piece.bits.max()), int((piece.bits == 2).sum())
        (2, 4)
    """

    MARGIN = 12  # pixels of steel around a piece, where the picture has them

    def __init__(self, store: Pictures, masks: Masks, names: Sequence[str], spec: Spec):
        self._store, self._masks = store, masks
        presence = masks.presence(names)
        self._names = [[names[row] for row in np.flatnonzero(column)] for column in presence.T]
        counts = presence.sum(axis=0)
        weights = np.divide(1.0, counts, out=np.zeros(len(counts)), where=counts > 0)
        self._chances = weights / max(weights.sum(), 1e-12)

    def sample(self, rng: np.random.Generator, largest: tuple[int, int]) -> Piece | None:
        """Sample a class, inversely to its number of pictures, then one of these, then a piece of its mask.

        Args:
            rng: random generator.
            largest: height and width at most; a larger piece is cut.

        Returns:
            None where no picture has a defect.
        """
        if not self._chances.any():
            return None
        index = int(rng.choice(len(self._chances), p=self._chances))
        name = self._names[index][int(rng.integers(len(self._names[index])))]
        picture, bits = self._store.picture(name), self._masks[name]
        plane = (bits >> index & 1).astype(np.uint8)
        count, labels, boxes, _ = cv2.connectedComponentsWithStats(plane)
        number = int(rng.integers(1, count))
        ranges = []
        for start, length, whole, limit in zip(
            boxes[number, [1, 0]], boxes[number, [3, 2]], plane.shape, largest, strict=True
        ):
            low, high = max(0, start - self.MARGIN), min(whole, start + length + self.MARGIN)
            if high - low > limit:
                low = int(rng.integers(low, high - limit + 1))
                high = low + limit
            ranges.append(slice(low, high))
        box = tuple(ranges)
        own = labels[box] == number
        return Piece(picture[box], np.where(own, bits[box], 0).astype(bits.dtype), bits[box] == 0)
