"""Where defects land: stamps with a hand-drawn outline, set on free steel."""

from dataclasses import dataclass

import cv2
import numpy as np

from severstal.competition.spec import SEVERSTAL
from severstal.data.sample.steel import Steel

HEIGHT, WIDTH = SEVERSTAL.image_shape
GAP = 6  # pixels kept free around each mask: real masks of two classes never share a pixel


@dataclass(frozen=True)
class Stamp:
    """One connected defect, ready to be set on a picture.

    Attributes:
        relief: (h, w) float32, relative change of the grey level; -0.3 is 30 % darker.
        mask: (h, w) uint8 of 0/1, what an annotator would outline.
        top: row of the picture on which the stamp's first row must fall, or None for anywhere.
        left: column likewise.
    """

    relief: np.ndarray
    mask: np.ndarray
    top: int | None = None
    left: int | None = None


def outline(support: np.ndarray, margin: int, bridge: int = 0, tolerance: float = 3.0) -> np.ndarray:
    """Outline what can be seen of a defect as annotators did: a coarse polygon some pixels outside, no holes.

    Args:
        support: (h, w), non-zero where the defect shows.
        margin: pixels between the defect and its outline.
        bridge: parts up to twice this many pixels further apart are outlined as one.
        tolerance: pixels by which a straight side may cut a corner.

    Returns:
        (h, w) uint8 of 0/1.

    Example:
        >>> spot = np.zeros((40, 40), np.uint8)
        >>> spot[18:22, 18:22] = 1
        >>> int(spot.sum()), int(outline(spot, 5).sum()) > 100
        (16, True)
    """
    grown = cv2.dilate(support.astype(np.uint8), _disc(margin + bridge))
    if bridge:
        grown = cv2.erode(grown, _disc(bridge))
    contours, _ = cv2.findContours(grown, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    polygons = [cv2.approxPolyDP(contour, tolerance, True) for contour in contours]
    return cv2.fillPoly(np.zeros(support.shape, np.uint8), [p for p in polygons if len(p) > 2], 1)


def _disc(radius: int) -> np.ndarray:
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))


class Canvas:
    """A picture of steel that takes defects.

    Attributes:
        grey: (H, W) float32, the picture so far.
        bits: (H, W) uint8, the masks so far, bit k - 1 for class k.
        left: first column of steel.
        right: one past the last column of steel.

    Example:
        >>> canvas = Canvas(Steel(np.full((256, 1600), 100, np.float32), 0, 1600))
        >>> square = np.ones((30, 40), np.uint8)
        >>> canvas.set(np.random.default_rng(0), 3, Stamp(square * np.float32(-0.5), square, top=9, left=0))
        1200
        >>> canvas.bits[9, 0], canvas.grey[9, 0]
        (np.uint8(4), np.float32(50.0))
    """

    def __init__(self, steel: Steel):
        self.grey = steel.grey
        self.left, self.right = steel.left, steel.right
        self.bits = np.zeros((HEIGHT, WIDTH), np.uint8)
        self._free = np.zeros((HEIGHT, WIDTH), np.uint8)
        self._free[:, self.left : self.right] = 1

    def set(self, rng: np.random.Generator, class_id: int, stamp: Stamp) -> int:
        """Set a stamp, at random where it leaves that open; give the pixels set, 0 where there was no room.

        A stamp may hang over the top and bottom of the picture. What lies beside the strip or too near to
        another defect is cut off; a stamp of which that would take more than a fifth is not set at all.
        """
        height, width = stamp.mask.shape
        top, left = stamp.top, stamp.left
        if top is None:
            top = _somewhere(rng, -0.3 * height, HEIGHT - 0.7 * height)
        if left is None:
            # Few real masks touch the picture's sides, and none crosses the strip's edge.
            left = _somewhere(rng, self.left - 0.1 * width, self.right - 0.9 * width)
        rows = slice(max(top, 0), min(top + height, HEIGHT))
        columns = slice(max(left, 0), min(left + width, WIDTH))
        part = slice(rows.start - top, rows.stop - top), slice(columns.start - left, columns.stop - left)
        whole = stamp.mask[part]
        mask = whole & self._free[rows, columns]
        area = int(mask.sum())
        if area < 100 or area < whole.sum() * 0.8:
            return 0
        self.grey[rows, columns] *= 1 + stamp.relief[part] * mask
        self.bits[rows, columns] |= mask << (class_id - 1)
        taken = np.zeros_like(self._free)
        taken[rows, columns] = mask
        self._free &= 1 - cv2.dilate(taken, _disc(GAP))
        return area


def _somewhere(rng: np.random.Generator, low: float, high: float) -> int:
    """A place between two bounds, which change their order where the stamp is larger than its room."""
    return round(rng.uniform(min(low, high), max(low, high)))
