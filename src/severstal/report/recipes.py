"""Recipes compared by score and cost, as text and as figures."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import LogLocator, NullFormatter

from severstal.competition.spec import Spec
from severstal.evaluation.examples import score_pair
from severstal.evaluation.labels import truncate
from severstal.report.columns import format_columns
from severstal.report.crop import cell_shape, defect_window, with_shape
from severstal.report.eda.gallery import CONTOURS
from severstal.report.overlay import ImageLookup, Panel, gallery
from severstal.report.palette import FIGURE_WIDTH, GREY, TEXT_SIZE, Sheet, dress, sheet

_CROP = 1.6  # width over height of the part of a long picture that is shown
_NAME_WIDTH, _NETWORK_WIDTH, _WEIGHTS_WIDTH = 32, 44, 24
_NOTES = (
    "weights: initial weights of the encoder. crops: seen in the training of one fold. score: out of fold,",
    "under rules searched without each image's fold, with its 95 % interval over groups of near-duplicates.",
    "Dice on defects is that of plain 0.5. Multiply-adds are those of one image. Memory is that of the",
    "largest training step: weights, gradients, optimizer state and activations. Training: crops per second,",
    "validation included. Inference: whole images per second with all views.",
)


def format_recipes(table: pd.DataFrame) -> str:
    """Format a comparison of recipes as text, with notes on how to read it.

    Args:
        table: one row per recipe, as `recipe_table` returns it.

    Example:
        >>> row = {"recipe": "plain", "networks": "unet on resnet34", "score": None, "fault": "no memory"}
        >>> format_recipes(pd.DataFrame([row])).splitlines()[1]
        'plain   unet on resnet34  failed: no memory'
    """
    head = ("recipe", "network", "weights", "crops", "score", "95 %", "Dice on defects", "95 %")
    cells: list[tuple[str, ...]] = [(*head, "parameters", "multiply-adds", "memory", "training", "inference")]
    for _, row in table.iterrows():
        named = (truncate(row["recipe"], _NAME_WIDTH), truncate(row["networks"], _NETWORK_WIDTH))
        if row["fault"]:
            cells.append((*named, f"failed: {row['fault']}"))
            continue
        costs = (
            f"{row['parameters'] / 1e6:.2f} M",
            f"{row['multiply_adds'] / 1e9:.2f} G",
            f"{row['training_bytes'] / 2**20:.0f} MiB",
            f"{row['training_rate']:.1f}/s",
            f"{row['inference_rate']:.1f}/s",
        )
        begun = (truncate(row["weights"], _WEIGHTS_WIDTH), f"{row['pictures']:,}")
        cells.append((*named, *begun, *_interval(row, "score"), *_interval(row, "dice_on_defects"), *costs))
    lines = format_columns(cells, right=(3, *range(8, 13)))
    done = _trained(table)
    if len(done):
        lines.append(f"The all-empty baseline scores {done['all_empty'].iloc[0]:.4f}.")
    return "\n".join([*lines, "", *_NOTES])


def draw_recipes(table: pd.DataFrame, input: str) -> Sheet:
    """Show the scores of recipes, and their Dice on defects over their cost.

    Args:
        table: one row per recipe, as `recipe_table` returns it, at least one of them trained; failed ones are
            left out.
        input: name of the data set.

    Returns:
        Scores with their intervals above; Dice on defects over multiply-adds and over speed below. The number
        of crops seen is in the note or, where it differs, beside the names.

    Example:
        `draw_recipes(recipe_table(rows), "severstal")`
    """
    done = _trained(table)
    places = range(1, len(done) + 1)
    pictures = done["pictures"].tolist()
    equal = len(set(pictures)) == 1
    seen = f"{pictures[0]:,} crops seen" if equal else "Beside each name the crops seen"
    rows = 1.2 + 0.22 * max(len(done), 8)  # inches
    figure, axes = sheet(
        FIGURE_WIDTH,
        rows + 3.2,
        f"Recipes on {input}: score and cost",
        f"{seen} in each fold, the same folds. Lines are 95 % intervals over groups of images. Numbers in "
        "the lower panels are those of the rows above.",
        rows=2,
        columns=2,
        height_ratios=[rows, 3.2],
    )
    names = [
        f"{place}  {truncate(name, _NAME_WIDTH)}{'' if equal else f', {count:,}'}"
        for place, name, count in zip(places, done["recipe"], pictures, strict=True)
    ]
    _intervals(axes[0, 0], done, "score", names, "score, cross-fitted rules")
    baseline = done["all_empty"].iloc[0]
    axes[0, 0].axvline(baseline, color=GREY, linestyle="--", linewidth=1)
    axes[0, 0].annotate(
        "all-empty", (baseline, 1.0), xycoords=("data", "axes fraction"), va="bottom", ha="center",
        fontsize=TEXT_SIZE, color=GREY,
    )  # fmt: skip
    _intervals(axes[0, 1], done, "dice_on_defects", list(map(str, places)), "Dice on defects, plain 0.5")
    dice = done["dice_on_defects"].astype(float).fillna(0).tolist()
    for panel, values, label in (
        (axes[1, 0], (done["multiply_adds"] / 1e9).tolist(), "multiply-adds of a picture (10⁹)"),
        (axes[1, 1], done["inference_rate"].tolist(), "pictures per second in inference"),
    ):
        for place, value, found in zip(places, values, dice, strict=True):
            panel.plot(value, found, "o", color="black", markersize=5)
            panel.annotate(
                str(place),
                (value, found),
                xytext=(4, 3),
                textcoords="offset points",
                fontsize=TEXT_SIZE - 1,
            )
        if min(values) > 0 and max(values) > 10 * min(values):
            panel.set_xscale("log")
            panel.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
            panel.xaxis.set_major_formatter("{x:g}")
            panel.xaxis.set_minor_formatter(NullFormatter())  # minor labels would overlap
        panel.margins(0.1)
        dress(panel, label, "Dice on defects", grid="both")
    return figure


def mask_gallery(
    picture: ImageLookup, truth: ImageLookup, drawn: Mapping[str, Mapping[str, np.ndarray]], spec: Spec
) -> Sheet:
    """Show the masks of several networks on the same pictures, below the truth.

    Args:
        picture: function from an image's name to its pixels, (H, W) uint8.
        truth: function from an image's name to its true (H, W) bitmask.
        drawn: predicted (H, W) bitmasks by the name of the image, by the name of the network; all of the same
            images.
        spec: names the classes.

    Returns:
        One column per image, the truth on top.

    Example:
        >>> spec, empty = Spec("tiny", (8, 30), ("hole",)), np.zeros((8, 30), np.uint8)
        >>> figure = mask_gallery(lambda name: empty, lambda name: empty, {"fpn": {"a.jpg": empty}}, spec)
        >>> [axes.get_title(loc="left") for axes in figure.axes]
        ['truth\\na.jpg', 'fpn: nothing\\nmean Dice 1.00']
    """
    names = list(next(iter(drawn.values())))
    height, width = cell_shape(spec, [truth(name).shape for name in names])
    shape = (height, min(width, int(_CROP * height)))
    part = {name: defect_window(truth(name), shape) for name in names}
    panels = [Panel(picture(name)[part[name]], truth(name)[part[name]], f"truth\n{name}") for name in names]
    for network, masks in drawn.items():
        for name in names:
            found = score_pair(masks[name], truth(name), spec)
            said = f"{network}: nothing" if not masks[name].any() else network
            panels.append(
                Panel(picture(name)[part[name]], masks[name][part[name]], f"{said}\nmean Dice {found:.2f}")
            )
    note = (
        "Held-out images at plain 0.5; the mean Dice is over the classes that truth or mask hold. Long "
        f"pictures are cut to the defect. {CONTOURS}"
    )
    figure = gallery(panels, with_shape(spec, shape), "The same pictures, several networks", note, len(names))
    figure.photographic = True
    return figure


def _trained(table: pd.DataFrame) -> pd.DataFrame:
    return table[table["score"].notna()]


def _intervals(axes: Axes, done: pd.DataFrame, name: str, labels: Sequence[str], label: str) -> None:
    """One dot with its interval per row, the first on top."""
    columns = (done[column].astype(float) for column in (name, f"{name}_low", f"{name}_high"))
    for place, (value, low, high) in enumerate(zip(*columns, strict=True)):
        if not np.isnan(value):
            axes.plot([low, high], [place, place], color=GREY, linewidth=2)
            axes.plot(value, place, "o", color="black", markersize=5)
    axes.set_yticks(np.arange(len(labels)), labels)
    axes.set_ylim(len(labels) - 0.5, -0.5)
    dress(axes, label, grid="x")


def _interval(row: pd.Series, name: str) -> tuple[str, str]:
    if pd.isna(row[name]):
        return "none", ""
    return f"{row[name]:.4f}", f"{row[f'{name}_low']:.4f} to {row[f'{name}_high']:.4f}"
