"""Whether the folds hold the classes and their combinations in proportion, and are equally bright."""

import numpy as np
import pandas as pd

from severstal.competition.spec import Spec
from severstal.evaluation.labels import class_labels
from severstal.report.palette import COLOURS, GREY, PALE, TEXT_SIZE, WIDTH, Sheet, dress, ink, sheet

COMBINATIONS = 12  # rows of a figure


def counts(folds: pd.DataFrame, table: pd.DataFrame, spec: Spec) -> pd.DataFrame:
    """Count the images of each fold: all of them, the clean ones, and those that show each class.

    Args:
        folds: columns `ImageId` and `fold`.
        table: tidy labels, a row a mask; rows of images in no fold are left out.
        spec: names the classes.

    Returns:
        int64, a row for `images`, for `clean` and for each class, a column a fold.

    Example:
        >>> from severstal.competition.spec import Spec
        >>> folds = pd.DataFrame({"ImageId": ["a", "b", "c"], "fold": [0, 1, 1]})
        >>> table = pd.DataFrame({"ImageId": ["a", "b"], "ClassId": [1, 1]})
        >>> counts(folds, table, Spec("tiny", (4, 6), ("hole",))).to_numpy().tolist()
        [[1, 2], [0, 1], [1, 1]]
    """
    fold_of = folds.set_index("ImageId")["fold"]
    numbers = sorted(fold_of.unique())
    held = table["ImageId"].map(fold_of)
    clean = fold_of[~fold_of.index.isin(table["ImageId"])]
    rows = {"images": fold_of.value_counts(), "clean": clean.value_counts()}
    for class_id, label in zip(spec.class_ids, class_labels(spec), strict=True):
        rows[label] = held[table["ClassId"] == class_id].value_counts()
    by_fold = {name: row.reindex(numbers, fill_value=0) for name, row in rows.items()}
    return pd.DataFrame(by_fold).T.astype("int64")


def combinations(folds: pd.DataFrame, table: pd.DataFrame, spec: Spec) -> pd.DataFrame:
    """Count the images of each fold that show exactly some two classes or more.

    Args:
        folds: columns `ImageId` and `fold`.
        table: tidy labels, a row a mask; rows of images in no fold are left out.
        spec: names the classes.

    Returns:
        int64, a row a combination, as "1 + 3", the most frequent first and at most 12; a column a fold.

    Example:
        >>> from severstal.competition.spec import SEVERSTAL
        >>> folds = pd.DataFrame({"ImageId": ["a", "b", "c"], "fold": [0, 1, 1]})
        >>> table = pd.DataFrame({"ImageId": ["a", "a", "b"], "ClassId": [1, 3, 1]})
        >>> combinations(folds, table, SEVERSTAL).T.to_dict("list")
        {'1 + 3': [1, 0]}
    """
    fold_of = folds.set_index("ImageId")["fold"]
    held = table[table["ImageId"].isin(fold_of.index)].drop_duplicates(["ImageId", "ClassId"])
    together = (
        held.sort_values("ClassId").groupby("ImageId")["ClassId"].agg(lambda ids: " + ".join(map(str, ids)))
    )
    together = together.astype("str")
    together = together[together.str.contains("+", regex=False)]
    found = pd.crosstab(together, together.index.map(fold_of))
    order = found.sum(axis=1).sort_values(ascending=False, kind="stable").index[:COMBINATIONS]
    shown = found.reindex(index=order, columns=sorted(fold_of.unique()), fill_value=0)
    return shown.rename_axis(index=None, columns=None).astype("int64")


def fold_balance(folds: pd.DataFrame, table: pd.DataFrame, spec: Spec) -> Sheet:
    """Show the images of each fold and combination as a table: shaded by how far from an even share.

    Args:
        folds: columns `ImageId` and `fold`.
        table: tidy labels, a row a mask.
        spec: names the classes.

    Example:
        >>> from severstal.competition.spec import Spec
        >>> folds = pd.DataFrame({"ImageId": ["a", "b"], "fold": [0, 1]})
        >>> table = pd.DataFrame({"ImageId": ["a"], "ClassId": [1]})
        >>> figure = fold_balance(folds, table, Spec("tiny", (4, 6), ("hole",)))
        >>> [text.get_text() for text in figure.axes[0].texts][:2]
        ['1\\n50.0%', '1\\n50.0%']
    """
    table_of_counts = pd.concat([counts(folds, table, spec), combinations(folds, table, spec)])
    number = table_of_counts.to_numpy()  # (rows, folds)
    total = number.sum(axis=1, keepdims=True)
    even = total / number.shape[1]
    off = np.where(total > 0, (number - even) / np.maximum(even, 1), 0.0)
    # In images, not in per cent: a rare class is off by many per cent and yet by less than one image.
    row, column = np.unravel_index(np.abs(number - even).argmax(), number.shape)
    note = (
        f"Images of each row that each fold holds, and their share. Furthest from an even share: "
        f"{table_of_counts.index[row]} in fold {table_of_counts.columns[column]}, "
        f"{number[row, column]:,} instead of {even[row, 0]:,.1f}."
    )

    figure, ((axes,),) = sheet(
        max(5.0, min(WIDTH, 2.6 + 1.1 * number.shape[1])),
        0.6 + 0.42 * len(number),
        "Images and classes in each fold",
        note,
    )
    drawn = axes.imshow(100 * off, cmap="PuOr_r", vmin=-50, vmax=50, aspect="auto")
    for (i, j), value in np.ndenumerate(number):
        share = f"{value / total[i, 0]:.1%}" if total[i, 0] else "-"
        shade = drawn.to_rgba(100 * off[i, j])
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
    bar.set_label("off an even share (%)", fontsize=TEXT_SIZE)
    bar.ax.tick_params(labelsize=8)
    return figure


def fold_brightness(folds: pd.DataFrame, features: pd.DataFrame, test: pd.DataFrame) -> Sheet:
    """Show how bright the images of each fold are, beside the most test-like ones and the test set.

    Args:
        folds: columns `ImageId`, `fold` and, perhaps, `test_like`.
        features: of the labelled pictures, `ImageId` and `brightness` (grey levels).
        test: the same of the test pictures.

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
    rows["test set"] = test["brightness"]
    figure, ((axes,),) = sheet(
        0.8 * WIDTH,
        0.7 + 0.36 * len(rows),
        "Brightness of the folds",
        "Mean grey of each picture without its black bands: the box holds the middle half, the line in it is "
        "the median, the whiskers reach from 5 to 95 %. Random folds are equally bright, "
        "whatever the test set is.",
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
        box.set(facecolor=PALE if number < folds_alone else COLOURS[1], edgecolor=GREY)
    dress(axes, x="mean grey (0 black to 255 white)", grid="x")
    axes.set_yticks(range(1, len(rows) + 1), list(rows))
    axes.invert_yaxis()
    return figure
