"""The overlay of a result: the picture with outlined defects, badges, and a legend below."""

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from severstal.data.arrays import with_colours
from severstal.deploy.defects import Defect
from severstal.deploy.overlay.outline import draw_outlines
from severstal.deploy.overlay.places import BadgeBox, place_badge
from severstal.deploy.overlay.text import badge_size, draw_badge, drawable
from severstal.report.colours import rgb

if TYPE_CHECKING:
    from severstal.deploy.result import Result

_SMALLEST = 512  # pixels: pictures with a longer side below that are enlarged by a whole factor
_TEXT = 14  # pixels
_MOST_BADGES = 60
_MOST_NAMES = 12  # badges with the class's name; beyond, its number stands for it
_GREY, _PAPER, _WARNING = (200, 200, 200), (255, 255, 255), (255, 214, 90)


def draw_overlay(result: "Result") -> np.ndarray:
    """Draw what `Result.overlay` gives: (H + legend, W, 3) uint8, RGB.

    Pictures smaller than 512 pixels are enlarged by a whole factor, without interpolation.
    """
    height, width = result.image_shape
    zoom = max(1, -(-_SMALLEST // max(height, width)))
    size = max(_TEXT, round(min(height, width) * zoom / 90))
    canvas = with_colours(_enlarged(result.picture, zoom))
    draw_outlines(canvas, result.defects, result.mask, zoom)
    unlabelled = 0
    if result.defects:
        canvas, unlabelled = _with_badges(canvas, result, size, zoom)
    return np.concatenate([canvas, _legend(result, unlabelled, canvas.shape[1], size)])


def _with_badges(canvas: np.ndarray, result: "Result", size: int, zoom: int) -> tuple[np.ndarray, int]:
    """The canvas with a badge at each defect that has room for one; and how many have not."""
    paper, taken = Image.fromarray(canvas), []
    masks = _enlarged((result.mask != 0).view(np.uint8) * np.uint8(2), zoom)
    by_area = sorted(result.defects, key=lambda defect: -defect.area)
    for defect in by_area[:_MOST_BADGES]:
        name = "" if len(by_area) > _MOST_NAMES else f"{defect.class_name}  "
        text = drawable(f"{defect.class_id}  {name}{defect.mean_probability:.0%}")
        extent = badge_size(text, size)
        left, top, width, height = (zoom * part for part in defect.box)
        part = masks[top : top + height, left : left + width]
        own = _enlarged(defect.mask, zoom)
        part[own] = 1
        place = place_badge(
            _target(defect, zoom), extent, canvas.shape[:2], taken, masks, zoom**2 * defect.area // 4
        )
        part[own] = 2
        if place is not None:
            box: BadgeBox = (*place, *extent)
            taken.append(box)
            draw_badge(paper, *place, text, size, rgb(defect.class_id))
    return np.array(paper), len(by_area) - len(taken)


def _target(defect: Defect, zoom: int) -> BadgeBox:
    """What a badge stands beside: the box of a compact defect, the upper end of one that leaves it empty."""
    left, top, width, height = defect.box
    if 3 * defect.area >= width * height:
        return zoom * left, zoom * top, zoom * width, zoom * height
    x, y = defect.contour[defect.contour[:, 1].argmin()].tolist()
    return zoom * x, zoom * y, zoom, zoom


def _enlarged(plane: np.ndarray, zoom: int) -> np.ndarray:
    return plane if zoom == 1 else plane.repeat(zoom, axis=0).repeat(zoom, axis=1)


def _legend(result: "Result", unlabelled: int, width: int, size: int) -> np.ndarray:
    """Name, verdict, every class with its probability, and the warnings: (h, W, 3) uint8."""
    height, across = result.image_shape
    count = len(result.defects)
    verdict = "no defect" if result.ok else f"{count:,} defect{'s' if count > 1 else ''}"
    entries = [(f"{result.name}  {height} x {across}  {verdict}", _PAPER)]
    for each in result.classes:
        of_class = sum(defect.class_id == each.id for defect in result.defects)
        found = f"  {of_class:,} found, {each.area:,} px" if each.found else "  none"
        colour = rgb(each.id) if each.found else _GREY
        entries.append((f"{each.id}  {each.name}  {each.probability:.0%}{found}", colour))
    if unlabelled:
        entries.append((f"{unlabelled:,} more without a badge", _GREY))
    entries += [(warning, _WARNING) for warning in result.warnings]
    texts = [(_cut(drawable(text), size, width), colour) for text, colour in entries]
    places, left, top = [], 0, 0
    for text, colour in texts:
        extent = badge_size(text, size)
        if left and left + extent[0] > width:
            left, top = 0, top + extent[1] + 2
        places.append((left, top, text, colour))
        left += extent[0] + size // 2
    band = Image.new("RGB", (width, top + badge_size("", size)[1]), _PAPER)
    for left, top, text, colour in places:
        draw_badge(band, left, top, text, size, colour)
    return np.array(band)


def _cut(text: str, size: int, width: int) -> str:
    """A text that fits into a line, its end left out where it is longer."""
    if badge_size(text, size)[0] <= width:
        return text
    while text and badge_size(text + "...", size)[0] > width:
        text = text[:-1]
    return text + "..."
