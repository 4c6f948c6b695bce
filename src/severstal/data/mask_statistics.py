"""Statistics of the masks of a table: area, components, position; each mask is decoded once."""

import math
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pandas as pd

from severstal.competition import rle
from severstal.competition.spec import Spec
from severstal.errors import SeverstalError
from severstal.progress import progress

CELLS = 64  # of the coverage grid along the longer side of a picture

_MASK = ["ImageId", "ClassId", "area", "components", "top", "left", "height", "width"]
_COMPONENT = ["ImageId", "ClassId", "area", "top", "left", "height", "width"]


@dataclass(frozen=True)
class MaskStatistics:
    """Statistics of the masks of a tidy table, in pixels.

    Attributes:
        masks: one row per mask, in the table's order: `ImageId`, `ClassId`, `area`, `components`
            (8-connected) and the smallest box around it: `top`, `left`, `height`, `width`.
        components: one row per component, in the same order: `ImageId`, `ClassId`, `area` and its box.
        coverage: (C, rows, columns) float64, for each class the mean over its masks of the share of each cell
            that they cover; the cells are near-square, those of pictures that differ in size in one of the
            median height and width, and tile the picture. Zero where a class has no mask.
    """

    masks: pd.DataFrame
    components: pd.DataFrame
    coverage: np.ndarray


def mask_statistics(table: pd.DataFrame, spec: Spec) -> MaskStatistics:
    """Measure the masks of a tidy table.

    Args:
        table: tidy labels, one row per mask.
        spec: the shape and the classes.

    Example:
        >>> rows = [("a.jpg", 2, "1 2 5 1"), ("b.jpg", 2, "16 1")]
        >>> table = pd.DataFrame(rows, columns=["ImageId", "ClassId", "EncodedPixels"])
        >>> measured = mask_statistics(table, Spec("tiny", (4, 4), ("hole", "crack")))
        >>> measured.masks[["area", "components", "top", "left", "height", "width"]].to_numpy().tolist()
        [[3, 1, 0, 0, 2, 2], [1, 1, 3, 3, 1, 1]]
        >>> measured.coverage[1, 0].tolist()
        [0.5, 0.5, 0.0, 0.0]
    """
    height, width = spec.image_shape or _median_shape(table, spec)
    side = max(1.0, max(height, width) / CELLS)
    grid = max(1, round(height / side)), max(1, round(width / side))
    coverage = np.zeros((len(spec.classes), *grid))
    number = np.zeros(len(spec.classes), np.int64)
    masks, components = [], []
    rows = zip(table["ImageId"], table["ClassId"], table["EncodedPixels"], strict=True)
    for image, class_id, runs in progress(rows, "measuring masks", total=len(table), unit="mask"):
        # Runs go down the columns, so that the transposed mask is the one that lies in memory row by row.
        across = rle.decode(runs, spec.shape_of(image)).T  # (W, H)
        top, left, high, wide = cv2.boundingRect(across)
        part = np.ascontiguousarray(across[left : left + wide, top : top + high])
        _, _, boxes, _ = cv2.connectedComponentsWithStats(part, connectivity=8)
        boxes = boxes[1:]
        masks.append((image, class_id, int(boxes[:, 4].sum()), len(boxes), top, left, high, wide))
        components += [
            (image, class_id, area, top + y, left + x, h, w) for y, x, h, w, area in boxes.tolist()
        ]
        coverage[class_id - 1] += cv2.resize(
            across.astype(np.float32), grid, interpolation=cv2.INTER_AREA
        ).T  # (rows, columns)
        number[class_id - 1] += 1
    coverage /= np.maximum(number, 1)[:, None, None]
    return MaskStatistics(_table(masks, _MASK), _table(components, _COMPONENT), coverage)


def _median_shape(table: pd.DataFrame, spec: Spec) -> tuple[int, int]:
    """The median height and width of the pictures of masks; 1 x 1 without a mask."""
    shapes = [spec.shape_of(image) for image in table["ImageId"]] or [(1, 1)]
    height, width = np.median(shapes, axis=0).astype(int).tolist()
    return height, width


def _table(rows: list[tuple], columns: list[str]) -> pd.DataFrame:
    """Rows as a table whose columns have their types even where there is no row."""
    types = {"ImageId": str} | dict.fromkeys(columns[1:], "int64")
    return pd.DataFrame(rows, columns=columns).astype(types)


def read_area_shares(path: str | Path, spec: Spec) -> pd.DataFrame:
    """Read a table of how much of each image each class covers, where the masks themselves are not at hand.

    Args:
        path: a CSV with `ImageId` and, for each class, `class_K_area_pct`: per cent of the picture, a row an
            image.
        spec: the shape and the classes.

    Returns:
        `ImageId`, `ClassId` and `area` (pixels, int64), a row for each share above zero.

    Raises:
        SeverstalError: the file is missing, lacks a column, or holds a share that is none.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "shares.csv"
        >>> _ = path.write_text("ImageId,class_1_area_pct\\na.jpg,0.0\\nb.jpg,12.5\\n")
        >>> read_area_shares(path, Spec("tiny", (4, 4), ("hole",))).to_numpy().tolist()
        [['b.jpg', 1, 2]]
    """
    try:
        shares = pd.read_csv(path, dtype={"ImageId": str}, keep_default_na=False)
    except FileNotFoundError:
        raise SeverstalError(f"{path}: no such table: correct its name") from None
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
        raise SeverstalError(f"{path}: not a CSV ({error}): replace the file") from error
    wanted = ["ImageId", *(f"class_{k}_area_pct" for k in spec.class_ids)]
    for column in wanted:
        if column not in shares.columns:
            raise SeverstalError(f"{path}: column {column!r} is missing: add it, or correct dataset.toml")
    by_class = shares[wanted[1:]].apply(pd.to_numeric, errors="coerce")
    wrong = ~by_class.apply(lambda column: column.between(0, 100))  # a non-finite share is wrong, too
    if wrong.to_numpy().any():
        row, column = np.argwhere(wrong.to_numpy())[0]
        value = str(shares[wanted[1 + column]].iloc[row])
        raise SeverstalError(f"{path} row {row + 1}: {value!r} is no percentage: write 0 to 100")
    by_class = by_class.to_numpy(float)
    row, column = np.nonzero(by_class > 0)
    pixels = [math.prod(spec.shape_of(image)) for image in shares["ImageId"].to_numpy()[row]]
    areas = np.rint(by_class[row, column] / 100 * np.array(pixels, np.int64)).astype(np.int64)
    return pd.DataFrame(
        {"ImageId": shares["ImageId"].to_numpy()[row], "ClassId": column.astype(np.int64) + 1, "area": areas}
    )
