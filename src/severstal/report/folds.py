"""The balance of the folds in classes, combinations of classes and brightness, as figures."""

import numpy as np
import pandas as pd

from severstal.competition.spec import Spec
from severstal.evaluation.fold_counts import combinations_by_fold, count_by_fold
from severstal.report.palette import FIGURE_WIDTH, GREY, PALE, TEXT_SIZE, Sheet, dress, ink, sheet

_LOUD = 3  # standard deviations of a random split at which the shade is darkest


def fold_balance(folds: pd.DataFrame, table: pd.DataFrame, spec: Spec) -> Sheet:
    """Show the images of each fold by class and combination, shaded by the deviation from an even share.

    The shade is in standard deviations of a random split, so that one image of a rare class, which no split
    can share, stays pale.

    Args:
        folds: columns `ImageId` and `fold`.
        table: labels, one row per mask.
        spec: names the classes.

    Example:
        >>> from severstal.competition.spec import Spec
        >>> folds = pd.DataFrame({"ImageId": ["a", "b"], "fold": [0, 1]})
        >>> table = pd.DataFrame({"ImageId": ["a"], "ClassId": [1]})
        >>> figure = fold_balance(folds, table, Spec("tiny", (4, 6), ("hole",)))
        >>> [text.get_text() for text in figure.axes[0].texts][:2]
        ['1\\n50.0%', '1\\n50.0%']
    """
    table_of_counts = pd.concat([count_by_fold(folds, table, spec), combinations_by_fold(folds, table)])
    number = table_of_counts.to_numpy()  # (rows, folds)
    total = number.sum(axis=1, keepdims=True)
    even = total / number.shape[1]
    off = (number - even) / np.sqrt(np.maximum(even, 1))
    # In images, not in per cent: a rare class deviates by many per cent and yet by less than one image.
    row, column = np.unravel_index(np.abs(number - even).argmax(), number.shape)
    note = "Images in each fold, and their share of the row. Pale: as even as chance would have it. "
    note += (
        f"Largest deviation from an even share: {table_of_counts.index[row]} in fold "
        f"{table_of_counts.columns[column]}, {number[row, column]:,} instead of {even[row, 0]:,.1f}."
        if np.abs(number - even).max() > 0
        else "All shares are even."
    )
    figure, ((axes,),) = sheet(
        max(6.0, min(FIGURE_WIDTH, 2.6 + 1.1 * number.shape[1])),
        0.6 + 0.42 * len(number),
        "Images and classes in each fold",
        note,
    )
    drawn = axes.imshow(off, cmap="PuOr_r", vmin=-_LOUD, vmax=_LOUD, aspect="auto")
    for (i, j), value in np.ndenumerate(number):
        share = f"{value / total[i, 0]:.1%}" if total[i, 0] else "-"
        shade = drawn.to_rgba(off[i, j])
        axes.text(
            j,
            i,
            f"{value:,}\n{share}",
            ha="center",
            va="center",
            fontsize=8,
            color=ink(shade),
        )
    dress(axes, x="fold")
    axes.set_xticks(range(number.shape[1]), table_of_counts.columns)
    axes.set_yticks(range(len(number)), table_of_counts.index)
    axes.tick_params(length=0)
    bar = figure.colorbar(drawn, ax=axes, extend="both", fraction=0.03, pad=0.02)
    bar.set_label("deviation (by chance: 1)", fontsize=TEXT_SIZE)
    bar.ax.tick_params(labelsize=8)
    return figure


def fold_brightness(folds: pd.DataFrame, features: pd.DataFrame, test: pd.DataFrame | None) -> Sheet:
    """Show the brightness of each fold beside that of the most test-like images and of the test set.

    Args:
        folds: columns `ImageId`, `fold` and, perhaps, `test_like`.
        features: features of the labelled pictures, with columns `ImageId` and `brightness` (grey levels).
        test: features of the test pictures, with the same columns; None leaves them out.

    Example:
        >>> folds = pd.DataFrame({"ImageId": ["a", "b"], "fold": [0, 1]})
        >>> features = pd.DataFrame({"ImageId": ["a", "b"], "brightness": [80.0, 90.0]})
        >>> figure = fold_brightness(folds, features, features)
        >>> [label.get_text() for label in figure.axes[0].get_yticklabels()]
        ['fold 0', 'fold 1', 'test set']
    """
    brightness = folds["ImageId"].map(features.set_index("ImageId")["brightness"])
    rows = {f"fold {fold}": brightness[folds["fold"] == fold] for fold in sorted(folds["fold"].unique())}
    folds_alone = len(rows)
    if "test_like" in folds:
        rows["most test-like"] = brightness[folds["test_like"]]
    if test is not None:
        rows["test set"] = test["brightness"]
    figure, ((axes,),) = sheet(
        0.8 * FIGURE_WIDTH,
        0.7 + 0.36 * len(rows),
        "Brightness of the folds",
        "Mean grey level of each picture without its black bands: box, quartiles and median; whiskers, 5 and "
        "95 %. Random folds are equally bright; the test set may differ.",
    )
    boxes = axes.boxplot(
        [row.to_numpy() for row in rows.values()],
        orientation="horizontal",
        whis=(5, 95),
        showfliers=False,
        widths=0.6,
        patch_artist=True,
        medianprops={"color": "black", "linewidth": 1.6},
    )
    for number, box in enumerate(boxes["boxes"]):
        # White and hatched: the colours of the palette stand for classes.
        look = {} if number < folds_alone else {"hatch": "////"}
        box.set(facecolor="white" if look else PALE, edgecolor=GREY, **look)
    dress(axes, x="mean grey (0 black to 255 white)", grid="x")
    axes.set_yticks(range(1, len(rows) + 1), list(rows))
    axes.invert_yaxis()
    return figure
