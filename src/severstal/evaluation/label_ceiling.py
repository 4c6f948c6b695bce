"""The ceiling of the Dice for a perfect network whose masks are degraded in one way."""

from collections.abc import Callable

import cv2
import numpy as np
import pandas as pd

from severstal.competition import rle
from severstal.competition.metric import pair_dice
from severstal.competition.spec import Spec
from severstal.progress import progress

Degradation = Callable[[np.ndarray], np.ndarray]

_SMALL = 0.0015  # share of the picture: 614 pixels at 256 x 1600, near the winner's 600 for classes 1 and 2
_COPIED = 0.0085  # 3,482 pixels there, near the 3,500 of many public kernels
_SQUARE = np.ones((3, 3), np.uint8)


def degradations(pixels: int) -> dict[str, Degradation]:
    """The degradations by name; each maps (H, W) uint8 of 0 and 1 to the same.

    Args:
        pixels: pixels in a picture, which the minimum areas are shares of.

    Example:
        >>> mask = np.array([[1, 0, 0], [1, 0, 0]], np.uint8)
        >>> degradations(6)["read row by row instead of column by column"](mask).tolist()
        [[1, 1, 0], [0, 0, 0]]
    """
    small, copied = round(_SMALL * pixels), round(_COPIED * pixels)
    return {
        "read row by row instead of column by column": lambda mask: mask.ravel(order="F").reshape(mask.shape),
        "every run one pixel late": _late,
        "shifted 3 pixels to the right": lambda mask: _moved(mask, 3),
        "1 pixel wider all around": lambda mask: cv2.dilate(mask, _SQUARE),
        "1 pixel narrower all around": lambda mask: cv2.erode(mask, _SQUARE),
        "bounding box of each component": _boxes,
        "at half the resolution": lambda mask: _coarse(mask, 2),
        "at a quarter of the resolution": lambda mask: _coarse(mask, 4),
        "holes filled": _filled,
        f"components below {small:,} px removed": lambda mask: _without_small(mask, small),
        f"masks below {small:,} px removed": lambda mask: mask * np.uint8(mask.sum() >= small),
        f"masks below {copied:,} px removed": lambda mask: mask * np.uint8(mask.sum() >= copied),
    }


def measure_ceiling(table: pd.DataFrame, spec: Spec, most: int = 100) -> pd.DataFrame:
    """Score degraded true masks against the true masks.

    Args:
        table: labels, one row per mask.
        spec: the shapes and the classes; where the pictures differ in size, minimum areas are shares of their
            median.
        most: maximum number of masks per class, spaced evenly over their areas.

    Returns:
        Mean Dice, from 0 to 1: one row per degradation; one column per `ClassId` that has a mask, and `all`,
        their mean weighted by the number of masks. Without a mask the table has no row.

    Example:
        >>> rows = [("a.jpg", 1, "1 8"), ("b.jpg", 1, "17 16")]
        >>> table = pd.DataFrame(rows, columns=["ImageId", "ClassId", "EncodedPixels"])
        >>> ceiling = measure_ceiling(table, Spec("tiny", (8, 8), ("hole",)))
        >>> float(ceiling.loc["holes filled", "all"])
        1.0
    """
    shapes = [spec.shape_of(image) for image in table["ImageId"]]
    pixels = int(np.median([height * width for height, width in shapes])) if shapes else 0
    ways = degradations(pixels)
    dice: dict[int, np.ndarray] = {}
    weights: dict[int, int] = {}
    drawn: list[tuple[int, str, tuple[int, int]]] = []
    for class_id in spec.class_ids:
        own = np.flatnonzero(table["ClassId"] == class_id)
        runs = [(table["EncodedPixels"].iloc[row], shapes[row]) for row in own]
        runs.sort(key=lambda mask: (sum(map(int, mask[0].split()[1::2])), mask[0]))
        places = np.unique(np.linspace(0, len(runs) - 1, min(len(runs), most)).round().astype(int))
        drawn += [(class_id, *runs[place]) for place in places]
        if runs:
            weights[class_id] = len(runs)
            dice[class_id] = np.zeros(len(ways))
    if not drawn:
        return pd.DataFrame(columns=["all"], dtype=float)
    number = dict.fromkeys(dice, 0)
    for class_id, text, shape in progress(drawn, "degrade masks", unit="mask"):
        mask = np.ascontiguousarray(rle.decode(text, shape))
        dice[class_id] += [_dice(way(mask), mask) for way in ways.values()]
        number[class_id] += 1
    scores = pd.DataFrame({k: dice[k] / number[k] for k in dice}, index=list(ways))
    scores["all"] = np.average(scores, axis=1, weights=[weights[k] for k in dice])
    return scores


def _dice(degraded: np.ndarray, mask: np.ndarray) -> float:
    areas = (np.count_nonzero(one) for one in (degraded & mask, degraded, mask))
    return float(pair_dice(*map(np.asarray, areas)))


def _late(mask: np.ndarray) -> np.ndarray:
    """Each run one pixel late, as by decoders that take the 1-based start for a 0-based one."""
    flat = mask.ravel(order="F")
    return np.concatenate([[np.uint8(0)], flat[:-1]]).reshape(mask.shape, order="F")


def _moved(mask: np.ndarray, pixels: int) -> np.ndarray:
    moved = np.zeros_like(mask)
    moved[:, pixels:] = mask[:, :-pixels]
    return moved


def _coarse(mask: np.ndarray, factor: int) -> np.ndarray:
    height, width = mask.shape
    small = max(1, width // factor), max(1, height // factor)
    shares = cv2.resize(mask.astype(np.float32), small, interpolation=cv2.INTER_AREA)
    return np.uint8(cv2.resize(shares, (width, height), interpolation=cv2.INTER_LINEAR) >= 0.5)


def _boxes(mask: np.ndarray) -> np.ndarray:
    _, _, boxes, _ = cv2.connectedComponentsWithStats(mask)
    drawn = np.zeros_like(mask)
    for left, top, wide, high, _ in boxes[1:]:
        drawn[top : top + high, left : left + wide] = 1
    return drawn


def _filled(mask: np.ndarray) -> np.ndarray:
    outlines, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    return cv2.drawContours(mask.copy(), outlines, -1, 1, cv2.FILLED)


def _without_small(mask: np.ndarray, least: int) -> np.ndarray:
    _, labels, boxes, _ = cv2.connectedComponentsWithStats(mask)
    keep = boxes[:, cv2.CC_STAT_AREA] >= least
    keep[0] = False  # the background
    return keep[labels].astype(np.uint8)
