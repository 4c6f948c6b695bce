"""The taxonomy of errors: of every (image, class) pair, missed, a false alarm, or an inexact outline."""

from collections.abc import Sequence
from typing import Literal

import pandas as pd

from severstal.competition.spec import Spec
from severstal.evaluation.labels import class_labels

ErrorKind = Literal["missed", "false alarm", "outline"]
ERROR_KINDS: tuple[ErrorKind, ...] = ("missed", "false alarm", "outline")
ERROR_NAMES = {"missed": "missed defects", "false alarm": "false alarms", "outline": "outlines"}
SEEN_DICE = 0.5  # a missed defect counts as seen by the network if some threshold gives it this Dice


def error_counts(errors: pd.DataFrame, spec: Spec) -> pd.DataFrame:
    """Count the errors of each class and sum the points that they lose.

    Args:
        errors: one row per pair, as `decision.pair_errors` returns them.
        spec: names the classes.

    Returns:
        One row per class and one for all: `defects` in the truth; `missed`, and how many of these were
        `seen` (some threshold gives them a Dice of 0.5); `false alarms`; `poor outlines`, with a Dice below
        0.5; and the points of the score lost to each kind.

    Example:
        >>> row = {"ClassId": 1, "kind": "missed", "dice": 0.0, "lost": 0.5, "true": 9, "best": 0.8}
        >>> counted = error_counts(pd.DataFrame([row]), Spec("tiny", (4, 4), ("hole",)))
        >>> counted.loc["1 hole", ["defects", "missed", "seen", "lost: missed defects"]].tolist()
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
            "seen": int((missed["best"] >= SEEN_DICE).sum()),
            "false alarms": int((own["kind"] == "false alarm").sum()),
            "poor outlines": int((outline & (own["dice"] < 0.5)).sum()),
        } | {f"lost: {ERROR_NAMES[kind]}": own.loc[own["kind"] == kind, "lost"].sum() for kind in ERROR_KINDS}
    return pd.DataFrame.from_dict(rows, orient="index")


def select_worst(errors: pd.DataFrame, kind: ErrorKind, spec: Spec, most: int) -> pd.DataFrame:
    """Select the worst errors of a kind, the same number of each class.

    Missed defects are ranked by area, largest first; false alarms by class probability and then by predicted
    area, highest first; outlines by Dice, lowest first.

    Args:
        errors: one row per pair, as `decision.pair_errors` returns them.
        kind: kind of error.
        spec: specification of the data set; gives the names of the classes.
        most: upper limit of the selection; with more classes than that, one error of each of the classes
            that lose most.

    Returns:
        Their rows, by class and the worst first.

    Example:
        >>> rows = [("a", 1, "missed", 5, 1.0), ("b", 1, "missed", 9, 1.0), ("c", 2, "right", 0, 0.0)]
        >>> errors = pd.DataFrame(rows, columns=["ImageId", "ClassId", "kind", "true", "lost"])
        >>> select_worst(errors, "missed", Spec("tiny", (4, 4), ("hole", "crack")), 2)["ImageId"].tolist()
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
