"""What became of every pair of an image and a class: found, missed, a false alarm, or an outline amiss."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
import pandas as pd

from severstal.competition.scored import ScoredPairs
from severstal.competition.spec import Spec
from severstal.decision.levels import to_level
from severstal.decision.summary import Summary
from severstal.evaluation.labels import class_labels

Kind = Literal["missed", "false alarm", "outline"]
KINDS: tuple[Kind, ...] = ("missed", "false alarm", "outline")
NAMES = {"missed": "missed defects", "false alarm": "false alarms", "outline": "outlines"}
SEEN = 0.5  # Dice that some threshold gives a pair, from which on its defect counts as seen by the network
# Of a large defect, a map that is nearly the same everywhere has a good Dice too, at a threshold near 0.
LOWEST = 0.2


def pair_errors(
    pairs: ScoredPairs, summary: Summary, features: pd.DataFrame, boxes: pd.DataFrame, drawn: pd.DataFrame
) -> pd.DataFrame:
    """Describe every pair: what became of it, what it cost, what the network said, where and how it looks.

    Args:
        pairs: as they were scored.
        summary: of the maps of the same images, in any order.
        features: a row a picture, with `ImageId`, `brightness` and `black`; of all the images.
        boxes: of the true masks: `ImageId`, `ClassId`, `top`, `left`, `height` and `width`, in pixels, as
            `mask_statistics` gives them.
        drawn: the same of the predicted masks.

    Returns:
        A row a pair, the classes of the first image first: `ImageId`, `ClassId`, `kind` (one of `KINDS`, or
        "right" where no point is lost); `dice`, and `lost`, points of the score; `true` and `predicted`,
        areas in pixels; `covered`, the share of the defect that is drawn, and `exact`, the share of the drawn
        mask that is defect (nan where there is none); `probability` of the class and `peak`, the highest
        value of its map, 0 to 1; `best`, the Dice of the pair were its threshold, from 0.2 on, chosen for it
        alone, without gate and minimum area (nan without a defect); `brightness` and `black` of the picture;
        `x` and `y`, the middle of the defect's box, or of the drawn one where there is no defect, as shares
        of the picture (nan where there is neither), and `edge`, whether that box touches the left or right
        side; `group` and `fold` of the image.

    Raises:
        SeverstalError: an image has no map.

    Example:
        `pair_errors(...).nlargest(5, "lost")` are five of the pairs that cost most.
    """
    spec, classes = pairs.spec, len(pairs.spec.classes)
    summary = summary.take(summary.rows(pairs.images))
    areas, true = summary.areas.astype(np.int64), summary.true[:, :, None]
    by_level = 2 * summary.intersections / np.maximum(areas + true, 1)  # (N, C, 256)
    best = by_level[:, :, to_level(LOWEST) :].max(axis=2).clip(min=np.where(pairs.true > 0, pairs.dice, 0))
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
    looks = features.set_index("ImageId")[["brightness", "black"]]
    table = table.join(looks, on="ImageId")
    keys = ["ImageId", "ClassId"]
    known = pd.concat([boxes, drawn]).drop_duplicates(keys).set_index(keys)
    return table.join(_places(known, spec), on=keys).astype({"edge": "boolean"}).fillna({"edge": False})


def _places(boxes: pd.DataFrame, spec: Spec) -> pd.DataFrame:
    """The middle of boxes as shares of the picture, and whether they touch its left or right side."""
    high, wide = spec.image_shape
    right = boxes["left"] + boxes["width"]
    return pd.DataFrame(
        {
            "x": (boxes["left"] + right) / 2 / wide,
            "y": (boxes["top"] + boxes["height"] / 2) / high,
            "edge": (boxes["left"] == 0) | (right == wide),
        }
    )


def error_counts(errors: pd.DataFrame, spec: Spec) -> pd.DataFrame:
    """Sum up what became of the pairs of each class.

    Args:
        errors: a row a pair, as `pair_errors` gives them.
        spec: names the classes.

    Returns:
        A row a class and one for all: `defects` in truth; how many were `missed`, and how many of these the
        network `saw` (some threshold would have given them a Dice of 0.5); `false alarms`; outlines with a
        Dice below one half as `poor outlines`; and the points of the score that each kind lost.

    Example:
        >>> row = {"ClassId": 1, "kind": "missed", "dice": 0.0, "lost": 0.5, "true": 9, "best": 0.8}
        >>> counted = error_counts(pd.DataFrame([row]), Spec("tiny", (4, 4), ("hole",)))
        >>> counted.loc["1 hole", ["defects", "missed", "saw", "lost: missed defects"]].tolist()
        [1.0, 1.0, 1.0, 0.5]
    """
    rows = {}
    for name, own in [
        *((label, errors[errors["ClassId"] == k]) for k, label in enumerate(class_labels(spec), 1)),
        ("all", errors),
    ]:
        missed, outline = own[own["kind"] == "missed"], own["kind"] == "outline"
        rows[name] = {
            "defects": int((own["true"] > 0).sum()),
            "missed": len(missed),
            "saw": int((missed["best"] >= SEEN).sum()),
            "false alarms": int((own["kind"] == "false alarm").sum()),
            "poor outlines": int((outline & (own["dice"] < 0.5)).sum()),
        } | {f"lost: {NAMES[kind]}": own.loc[own["kind"] == kind, "lost"].sum() for kind in KINDS}
    return pd.DataFrame.from_dict(rows, orient="index")


def worst(errors: pd.DataFrame, kind: Kind, spec: Spec, most: int) -> pd.DataFrame:
    """Choose the worst errors of a kind, evenly from the classes.

    Missed defects go from the largest down, false alarms from the most probable class down (the larger mask
    first where two are alike), outlines from the lowest Dice up.

    Args:
        errors: a row a pair, as `pair_errors` gives them.
        kind: of error.
        spec: names the classes.
        most: errors in all; where there are more classes than that, one of each of those that lost most.

    Returns:
        Their rows, by class and the worst first.

    Example:
        >>> rows = [("a", 1, "missed", 5, 1.0), ("b", 1, "missed", 9, 1.0), ("c", 2, "right", 0, 0.0)]
        >>> errors = pd.DataFrame(rows, columns=["ImageId", "ClassId", "kind", "true", "lost"])
        >>> worst(errors, "missed", Spec("tiny", (4, 4), ("hole", "crack")), 2)["ImageId"].tolist()
        ['b']
    """
    own = errors[errors["kind"] == kind]
    by: Sequence[str] = {
        "missed": ["true"],
        "false alarm": ["probability", "predicted"],
        "outline": ["dice"],
    }[kind]
    own = own.sort_values([*by, "ImageId"], ascending=[kind == "outline"] * len(by) + [True])
    kept = own.groupby("ClassId")["lost"].sum().nlargest(most).index
    own = own[own["ClassId"].isin(kept)]
    own = own[own.groupby("ClassId").cumcount() < max(1, most // len(spec.classes))]
    return own.sort_values("ClassId", kind="stable")
