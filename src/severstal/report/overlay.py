"""Pictures with the contours of their masks."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest

import cv2
import numpy as np
from matplotlib.axes import Axes

from severstal.competition.spec import Spec
from severstal.data.arrays import with_colours
from severstal.evaluation.labels import class_label, truncate
from severstal.report.crop import cell_shape
from severstal.report.palette import DPI, FIGURE_WIDTH, Sheet, colour, ink, rgb, sheet

ImageLookup = Callable[[str], np.ndarray]  # pixels or bitmask of an image, by its name

CAPTION = 0.16  # inches per line
MAX_HEIGHT = 3.0  # of a picture of a gallery in inches


@dataclass(frozen=True)
class Panel:
    """One picture of a gallery.

    Attributes:
        picture: (H, W) uint8, grey, or (H, W, 3), red, green and blue.
        bits: (H, W) bitmask, bit k - 1 for class k.
        caption: one or more lines above it, truncated where they do not fit.
    """

    picture: np.ndarray
    bits: np.ndarray
    caption: str


def class_planes(bits: np.ndarray, spec: Spec) -> Iterator[tuple[int, np.ndarray]]:
    """The classes of a bitmask: `ClassId` and (H, W) uint8 of 0 and 1.

    Example:
        >>> from severstal.competition.spec import SEVERSTAL
        >>> [(k, int(plane.sum())) for k, plane in class_planes(np.array([[0, 1, 5]], np.uint8), SEVERSTAL)]
        [(1, 2), (3, 1)]
    """
    for class_id in spec.class_ids:
        plane = (bits >> (class_id - 1) & 1).astype(np.uint8)
        if plane.any():
            yield class_id, plane


def draw_contours(picture: np.ndarray, bits: np.ndarray, spec: Spec, thickness: int = 1) -> np.ndarray:
    """Draw the contours of every mask, holes included, in the colour of its class.

    A line of one pixel is drawn on the outermost pixels of the mask. A thicker line is centred there and has
    a black rim, as in greyscale it may be as bright as the steel.

    Args:
        picture: (H, W) uint8, grey, or (H, W, 3), red, green and blue.
        bits: (H, W) bitmask, bit k - 1 for class k.
        spec: names the classes.
        thickness: thickness of the line in pixels, at least 1.

    Returns:
        (H, W, 3) uint8, RGB.

    Example:
        >>> from severstal.competition.spec import SEVERSTAL
        >>> picture, bits = np.zeros((5, 5), np.uint8), np.zeros((5, 5), np.uint8)
        >>> bits[1:4, 1:4] = 1
        >>> drawn = draw_contours(picture, bits, SEVERSTAL)
        >>> drawn[1, 1].tolist(), drawn[2, 2].tolist()
        ([230, 159, 0], [0, 0, 0])
    """
    drawn = with_colours(picture)
    outlines = {
        class_id: cv2.findContours(plane, cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)[0]
        for class_id, plane in class_planes(bits, spec)
    }
    # All rims first: the rim of one class must not cover the line of another.
    if thickness > 1:
        for contours in outlines.values():
            cv2.drawContours(drawn, contours, -1, (0, 0, 0), thickness + 2)
    for class_id, contours in outlines.items():
        cv2.drawContours(drawn, contours, -1, rgb(class_id), thickness)
    return drawn


def show_mask(axes: Axes, picture: np.ndarray, bits: np.ndarray, spec: Spec, width: float) -> None:
    """Show a picture with contours of the masks and the `ClassId` of each class at its largest component.

    The units of the axes are the pixels of the picture, at any display size.

    Args:
        axes: axes to draw on.
        picture: (H, W) uint8, grey, or (H, W, 3), red, green and blue.
        bits: (H, W) bitmask, bit k - 1 for class k.
        spec: names the classes.
        width: width of the axes in inches; the picture is resampled to twice their dots, for contours of
            equal thickness in all pictures and for small notebooks.

    Example:
        >>> from severstal.competition.spec import SEVERSTAL
        >>> picture, bits = np.zeros((256, 1600), np.uint8), np.zeros((256, 1600), np.uint8)
        >>> bits[100:150, 300:400] = 4
        >>> figure, ((axes,),) = sheet(9, 2, "a.jpg")
        >>> show_mask(axes, picture, bits, SEVERSTAL, width=9)
        >>> [text.get_text() for text in axes.texts]
        ['3']
    """
    height, across = picture.shape[:2]
    scale = 2 * width * DPI / across
    size = (max(1, round(across * scale)), max(1, round(height * scale)))
    surrounding = np.zeros(size[::-1], bits.dtype)
    around = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (5, 5))
    sampling = cv2.INTER_AREA if scale < 1 else cv2.INTER_NEAREST
    for class_id, plane in class_planes(bits, spec):
        # Any pixel instead of the nearest, and a line just outside, so that small defects stay visible.
        sized = np.uint8(cv2.resize(plane.astype(np.float32), size, interpolation=sampling) > 0)
        surrounding |= cv2.dilate(sized, around).astype(bits.dtype) << (class_id - 1)
    drawn = draw_contours(cv2.resize(picture, size, interpolation=sampling), surrounding, spec, thickness=2)
    axes.imshow(drawn, extent=(0, across, height, 0))

    point = across / (72 * width)  # one typographic point in pixels of the picture
    tall = 13 * point  # height of the number
    for class_id, plane in class_planes(bits, spec):
        _, _, boxes, _ = cv2.connectedComponentsWithStats(plane)
        left, top, wide, high, _ = boxes[1:][boxes[1:, cv2.CC_STAT_AREA].argmax()]
        # Above the defect, else below it, else inside at the top.
        over, under = top - 1.5 * tall, top + high + 0.5 * tall
        y = over if over >= 0 else under if under + tall <= height else tall / 4
        axes.text(
            np.clip(left + wide / 2, tall / 2, max(across - tall / 2, tall / 2)),
            y + tall / 2,
            str(class_id),
            ha="center",
            va="center_baseline",
            fontsize=8,
            fontweight="bold",
            color=ink(colour(class_id)),
            bbox={"boxstyle": "round,pad=0.15", "facecolor": colour(class_id), "linewidth": 0.4},
        )
    axes.set_xlim(0, across)
    axes.set_ylim(height, 0)


def columns_for(spec: Spec) -> int:
    """The number of columns of a gallery that suits the shape of the pictures.

    Example:
        >>> from severstal.competition.spec import SEVERSTAL
        >>> columns_for(SEVERSTAL)
        2
    """
    height, across = spec.image_shape or (2, 3)  # three in a row, where each has its own shape
    return 2 if across > 2.5 * height else 3 if across > height else 4


def gallery(
    panels: Sequence[Panel | None], spec: Spec, title: str, note: str = "", columns: int | None = None
) -> Sheet:
    """Show pictures in a grid, row by row.

    Args:
        panels: pictures to show; None for an empty cell.
        spec: names the classes and fixes the shape of the cells.
        title: title of the figure.
        note: note below the title that says how to read the figure.
        columns: pictures per row; None for `columns_for(spec)`.

    Example:
        >>> from severstal.competition.spec import SEVERSTAL
        >>> panel = Panel(np.zeros((256, 1600), np.uint8), np.zeros((256, 1600), np.uint8), "a.jpg")
        >>> len(gallery([panel] * 3, SEVERSTAL, "Three").axes)
        3
    """
    height, across = cell_shape(spec, [panel.picture.shape[:2] for panel in panels if panel])
    columns = columns or columns_for(spec)
    rows = max(1, -(-len(panels) // columns))
    cell = FIGURE_WIDTH / columns - 0.1
    tall = min(cell * height / across, MAX_HEIGHT)
    lines = 1 + max((panel.caption.count("\n") for panel in panels if panel), default=0)
    figure, axes = sheet(FIGURE_WIDTH, rows * (tall + CAPTION * lines + 0.1), title, note, rows, columns)
    figure.get_layout_engine().set(w_pad=0.03, h_pad=0.02, wspace=0, hspace=0)
    for place, panel in zip_longest(axes.flat, panels):
        if panel is None:
            place.remove()
            continue
        high, wide = spec.image_shape or panel.picture.shape[:2]
        show_mask(place, panel.picture, panel.bits, spec, min(cell, tall * wide / high))
        caption = "\n".join(truncate(line, int(14 * cell)) for line in panel.caption.split("\n"))
        place.set_title(caption, fontsize=8, loc="left", pad=3)
        place.set_anchor("SW")
        place.set_xticks([])
        place.set_yticks([])
    return figure


def describe_mask(bits: np.ndarray, spec: Spec) -> str:
    """The classes of a bitmask with their areas.

    Example:
        >>> from severstal.competition.spec import SEVERSTAL
        >>> describe_mask(np.array([[0, 4, 4]], np.uint8), SEVERSTAL)
        'class 3 (2 px)'
    """
    parts = [f"{class_label(spec, k)} ({int(plane.sum()):,} px)" for k, plane in class_planes(bits, spec)]
    return ", ".join(parts) or "clean"
