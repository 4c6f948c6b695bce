"""The masks of a submission: the most and the least certain and the largest of each class."""

from typing import Any

import numpy as np
import pandas as pd

from severstal.competition.metric import class_areas, pair_dice
from severstal.competition.spec import Spec
from severstal.evaluation.labels import class_label
from severstal.report.eda.gallery import CONTOURS
from severstal.report.overlay import ImageLookup, Panel, columns_for, gallery
from severstal.report.palette import Sheet, empty_sheet


def prediction_gallery(
    chosen: pd.DataFrame,
    picture: ImageLookup,
    predicted: ImageLookup,
    spec: Spec,
    truth: ImageLookup | None = None,
) -> Sheet:
    """Show test images with their submitted masks.

    Args:
        chosen: selection from `select_predictions`.
        picture: function from an image's name to its pixels, (H, W) uint8.
        predicted: function from an image's name to its submitted (H, W) bitmask.
        spec: names the classes.
        truth: function from an image's name to its true (H, W) bitmask; None where it is not known.

    Example:
        >>> spec, row = Spec("tiny", (8, 30), ("hole",)), ("a", 1, "most certain", 0.9, 9)
        >>> chosen = pd.DataFrame([row], columns=["ImageId", "ClassId", "why", "probability", "area"])
        >>> empty = np.zeros((8, 30), np.uint8)
        >>> figure = prediction_gallery(chosen, lambda name: empty, lambda name: empty + 1, spec)
        >>> figure.axes[0].get_title(loc="left")
        '1 hole, most certain: p 0.90, 9 px\\na'
    """
    title = "The submitted masks"
    if chosen.empty:
        return empty_sheet(title)
    columns = columns_for(spec)
    panels: list[Panel | None] = []
    for class_id, own in sorted(chosen.groupby("ClassId"), key=lambda group: (group[0] == 0, group[0])):
        for row in own.itertuples():
            bits = predicted(row.ImageId)
            line = (
                row.ImageId
                if truth is None
                else f"{row.ImageId}: {_verdict(bits, truth(row.ImageId), row, spec)}"
            )
            what = "clean" if class_id == 0 else class_label(spec, class_id)
            symbol = "maximum p" if class_id == 0 else "p"
            size = "" if class_id == 0 else f", {row.area:,} px"
            caption = f"{what}, {row.why}: {symbol} {row.probability:.2f}{size}\n{line}"
            panels.append(Panel(picture(row.ImageId), bits, caption))
        panels += [None] * (-len(panels) % columns)
    absent = [class_label(spec, k) for k in spec.class_ids if k not in set(chosen["ClassId"])]
    note = f"p: the class probability. {CONTOURS}"
    if absent:
        note += f" Never predicted: {', '.join(absent)}."
    figure = gallery(panels, spec, title, note)
    figure.photographic = True
    return figure


def _verdict(bits: np.ndarray, true: np.ndarray, row: Any, spec: Spec) -> str:
    """Compare a prediction with the truth: the Dice of its class or, of a clean image, the missed classes."""
    areas = class_areas(bits, true, len(spec.classes))
    if row.ClassId:
        if not areas[2][row.ClassId - 1]:
            return "false alarm"
        return f"Dice {pair_dice(*areas)[row.ClassId - 1]:.2f}"
    missed = [str(k) for k in spec.class_ids if areas[2][k - 1]]
    return f"missed class {', '.join(missed)}" if missed else "right"
