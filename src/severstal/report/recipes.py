"""Recipes side by side: what each scores and costs, as a table and as a figure."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import LogLocator, NullFormatter

from severstal.competition.spec import Spec
from severstal.evaluation.bootstrap import Interval
from severstal.evaluation.labels import shorten
from severstal.report.columns import lay_out
from severstal.report.eda.gallery import CONTOURS
from severstal.report.overlay import ImageLookup, Panel, gallery
from severstal.report.palette import GREY, TEXT_SIZE, WIDTH, Sheet, colour, dress, sheet

NAME_WIDTH, NETWORK_WIDTH, WEIGHTS_WIDTH = 32, 44, 24
NOTES = (
    "weights: those that the encoder began with. pictures: crops that were seen in a fold's training. score:",
    "out of fold, each image drawn by rules searched without its fold, with its 95 % interval over groups of",
    "images. Dice on defects is that of plain 0.5. Multiply-adds are of one picture. Memory: that of the",
    "largest training step: weights, gradients, the optimizer's means, and what a batch keeps for the",
    "backward pass. Training: crops a second with validation. Inference: whole pictures a second with all",
    "views.",
)


@dataclass(frozen=True)
class RecipeRow:
    """What a recipe scores and costs.

    Attributes:
        recipe: its name.
        networks: of its members, each with its encoder.
        run: folder of the training.
        pictures: crops that were seen in a fold's training, in all members and rounds together, the mean over
            folds; 0 where it was not trained.
        score: out of fold under rules searched without each image's fold; None where it was not trained, as
            all that follows.
        plain: score of plain 0.5.
        nothing: score of drawing nothing at all.
        dice_on_defects: mean Dice of the pairs with a defect, of plain 0.5; None where there is none.
        parameters: of all its networks, of one fold.
        multiply_adds: of one picture through all its networks, of one fold.
        training_bytes: of a training step of its largest network.
        training_rate: crops a second.
        inference_rate: pictures a second through one fold's networks, with all views.
        fault: why it could not be trained.
        weights: that the encoders of its members begin with.
    """

    recipe: str
    networks: str
    run: str
    pictures: int
    score: Interval | None = None
    plain: float | None = None
    nothing: float | None = None
    dice_on_defects: Interval | None = None
    parameters: int | None = None
    multiply_adds: int | None = None
    training_bytes: int | None = None
    training_rate: float | None = None
    inference_rate: float | None = None
    fault: str | None = None
    weights: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)


def sort_recipes(rows: Sequence[RecipeRow]) -> list[RecipeRow]:
    """The best score first, of equal ones the better Dice on defects; those that failed last."""
    return sorted(
        rows,
        key=lambda row: (
            row.score is None,
            0.0 if row.score is None else -row.score.mean,
            0.0 if row.dice_on_defects is None else -row.dice_on_defects.mean,
        ),
    )


def recipe_table(rows: Sequence[RecipeRow]) -> pd.DataFrame:
    """A row a recipe, sorted, with plain numbers in columns: for a CSV."""
    return pd.DataFrame([_columns(row) for row in sort_recipes(rows)])


def format_recipes(rows: Sequence[RecipeRow]) -> str:
    """The table for the terminal, with what a reader has to know of it.

    Example:
        >>> row = RecipeRow("plain", "unet on resnet34", "runs/plain", 100, fault="no memory")
        >>> format_recipes([row]).splitlines()[1]
        'plain   unet on resnet34  failed: no memory'
    """
    shown = sort_recipes(rows)
    head = ("recipe", "network", "weights", "pictures", "score", "95 %", "Dice on defects", "95 %")
    cells: list[tuple[str, ...]] = [(*head, "parameters", "multiply-adds", "memory", "training", "inference")]
    for row in shown:
        named = (shorten(row.recipe, NAME_WIDTH), shorten(row.networks, NETWORK_WIDTH))
        if row.score is None:
            cells.append((*named, f"failed: {row.fault}"))
            continue
        costs = (
            f"{row.parameters / 1e6:.2f} M",
            f"{row.multiply_adds / 1e9:.2f} G",
            f"{row.training_bytes / 2**20:.0f} MiB",
            f"{row.training_rate:.1f}/s",
            f"{row.inference_rate:.1f}/s",
        )
        began = (shorten(row.weights, WEIGHTS_WIDTH), f"{row.pictures:,}")
        cells.append((*named, *began, *_span(row.score), *_span(row.dice_on_defects), *costs))
    lines = lay_out(cells, right=(3, *range(8, 13)))
    done = [row for row in shown if row.score is not None]
    if done:
        lines.append(f"Drawing nothing scores {done[0].nothing:.4f}.")
    return "\n".join([*lines, "", *NOTES])


def draw_recipes(rows: Sequence[RecipeRow], input: str) -> Sheet:
    """Draw the scores of recipes beside each other, and what they find against what they cost.

    Args:
        rows: at least one that was trained; those that failed are left out.
        input: the data set's name.

    Returns:
        The figure: scores with their intervals, and Dice on defects over multiply-adds and over speed. The
        pictures seen stand below the title, or beside the names where they differ.
    """
    done = [row for row in sort_recipes(rows) if row.score is not None]
    alike = len({row.pictures for row in done}) == 1
    seen = f"{done[0].pictures:,} pictures seen" if alike else "Beside each name the pictures seen"
    figure, axes = sheet(
        WIDTH,
        1.2 + 0.22 * max(len(done), 8) + 3.2,
        f"Recipes on {input}: score, and what they find for what they cost",
        f"{seen} in each fold, the same folds. Lines are 95 % intervals over "
        "groups of images. Numbers in the lower panels are those of the rows above.",
        rows=2,
        columns=2,
        height_ratios=[1.2 + 0.22 * max(len(done), 8), 3.2],
    )
    names = [
        f"{place}  {shorten(row.recipe, NAME_WIDTH)}{'' if alike else f', {row.pictures:,}'}"
        for place, row in enumerate(done, 1)
    ]
    _spans(axes[0, 0], [row.score for row in done], names, "score, cross-fitted rules")
    axes[0, 0].axvline(done[0].nothing, color=GREY, linestyle="--", linewidth=1)
    axes[0, 0].annotate(
        " nothing", (done[0].nothing, 1.0), xycoords=("data", "axes fraction"), va="bottom", ha="center",
        fontsize=TEXT_SIZE, color=GREY,
    )  # fmt: skip
    found = [row.dice_on_defects for row in done]
    _spans(axes[0, 1], found, [str(place) for place in range(1, len(done) + 1)], "Dice on defects, plain 0.5")
    if any(span is None for span in found):
        found = [span or Interval(0.0, 0.0, 0.0) for span in found]
    for panel, values, label in (
        (axes[1, 0], [row.multiply_adds / 1e9 for row in done], "multiply-adds of a picture (10⁹)"),
        (axes[1, 1], [row.inference_rate for row in done], "pictures a second in inference"),
    ):
        for place, (value, span) in enumerate(zip(values, found, strict=True), 1):
            panel.plot(value, span.mean, "o", color=colour(2), markersize=5)
            panel.annotate(
                str(place),
                (value, span.mean),
                xytext=(4, 3),
                textcoords="offset points",
                fontsize=TEXT_SIZE - 1,
            )
        if min(values) > 0 and max(values) > 10 * min(values):
            panel.set_xscale("log")
            panel.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
            panel.xaxis.set_major_formatter("{x:g}")
            panel.xaxis.set_minor_formatter(NullFormatter())  # else their labels cover one another
        panel.margins(0.1)
        dress(panel, label, "Dice on defects", grid="both")
    return figure


def mask_gallery(
    picture: ImageLookup, truth: ImageLookup, drawn: Mapping[str, Mapping[str, np.ndarray]], spec: Spec
) -> Sheet:
    """Show the masks of the same pictures by several networks below the truth.

    Args:
        picture: gives an image's (H, W) uint8 by its name.
        truth: gives its true (H, W) bits.
        drawn: the (H, W) bits of each network by the image's name, by the network's name; each of the same
            images.
        spec: names the classes.

    Returns:
        The figure: a column an image, the truth on top.

    Example:
        >>> spec, empty = Spec("tiny", (8, 30), ("hole",)), np.zeros((8, 30), np.uint8)
        >>> figure = mask_gallery(lambda name: empty, lambda name: empty, {"fpn": {"a.jpg": empty}}, spec)
        >>> [axes.get_title(loc="left") for axes in figure.axes]
        ['a.jpg: truth', 'fpn: clean']
    """
    names = list(next(iter(drawn.values())))
    panels = [Panel(picture(name), truth(name), f"{name}: truth") for name in names]
    for network, masks in drawn.items():
        for name in names:
            said = network if masks[name].any() else f"{network}: clean"
            panels.append(Panel(picture(name), masks[name], said))
    note = f"Held-out images at plain 0.5. {CONTOURS}"
    figure = gallery(panels, spec, "The same pictures, several networks", note, columns=len(names))
    figure.photographic = True
    return figure


def _spans(axes: Axes, spans: Sequence[Interval | None], names: Sequence[str], label: str) -> None:
    """A dot and a line each, the first on top."""
    for place, span in enumerate(spans):
        if span is not None:
            axes.plot([span.low, span.high], [place, place], color=colour(2), linewidth=2)
            axes.plot(span.mean, place, "o", color=colour(7), markersize=5)
    axes.set_yticks(np.arange(len(names)), names)
    axes.set_ylim(len(names) - 0.5, -0.5)
    dress(axes, label, grid="x")


def _span(span: Interval | None) -> tuple[str, str]:
    return ("none", "") if span is None else (f"{span.mean:.4f}", f"{span.low:.4f} to {span.high:.4f}")


def _columns(row: RecipeRow) -> dict[str, Any]:
    columns = asdict(row)
    for name in ("score", "dice_on_defects"):
        span = columns.pop(name) or {}
        columns[name] = span.get("mean")
        columns[f"{name}_low"], columns[f"{name}_high"] = span.get("low"), span.get("high")
    fault = columns.pop("fault") or ""
    return columns | {"fault": fault}
