"""What a submission's masks look like: the surest, the least sure and the largest of each class."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from severstal.competition.areas import area
from severstal.competition.metric import class_areas, pair_dice
from severstal.competition.spec import Spec
from severstal.evaluation.labels import class_label
from severstal.report.eda.gallery import CONTOURS
from severstal.report.overlay import ImageLookup, Panel, columns_for, gallery
from severstal.report.palette import Sheet, empty_sheet


def telling_predictions(
    predicted: pd.DataFrame, names: Sequence[str], class_probability: np.ndarray, spec: Spec, clean: int = 4
) -> pd.DataFrame:
    """Choose predictions worth a look.

    Args:
        predicted: tidy, a row a predicted mask of one of `names`.
        names: of the N test images.
        class_probability: (N, C) uint8, 0 to 255 for 0 to 1.
        spec: names the classes.
        clean: how many images without any mask; half of them the surest, half the least sure.

    Returns:
        A row a choice, no image twice within a class: `ImageId`, `ClassId` (0 for a clean image), `why`,
        `probability` of the class, of a clean image the highest of any class, and `area` in pixels.

    Example:
        >>> spec = Spec("tiny", (8, 8), ("hole",))
        >>> table = pd.DataFrame({"ImageId": ["a", "b"], "ClassId": [1, 1], "EncodedPixels": ["1 9", "1 2"]})
        >>> found = telling_predictions(table, ["a", "b", "c"], np.uint8([[51], [255], [0]]), spec)
        >>> found[["ImageId", "ClassId", "why"]].to_numpy().tolist()
        [['b', 1, 'surest'], ['a', 1, 'least sure'], ['c', 0, 'surest']]
    """
    sure = pd.DataFrame(class_probability / 255, index=list(names), columns=list(spec.class_ids))
    rows = []
    for class_id in spec.class_ids:
        own = predicted[predicted["ClassId"] == class_id].set_index("ImageId")["EncodedPixels"].map(area)
        by_sure = sure.loc[own.index, class_id].sort_values(kind="stable")
        by_area = own.sort_values(kind="stable")
        seen: set[str] = set()
        middle = by_sure[: len(by_sure) // 2 + 1]
        for why, order in (
            ("surest", by_sure),
            ("typical", middle),
            ("least sure", by_sure[::-1]),
            ("largest", by_area),
        ):
            if len(order) and (name := order.index[-1]) not in seen:
                seen.add(name)
                rows.append((name, class_id, why, sure.loc[name, class_id], int(own[name])))
    highest = sure.drop(index=predicted["ImageId"].unique()).max(axis=1).sort_values(kind="stable")
    half = -(-min(clean, len(highest)) // 2)
    least = highest.index[half:][::-1][: min(clean, len(highest)) - half]
    for why, chosen in (("surest", highest.index[:half]), ("least sure", least)):
        rows += [(name, 0, why, highest[name], 0) for name in chosen]
    return pd.DataFrame(rows, columns=["ImageId", "ClassId", "why", "probability", "area"])


def prediction_gallery(
    chosen: pd.DataFrame,
    picture: ImageLookup,
    predicted: ImageLookup,
    spec: Spec,
    truth: ImageLookup | None = None,
) -> Sheet:
    """Show test images with what is submitted for them.

    Args:
        chosen: as `telling_predictions` gives it.
        picture: gives an image's (H, W) uint8 by its name.
        predicted: gives its (H, W) bits as submitted.
        spec: names the classes.
        truth: gives its true (H, W) bits; None where they are not known.

    Example:
        >>> spec, row = Spec("tiny", (8, 30), ("hole",)), ("a", 1, "surest", 0.9, 9)
        >>> chosen = pd.DataFrame([row], columns=["ImageId", "ClassId", "why", "probability", "area"])
        >>> empty = np.zeros((8, 30), np.uint8)
        >>> figure = prediction_gallery(chosen, lambda name: empty, lambda name: empty + 1, spec)
        >>> figure.axes[0].get_title(loc="left")
        '1 hole, surest: p 0.90, 9 px\\na'
    """
    title = "What is submitted"
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
                else f"{row.ImageId}: {verdict(bits, truth(row.ImageId), row, spec)}"
            )
            what = "clean" if class_id == 0 else class_label(spec, class_id)
            said = "highest p" if class_id == 0 else "p"
            size = "" if class_id == 0 else f", {row.area:,} px"
            caption = f"{what}, {row.why}: {said} {row.probability:.2f}{size}\n{line}"
            panels.append(Panel(picture(row.ImageId), bits, caption))
        panels += [None] * (-len(panels) % columns)
    absent = [class_label(spec, k) for k in spec.class_ids if k not in set(chosen["ClassId"])]
    note = f"p: the class probability. {CONTOURS}"
    if absent:
        note += f" Never predicted: {', '.join(absent)}."
    figure = gallery(panels, spec, title, note)
    figure.photographic = True
    return figure


def verdict(bits: np.ndarray, true: np.ndarray, row: object, spec: Spec) -> str:
    """How a prediction fares against the truth: the Dice of its class, of a clean image what was missed.

    Args:
        bits: (H, W) as submitted.
        true: (H, W) as labelled.
        row: of `telling_predictions`, with its `ClassId`.
        spec: names the classes.
    """
    areas = class_areas(bits, true, len(spec.classes))
    if row.ClassId:
        if not areas[2][row.ClassId - 1]:
            return "false alarm"
        return f"Dice {pair_dice(*areas)[row.ClassId - 1]:.2f}"
    missed = [str(k) for k in spec.class_ids if areas[2][k - 1]]
    return f"missed class {', '.join(missed)}" if missed else "rightly"
