"""The defects of a picture: the connected components of its masks, measured."""

from dataclasses import dataclass

import cv2
import numpy as np

from severstal.competition.spec import Spec
from severstal.deploy.planes import ProbabilityPlanes
from severstal.deploy.tiles.components import label_plane


@dataclass(frozen=True, eq=False)
class Defect:
    """One connected component of a class's mask; pixels that touch at a corner are of one.

    Coordinates are pixels from the upper left corner of the picture, x to the right and y down.

    Attributes:
        id: number in the picture, from 1, by class and then from left to right.
        class_id: `ClassId`, from 1.
        class_name: name of the class.
        area: pixels.
        area_mm2: square millimetres; None where the size of a pixel is not known.
        box: left, top, width and height of the bounding box in pixels.
        centroid: mean x and y of the pixels' centres.
        length: longer side of the smallest rectangle, turned as it may be, around the pixels.
        width: shorter side of that rectangle.
        length_mm: length in millimetres, or None.
        width_mm: width in millimetres, or None.
        contour: (N, 2) int32, x and y of the pixels at which the outer border turns.
        mean_probability: over the pixels, 0 to 1.
        highest_probability: highest probability of the pixels, 0 to 1.
        touches_edge: whether a pixel lies at the border of the picture, beyond which the defect may go on.
        disagreement: mean over the pixels of the standard deviation among what was averaged, the members of
            an ensemble or the folds of a run: 0 where they agree, 0.5 at most; None where there was one.
        mask: (box height, box width) bool, the pixels inside of the bounding box.
    """

    id: int
    class_id: int
    class_name: str
    area: int
    area_mm2: float | None
    box: tuple[int, int, int, int]
    centroid: tuple[float, float]
    length: float
    width: float
    length_mm: float | None
    width_mm: float | None
    contour: np.ndarray
    mean_probability: float
    highest_probability: float
    touches_edge: bool
    disagreement: float | None
    mask: np.ndarray


def find_defects(
    bits: np.ndarray,
    spec: Spec,
    planes: ProbabilityPlanes,
    spread: ProbabilityPlanes | None = None,
    mm_per_pixel: float | None = None,
    band: int = 4096,
) -> tuple[Defect, ...]:
    """Measure every defect of a picture.

    Args:
        bits: (H, W) bitmask, bit k - 1 for class k.
        spec: specification of the data set; names the classes.
        planes: probabilities of the same picture.
        spread: standard deviations among what was averaged; None where it was one.
        mm_per_pixel: side of a pixel in millimetres, or None.
        band: stretch of the picture's longer side that is labelled at a time.

    Example:
        >>> spec = Spec("tiny", (4, 6), ("scratch", "hole"))
        >>> bits, maps = np.zeros((4, 6), np.uint8), np.full((2, 4, 6), 204, np.uint8)
        >>> bits[1, 1:5] = 2
        >>> (defect,) = find_defects(bits, spec, ProbabilityPlanes(maps, (4, 6)), mm_per_pixel=0.5)
        >>> defect.class_name, defect.area, defect.area_mm2, defect.box, defect.length, defect.width
        ('hole', 4, 1.0, (1, 1, 4, 1), 4.0, 1.0)
        >>> defect.centroid, defect.mean_probability, defect.touches_edge
        ((2.5, 1.0), 0.8, False)
    """
    found: list[Defect] = []
    occupied = _occupied(bits)
    for index, name in enumerate(spec.classes):
        bit = bits.dtype.type(1 << index)
        boxes = _component_boxes(bits, bit, occupied, band)
        order = np.lexsort((boxes[:, 0], boxes[:, 1]))
        for top, left, bottom, right in boxes[order].tolist():
            rows, columns = slice(top, bottom + 1), slice(left, right + 1)
            crop = np.ascontiguousarray((bits[rows, columns] & bit) != 0)
            mask = _touching_all_sides(crop)
            values = planes.window(index, rows, columns)[mask]
            millimetre = None if mm_per_pixel is None else float(mm_per_pixel)
            length, width, contour = _outline(mask, left, top)
            y, x = np.nonzero(mask)
            found.append(
                Defect(
                    id=len(found) + 1,
                    class_id=index + 1,
                    class_name=name,
                    area=len(x),
                    area_mm2=None if millimetre is None else len(x) * millimetre**2,
                    box=(left, top, right - left + 1, bottom - top + 1),
                    centroid=(left + float(x.mean()), top + float(y.mean())),
                    length=length,
                    width=width,
                    length_mm=None if millimetre is None else length * millimetre,
                    width_mm=None if millimetre is None else width * millimetre,
                    contour=contour,
                    mean_probability=round(float(values.mean()) / 255, 4),
                    highest_probability=round(int(values.max()) / 255, 4),
                    touches_edge=not (
                        left and top and right < bits.shape[1] - 1 and bottom < bits.shape[0] - 1
                    ),
                    disagreement=None
                    if spread is None
                    else round(float(spread.window(index, rows, columns)[mask].mean()) / 255, 4),
                    mask=mask,
                )
            )
    return tuple(found)


def _occupied(bits: np.ndarray) -> tuple[slice, slice]:
    """Rows and columns of the smallest box around all pixels that are set."""
    rows = np.flatnonzero(bits.any(axis=1))
    if not len(rows):
        return slice(0, 0), slice(0, 0)
    around = slice(int(rows[0]), int(rows[-1]) + 1)
    columns = np.flatnonzero(bits[around].any(axis=0))
    return around, slice(int(columns[0]), int(columns[-1]) + 1)


def _component_boxes(
    bits: np.ndarray, bit: np.integer, occupied: tuple[slice, slice], band: int
) -> np.ndarray:
    """Top, left, bottom and right of each component of a class, (components, 4), the last two inclusive."""
    inside = bits[occupied]
    if not np.bitwise_and(inside, bit).any():
        return np.empty((0, 4), np.int64)
    wide = inside.shape[1] > inside.shape[0]
    turned = inside.T if wide else inside

    def plane(rows: slice) -> np.ndarray:
        return (turned[rows] & bit) != 0

    boxes = label_plane(plane, len(turned), band).boxes
    top, left = occupied[0].start, occupied[1].start
    return (boxes[:, [1, 0, 3, 2]] if wide else boxes) + [top, left, top, left]


def _touching_all_sides(crop: np.ndarray) -> np.ndarray:
    """The component whose bounding box a crop is: two that reach all four sides would have to meet."""
    _, labels = cv2.connectedComponents(crop.view(np.uint8), connectivity=8)
    sides = [set(np.unique(side)) for side in (labels[0], labels[-1], labels[:, 0], labels[:, -1])]
    return labels == min(set.intersection(*sides) - {0})


def _outline(mask: np.ndarray, left: int, top: int) -> tuple[float, float, np.ndarray]:
    """Length and width in pixels, and the outer border in the picture's frame."""
    contours, _ = cv2.findContours(mask.view(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    contour = contours[0].reshape(-1, 2)
    # Between pixel centres a line of one pixel has no width; every pixel is one wide itself.
    sides = sorted(side + 1 for side in cv2.minAreaRect(contour)[1])
    return round(sides[1], 2), round(sides[0], 2), contour + np.array([left, top], np.int32)
