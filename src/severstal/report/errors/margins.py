"""Decisions with small margins, as figures."""

import numpy as np
import pandas as pd
from matplotlib.patches import Patch

from severstal.decision.close_calls import split_votes
from severstal.decision.levels import MAP_LEVELS
from severstal.decision.reader import Reader
from severstal.evaluation.labels import class_label
from severstal.report.errors.panels import PairRow, side_by_side
from severstal.report.errors.worst import LEGEND
from severstal.report.overlay import ImageLookup
from severstal.report.palette import FIGURE_WIDTH, TEXT_SIZE, Sheet, dress, empty_sheet, legend_below, sheet

_NEAR = 0.3  # margin up to which decisions are shown
_STEP = 0.05


def decisions_by_margin(calls: pd.DataFrame) -> Sheet:
    """Show the share of wrong decisions by margin.

    Args:
        calls: one row per pair, as `close_calls` returns them.

    Example:
        >>> calls = pd.DataFrame({"margin": [-0.01, 0.02], "defect": [True, True], "votes": 1, "folds": 2})
        >>> figure = decisions_by_margin(calls)
        >>> [text.get_text() for text in figure.axes[0].texts]
        ['1 of 1', '0 of 1']
    """
    count = round(_NEAR / _STEP)
    near = calls[calls["margin"].abs() < _NEAR]
    wrong = near["defect"] != (near["margin"] >= 0)
    title = "Wrong decisions by margin"
    if near.empty:
        return empty_sheet(title, f"No pair has a margin below {_NEAR}.")
    figure, ((axes,),) = sheet(
        FIGURE_WIDTH,
        3.0,
        title,
        f"{len(near):,} of {len(calls):,} pairs have a margin below {_NEAR}; {wrong.sum():,} of these "
        f"decisions are wrong. On {split_votes(calls).sum():,} pairs the rules of different folds disagree. "
        "Left of the line: no mask; right: a mask. Above the bars: wrong decisions, of all in the bin.",
    )
    # Half a level is added, so that no margin falls on an edge between two bars.
    place = np.floor((near["margin"] + 0.5 / (MAP_LEVELS - 1)) / _STEP).astype(int)
    for index in range(-count, count):
        number, bad = int((place == index).sum()), int(wrong[place == index].sum())
        if not number:
            continue
        look = {"color": "#404040"} if index < 0 else {"color": "white", "hatch": "////"}
        (bar,) = axes.bar(
            (index + 0.5) * _STEP, 100 * bad / number, 0.9 * _STEP, edgecolor="black", linewidth=0.8, **look
        )
        axes.text(
            bar.get_x() + bar.get_width() / 2,
            bar.get_height() + 2,
            f"{bad:,} of {number:,}",
            ha="center",
            fontsize=TEXT_SIZE - 1.5,
        )
    axes.axvline(0, color="black", linewidth=2)
    axes.set_xlim(-_NEAR, _NEAR)
    axes.set_ylim(0, 110)
    axes.set_yticks(range(0, 101, 25))
    dress(axes, "margin (probability)", "wrong decisions (%)", "y")
    legend_below(
        figure,
        [
            Patch(facecolor="#404040", edgecolor="black", label="missed defects"),
            Patch(facecolor="white", edgecolor="black", hatch="////", label="false alarms"),
        ],
    )
    return figure


def closest_calls(
    calls: pd.DataFrame,
    picture: ImageLookup,
    truth: ImageLookup,
    mask: ImageLookup,
    reader: Reader,
    most: int = 4,
) -> Sheet:
    """Show the pairs with the smallest margins, those first on which the rules of the folds disagree.

    Args:
        calls: one row per pair, as `close_calls` returns them.
        picture: function from an image's name to its pixels, (H, W) uint8.
        truth: function from an image's name to its true (H, W) bitmask.
        mask: function from an image's name to its predicted (H, W) bitmask.
        reader: maps of the same images.
        most: maximum number of rows.

    Example:
        `closest_calls(calls, job.train_pictures.picture, job.masks.__getitem__, drawn, maps)` shows four.
    """
    title = "The closest calls"
    near = calls[calls["margin"].abs() < _NEAR]
    near = near.assign(split=split_votes(near)).sort_values("split", ascending=False, kind="stable")
    if near.empty:
        return empty_sheet(title, f"No pair has a margin below {_NEAR}.")
    place = {name: row for row, name in enumerate(reader.names)}
    rows = []
    for pair in near.head(most).itertuples():
        said, other = ("mask", "no mask") if pair.drawn else ("no mask", "mask")
        verdict = "RIGHT" if pair.drawn == pair.defect else "WRONG"
        rows.append(
            PairRow(
                f"{verdict}: {said} of {class_label(reader.spec, pair.ClassId)} in {pair.ImageId}, margin "
                f"{abs(pair.margin):.2f}\nscores {pair.dice:.2f}, with {other} {pair.otherwise:.2f}; the "
                f"rules of {pair.votes} of {pair.folds} folds predict a mask",
                pair.ClassId,
                picture(pair.ImageId),
                truth(pair.ImageId),
                (reader.full(place[pair.ImageId])[pair.ClassId - 1],),
                mask(pair.ImageId),
            )
        )
    return side_by_side(
        rows, reader.spec, title, f"Pairs on which the rules of the folds disagree come first. {LEGEND}"
    )
