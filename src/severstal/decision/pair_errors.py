"""A table of all (image, class) pairs: kind and cost of the error, probabilities, place and brightness."""

import numpy as np
import pandas as pd

from severstal.competition.scored import ScoredPairs
from severstal.competition.spec import Spec
from severstal.decision.levels import to_level
from severstal.decision.summary import Summary

# A nearly constant map of a large defect has a good Dice at a threshold near 0, which no rule would use.
_LOWEST_THRESHOLD = 0.2


def pair_errors(
    pairs: ScoredPairs, summary: Summary, features: pd.DataFrame, boxes: pd.DataFrame, drawn: pd.DataFrame
) -> pd.DataFrame:
    """Describe the error of every pair.

    Args:
        pairs: areas of the predicted and the true masks.
        summary: summary of the maps of the same images, in any order.
        features: one row per picture of all these images: `ImageId`, `brightness` and `black`.
        boxes: boxes of the true masks: `ImageId`, `ClassId`, `top`, `left`, `height` and `width` in pixels,
            as `mask_statistics` returns them.
        drawn: boxes of the predicted masks, with the same columns.

    Returns:
        One row per pair, in the order of the images and then of the classes: `ImageId`, `ClassId`; `kind`
        (one of `evaluation.errors.ERROR_KINDS`, or "right" where no point is lost); `dice`; `lost`, in
        points of the score; `true` and `predicted`, areas in pixels; `covered`, the recall, and `exact`, the
        precision of the pixels (nan where undefined); `probability` of the class and `peak`, the maximum of
        its map, 0 to 1; `best`, the Dice at the best threshold of this pair from 0.2 on, without gate and
        minimum area (nan without a defect); `brightness` and `black` of the picture; `x` and `y`, the centre
        of the true box or, without a defect, of the predicted one, as shares of the picture (nan where there
        is neither); `edge`, whether that box touches the left or right side; `group` and `fold` of the image.

    Raises:
        SeverstalError: an image has no map.

    Example:
        `pair_errors(...).nlargest(5, "lost")` are five of the pairs that lose most.
    """
    spec, classes = pairs.spec, len(pairs.spec.classes)
    summary = summary.take(summary.rows(pairs.images))
    areas, true = summary.areas.astype(np.int64), summary.true[:, :, None]
    by_level = 2 * summary.intersections / np.maximum(areas + true, 1)  # (N, C, 256)
    best = by_level[:, :, to_level(_LOWEST_THRESHOLD) :].max(axis=2)  # (N, C)
    best = best.clip(min=np.where(pairs.true > 0, pairs.dice, 0))
    peak = (np.count_nonzero(areas, axis=2) - 1) / 255
    dice, defect, found = pairs.dice, pairs.true > 0, pairs.predicted > 0
    kind = np.select(
        [defect & ~found, ~defect & found, defect & (dice < 1)], ["missed", "false alarm", "outline"], "right"
    )
    with np.errstate(invalid="ignore"):
        covered, exact = pairs.intersection / pairs.true, pairs.intersection / pairs.predicted
    table = pd.DataFrame(
        {
            "ImageId": np.repeat(np.array(pairs.images, dtype=object), classes),
            "ClassId": np.tile(np.array(spec.class_ids, np.int64), len(pairs)),
            "kind": kind.ravel(),
            "dice": dice.ravel(),
            "lost": (1 - dice).ravel() / max(dice.size, 1),
            "true": pairs.true.ravel(),
            "predicted": pairs.predicted.ravel(),
            "covered": covered.ravel(),
            "exact": exact.ravel(),
            "probability": summary.class_probability.ravel() / 255,
            "peak": peak.ravel(),
            "best": np.where(defect, best, np.nan).ravel(),
            "group": np.repeat(pairs.groups, classes),
            "fold": np.repeat(pairs.folds, classes),
        }
    ).astype({"ImageId": "str"})
    table = table.join(features.set_index("ImageId")[["brightness", "black"]], on="ImageId")
    keys = ["ImageId", "ClassId"]
    known = pd.concat([boxes, drawn]).drop_duplicates(keys).set_index(keys)
    return table.join(_centres(known, spec), on=keys).astype({"edge": "boolean"}).fillna({"edge": False})


def _centres(boxes: pd.DataFrame, spec: Spec) -> pd.DataFrame:
    """The centre of boxes as shares of the picture, and whether they touch its left or right side."""
    shapes = np.array([spec.shape_of(image) for image, _ in boxes.index], np.int64).reshape(-1, 2)
    height, width = shapes.T
    right = boxes["left"] + boxes["width"]
    return pd.DataFrame(
        {
            "x": (boxes["left"] + right) / 2 / width,
            "y": (boxes["top"] + boxes["height"] / 2) / height,
            "edge": (boxes["left"] == 0) | (right == width),
        }
    )
