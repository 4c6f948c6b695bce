"""The worst errors of each kind, with picture, truth, map and mask."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from severstal.decision.reader import Reader
from severstal.evaluation.labels import class_label
from severstal.report.errors.panels import Row, side_by_side
from severstal.report.errors.table import SEEN, Kind, worst
from severstal.report.palette import WIDTH, Sheet, sheet

Lookup = Callable[[str], np.ndarray]

MOST = 8  # rows of a sheet
TITLES: dict[Kind, str] = {
    "missed": "The worst missed defects: the largest of each class",
    "false alarm": "The worst false alarms: those that the network is surest of",
    "outline": "The worst outlines: found defects with the lowest Dice",
}
LEGEND = (
    "The number at a contour is its ClassId; the map is of the class that the row is about, with the truth "
    "as a line. Of a long picture the part with most wrong pixels is shown."
)


def worst_errors(
    errors: pd.DataFrame,
    kind: Kind,
    picture: Lookup,
    truth: Lookup,
    mask: Lookup,
    reader: Reader,
    most: int = MOST,
) -> Sheet:
    """Show the worst errors of a kind, as many of each class, a row a pair.

    Args:
        errors: a row a pair, as `pair_errors` gives them.
        kind: of error.
        picture: gives an image's (H, W) uint8 by its name.
        truth: gives its true (H, W) bits.
        mask: gives its (H, W) bits as drawn.
        reader: of the maps of the same images.
        most: rows in all.

    Example:
        `worst_errors(errors, "missed", job.train_pictures.picture, job.masks.__getitem__, drawn, maps)`
        shows the largest missed defects.
    """
    spec = reader.spec
    number = int((errors["kind"] == kind).sum())
    if not number:
        return nothing(TITLES[kind])
    place = {name: row for row, name in enumerate(reader.names)}
    rows = []
    for pair in worst(errors, kind, spec, most).itertuples():
        rows.append(
            Row(
                f"{class_label(spec, pair.ClassId)}, {pair.ImageId}: {said(pair)}",
                pair.ClassId,
                picture(pair.ImageId),
                truth(pair.ImageId),
                (reader.full(place[pair.ImageId])[pair.ClassId - 1],),
                mask(pair.ImageId),
            )
        )
    lost = errors.loc[errors["kind"] == kind, "lost"].sum()
    counted = f"{number:,} in all, which cost {lost:.4f} points of the score. "
    return side_by_side(rows, spec, TITLES[kind], counted + LEGEND)


def said(pair: Any) -> str:
    """What there is to tell of a pair, in one line.

    Args:
        pair: a row of `pair_errors`, as `itertuples` gives it.

    Example:
        >>> from types import SimpleNamespace
        >>> said(SimpleNamespace(kind="false alarm", predicted=1200, probability=0.9, peak=0.8))
        '1,200 px too many; class probability 0.90, map up to 0.80'
    """
    if pair.kind == "outline":
        return (
            f"Dice {pair.dice:.2f}; {pair.covered:.0%} of {pair.true:,} px covered, {pair.exact:.0%} of "
            f"{pair.predicted:,} drawn px right; best Dice {pair.best:.2f}"
        )
    sure = f"class probability {pair.probability:.2f}, map up to {pair.peak:.2f}"
    if pair.kind == "false alarm":
        return f"{pair.predicted:,} px too many; {sure}"
    seen = "seen" if pair.best >= SEEN else "not seen"
    return f"{pair.true:,} px missed; {sure}; {seen} (best Dice {pair.best:.2f})"


def nothing(title: str, why: str = "There is none.") -> Sheet:
    """Say that there is nothing to show.

    Example:
        >>> nothing("Missed defects").texts[1].get_text()
        'There is none.'
    """
    figure, ((axes,),) = sheet(WIDTH, 0.05, title, why)
    axes.remove()
    return figure
