"""The worst errors of each kind, with picture, truth, map and mask."""

from typing import Any

import pandas as pd

from severstal.decision.reader import Reader
from severstal.evaluation.errors import SEEN_DICE, ErrorKind, select_worst
from severstal.evaluation.labels import class_label
from severstal.report.errors.panels import PairRow, side_by_side
from severstal.report.overlay import ImageLookup
from severstal.report.palette import Sheet, empty_sheet

_MOST = 8
_TITLES: dict[ErrorKind, str] = {
    "missed": "The worst missed defects: the largest of each class",
    "false alarm": "The worst false alarms: those with the highest class probability",
    "outline": "The worst outlines: found defects with the lowest Dice",
}
LEGEND = (
    "The number at a contour is its ClassId. The map is of the row's class, with the outline of the truth. "
    "Of long pictures the part with most wrong pixels is shown."
)


def worst_errors(
    errors: pd.DataFrame,
    kind: ErrorKind,
    picture: ImageLookup,
    truth: ImageLookup,
    mask: ImageLookup,
    reader: Reader,
    most: int = _MOST,
) -> Sheet:
    """Show the worst errors of a kind, one row per pair, the same number of each class.

    Args:
        errors: one row per pair, as `pair_errors` returns them.
        kind: kind of error.
        picture: function from an image's name to its pixels, (H, W) uint8.
        truth: function from an image's name to its true (H, W) bitmask.
        mask: function from an image's name to its predicted (H, W) bitmask.
        reader: maps of the same images.
        most: maximum number of rows.

    Example:
        `worst_errors(errors, "missed", job.train_pictures.picture, job.masks.__getitem__, drawn, maps)`
        shows the largest missed defects.
    """
    spec = reader.spec
    number = int((errors["kind"] == kind).sum())
    if not number:
        return empty_sheet(_TITLES[kind])
    place = {name: row for row, name in enumerate(reader.names)}
    rows = []
    for pair in select_worst(errors, kind, spec, most).itertuples():
        rows.append(
            PairRow(
                f"{class_label(spec, pair.ClassId)}, {pair.ImageId}: {describe_error(pair)}",
                pair.ClassId,
                picture(pair.ImageId),
                truth(pair.ImageId),
                (reader.full(place[pair.ImageId])[pair.ClassId - 1],),
                mask(pair.ImageId),
            )
        )
    lost = errors.loc[errors["kind"] == kind, "lost"].sum()
    counted = f"{number:,} in all; they lose {lost:.4f} points of the score. "
    return side_by_side(rows, spec, _TITLES[kind], counted + LEGEND)


def describe_error(pair: Any) -> str:
    """Describe the error of a pair in one line.

    Args:
        pair: a row of `pair_errors`, as `itertuples` returns it.

    Example:
        >>> from types import SimpleNamespace
        >>> describe_error(SimpleNamespace(kind="false alarm", predicted=1200, probability=0.9, peak=0.8))
        '1,200 px too many; class probability 0.90, map maximum 0.80'
    """
    if pair.kind == "outline":
        return (
            f"Dice {pair.dice:.2f}; {pair.covered:.0%} of {pair.true:,} px found, {pair.exact:.0%} of "
            f"{pair.predicted:,} predicted px right; Dice at the best threshold {pair.best:.2f}"
        )
    sure = f"class probability {pair.probability:.2f}, map maximum {pair.peak:.2f}"
    if pair.kind == "false alarm":
        return f"{pair.predicted:,} px too many; {sure}"
    seen = "seen" if pair.best >= SEEN_DICE else "not seen"
    return f"{pair.true:,} px missed; {sure}; {seen} (Dice at the best threshold {pair.best:.2f})"
