"""The masks of each class in one row: area, components, place and shape."""

import numpy as np
import pandas as pd

from severstal.competition.spec import Spec
from severstal.evaluation.labels import class_labels


def summarise_masks(masks: pd.DataFrame, spec: Spec) -> pd.DataFrame:
    """Summarise the masks of each class.

    Args:
        masks: one row per mask with area, components and box, as `mask_statistics` returns them.
        spec: names the classes and fixes the sizes of the pictures.

    Returns:
        One row per class: number of masks, quantiles of the area in pixels, components per mask, and in per
        cent the masks of one component, those that touch top or bottom and those that touch a side, and the
        mean share of its bounding box that a mask fills; <NA> where a class has no mask.

    Example:
        >>> row = {"ClassId": 1, "area": 6, "components": 1, "top": 0, "left": 1, "height": 2, "width": 4}
        >>> summary = summarise_masks(pd.DataFrame([row]), Spec("tiny", (8, 8), ("hole",)))
        >>> summary.loc["1 hole", ["masks", "touches top or bottom (%)", "fills its box (%)"]].tolist()
        [1, 100, 75]
    """
    rows = {}
    for class_id, label in zip(spec.class_ids, class_labels(spec), strict=True):
        own = masks[masks["ClassId"] == class_id]
        height, width = _sides(own, spec)
        bottom, right = own["top"] + own["height"], own["left"] + own["width"]
        rows[label] = {
            "masks": len(own),
            "area: 5 % quantile": own["area"].quantile(0.05),
            "area: median": own["area"].median(),
            "area: 95 % quantile": own["area"].quantile(0.95),
            "components": own["components"].mean(),
            "one component (%)": 100 * (own["components"] == 1).mean(),
            "touches top or bottom (%)": 100 * ((own["top"] == 0) | (bottom == height)).mean(),
            "touches a side (%)": 100 * ((own["left"] == 0) | (right == width)).mean(),
            "fills its box (%)": 100 * (own["area"] / (own["height"] * own["width"])).mean(),
        }
    digits = {name: 0 for name in next(iter(rows.values()))} | {"components": 1}
    summary = pd.DataFrame.from_dict(rows, orient="index").round(digits)
    whole = [name for name, number in digits.items() if number == 0]
    return summary.astype(dict.fromkeys(whole, "Int64") | {"components": "Float64"})


def _sides(masks: pd.DataFrame, spec: Spec) -> tuple[np.ndarray | int, np.ndarray | int]:
    """Height and width of the picture of each mask, or of all."""
    if spec.image_shape is not None:
        return spec.image_shape
    height, width = np.array([spec.shape_of(image) for image in masks["ImageId"]], np.int64).reshape(-1, 2).T
    return height, width
