"""A contact sheet: many overlays on one page."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from severstal.errors import SeverstalError

MOST = 48
"""Pictures on a sheet."""

_SHEET = 2000  # pixels
_GAP = 8


def contact_sheet(paths: Sequence[Path]) -> np.ndarray | None:
    """Put pictures into a grid, row by row.

    Wide pictures stand in two columns, others in up to eight; each is shrunk to the width of its column.

    Args:
        paths: paths of overlays; missing files are left out, and those beyond `MOST`.

    Returns:
        (H, W, 3) uint8, RGB; None where no picture is there.

    Example:
        >>> contact_sheet([Path("absent.png")])
    """
    pictures = [found for path in paths[:MOST] if (found := _read(path)) is not None]
    if not pictures:
        return None
    across = float(np.median([picture.shape[1] / picture.shape[0] for picture in pictures]))
    columns = min(len(pictures), 2 if across > 3 else 4 if across > 1.5 else 8)
    width = (_SHEET - _GAP * (columns + 1)) // columns
    cells = [_fitted(picture, width) for picture in pictures]
    rows = [cells[start : start + columns] for start in range(0, len(cells), columns)]
    heights = [max(cell.shape[0] for cell in row) for row in rows]
    sheet = np.full(
        (sum(heights) + _GAP * (len(rows) + 1), columns * (width + _GAP) + _GAP, 3), 255, np.uint8
    )
    top = _GAP
    for row, height in zip(rows, heights, strict=True):
        for place, cell in enumerate(row):
            left = _GAP + place * (width + _GAP)
            sheet[top : top + cell.shape[0], left : left + cell.shape[1]] = cell
        top += height + _GAP
    return sheet


def _read(path: Path) -> np.ndarray | None:
    try:
        data = np.fromfile(path, np.uint8)
    except OSError:
        return None
    picture = cv2.imdecode(data, cv2.IMREAD_COLOR) if data.size else None
    if picture is None:
        raise SeverstalError(f"{path}: damaged: delete it and give the same command again")
    return cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)


def _fitted(picture: np.ndarray, width: int) -> np.ndarray:
    """A picture as wide as a column at most, and at most twice as tall."""
    scale = min(1.0, width / picture.shape[1], 2 * width / picture.shape[0])
    size = [max(1, round(side * scale)) for side in picture.shape[1::-1]]
    return cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
