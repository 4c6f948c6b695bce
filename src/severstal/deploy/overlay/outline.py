"""Outlines that leave the defect itself to be seen: they run around it, a pixel away."""

import cv2
import numpy as np

from severstal.deploy.defects import Defect
from severstal.report.colours import rgb

_GAP, _LINE, _RIM = 1, 2, 1  # pixels from the mask outwards: left free, coloured, black


def draw_outlines(canvas: np.ndarray, defects: tuple[Defect, ...], bits: np.ndarray, zoom: int = 1) -> None:
    """Draw a ring in the colour of its class around every defect.

    No pixel of any mask is painted over, so that a scratch of one pixel stays visible between the two sides
    of its ring. The black rim sets the ring apart from steel of the same brightness.

    Args:
        canvas: (H, W, 3) uint8, RGB; changed in place.
        defects: defects with coordinates in the picture.
        bits: (h, w) bitmask of the picture.
        zoom: pixels of the canvas per pixel of the picture.
    """
    boxes = [_box(defect, zoom) for defect in defects]
    before = [canvas[box].copy() for box in boxes]
    rings = [(defect, *_ring(defect, canvas.shape[:2], zoom)) for defect in defects]
    for _, box, _, rim in rings:  # all rims first: none may cover the ring of another
        canvas[box][rim] = 0
    for defect, box, ring, _ in rings:
        canvas[box][ring] = rgb(defect.class_id)
    for box, steel in zip(boxes, before, strict=True):
        inside = _enlarged(
            bits[tuple(slice(side.start // zoom, side.stop // zoom) for side in box)] != 0, zoom
        )
        canvas[box][inside] = steel[inside]


def _box(defect: Defect, zoom: int) -> tuple[slice, slice]:
    """Rows and columns of a defect's bounding box on the canvas."""
    left, top, width, height = (zoom * part for part in defect.box)
    return slice(top, top + height), slice(left, left + width)


def _ring(
    defect: Defect, shape: tuple[int, int], zoom: int
) -> tuple[tuple[slice, slice], np.ndarray, np.ndarray]:
    """Where on the canvas a defect and its ring lie, and there the ring and its rim, bool."""
    reach = _GAP + _LINE + _RIM
    mask = np.pad(_enlarged(defect.mask, zoom), reach).view(np.uint8)
    free, line, rim = (_grown(mask, radius) for radius in (_GAP, _GAP + _LINE, reach))
    left, top = zoom * defect.box[0] - reach, zoom * defect.box[1] - reach
    rows = slice(max(0, top), min(shape[0], top + mask.shape[0]))
    columns = slice(max(0, left), min(shape[1], left + mask.shape[1]))
    inside = slice(rows.start - top, rows.stop - top), slice(columns.start - left, columns.stop - left)
    return (rows, columns), (line & ~free)[inside], (rim & ~line)[inside]


def _grown(mask: np.ndarray, radius: int) -> np.ndarray:
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
    return cv2.dilate(mask, disc) != 0


def _enlarged(mask: np.ndarray, zoom: int) -> np.ndarray:
    return mask if zoom == 1 else mask.repeat(zoom, axis=0).repeat(zoom, axis=1)
