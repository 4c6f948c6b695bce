"""The Dice that degraded masks lose, as a figure."""

import numpy as np
import pandas as pd
from matplotlib.colors import LogNorm

from severstal.competition.spec import Spec
from severstal.evaluation.labels import class_label, truncate
from severstal.report.palette import FIGURE_WIDTH, Sheet, dress, empty_sheet, ink, sheet

_LEAST = 0.001  # losses up to here have the same shade


def dice_lost(ceiling: pd.DataFrame, spec: Spec) -> Sheet:
    """Show the Dice that true masks lose by each degradation, as a table whose shade follows the loss.

    Args:
        ceiling: mean Dice, one row per degradation, one column per `ClassId` and `all`, as `measure_ceiling`
            returns it.
        spec: names the classes.

    Example:
        >>> from severstal.competition.spec import SEVERSTAL
        >>> ceiling = pd.DataFrame({3: [0.9], "all": [0.9]}, index=["1 pixel wider"])
        >>> [text.get_text() for text in dice_lost(ceiling, SEVERSTAL).axes[0].texts]
        ['10.0%', '10.0%']
    """
    title = "Dice lost by degraded masks"
    if ceiling.empty:
        return empty_sheet(title, "No mask is labelled.")
    ids = [column for column in ceiling.columns if column != "all"]
    lost = (1 - ceiling[["all", *ids]]).clip(lower=0).to_numpy(float)  # (rows, 1 + classes)
    names = ["all masks", *(truncate(class_label(spec, class_id), 18) for class_id in ids)]
    slanted = len(ids) > 8 or max(map(len, names)) > 11
    figure, ((axes,),) = sheet(
        FIGURE_WIDTH,
        0.3 + 0.33 * len(lost) + (0.09 * max(map(len, names)) if slanted else 0.2),
        title,
        "Each true mask is scored against itself after the degradation at the left: share of the Dice that "
        "is lost; the darker, the more. Labels are hardly exact to one pixel, so that its loss cannot be "
        "recovered.",
    )
    drawn = axes.imshow(lost.clip(_LEAST), cmap="cividis_r", norm=LogNorm(_LEAST, 1), aspect="auto")
    for (row, column), value in np.ndenumerate(lost):
        axes.text(
            column,
            row,
            "<0.1%" if 0 < value < 0.0005 else f"{value:.0%}" if len(ids) > 8 else f"{value:.1%}",
            ha="center",
            va="center",
            fontsize=8 if len(ids) > 8 else 9,
            fontweight="bold" if column == 0 else "normal",
            color=ink(drawn.to_rgba(max(value, _LEAST))),
        )
    dress(axes)
    axes.xaxis.tick_top()
    axes.set_xticks(range(len(names)), names, rotation=90 if slanted else 0)
    axes.set_yticks(range(len(lost)), ceiling.index)
    axes.axvline(0.5, color="white", linewidth=4)
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)
    return figure
