"""The arithmetic of the score, as a figure."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from severstal.competition.spec import Spec
from severstal.evaluation.break_even import LIKELY_DICE, break_even
from severstal.evaluation.labels import class_labels
from severstal.report.palette import FIGURE_WIDTH, TEXT_SIZE, Sheet, colour, dress, sheet


def score_arithmetic(table: pd.DataFrame, images: Sequence[str], spec: Spec) -> Sheet:
    """Show what perfect masks of each class would add to the score, and the probability from which masks pay.

    Args:
        table: one row per mask, with `ImageId` and `ClassId`.
        images: all images, including clean ones.
        spec: names the classes.

    Example:
        >>> from severstal.competition.spec import SEVERSTAL
        >>> table = pd.DataFrame({"ImageId": ["a"], "ClassId": [3]})
        >>> figure = score_arithmetic(table, ["a", "b"], SEVERSTAL)
        >>> [float(bar.get_width()) for bar in figure.axes[0].patches]
        [0.0, 0.0, 0.125, 0.0]
    """
    pairs = max(len(images) * len(spec.classes), 1)
    masks = np.array([(table["ClassId"] == k).sum() for k in spec.class_ids])
    all_empty = 1 - masks.sum() / pairs
    note = (
        f"The all-empty baseline scores {all_empty:.4f}: {masks.sum():,} of {pairs:,} pairs have a defect. A "
        f"false alarm loses a whole pair, 1 / {pairs:,}; a missed defect only the Dice of its mask. "
    )
    if masks.any():
        missed = 0.01 * all_empty / ((1 - all_empty) * LIKELY_DICE)
        note += (
            f"At a Dice of {LIKELY_DICE}, false alarms on 1 % of the empty pairs lose "
            f"{0.01 * all_empty:.4f}, as much as missing {missed:.0%} of the defects."
        )
    figure, ((left, right),) = sheet(
        FIGURE_WIDTH,
        max(2.9, 0.9 + 0.36 * len(spec.classes)),
        "What masks can gain, and when a mask pays",
        note,
        columns=2,
        width_ratios=[1.25, 1],
    )
    gains = masks / pairs
    bars = left.barh(
        range(len(gains)), gains, color=[*map(colour, spec.class_ids)], edgecolor="black", linewidth=0.6
    )
    left.bar_label(bars, [f"+{gain:.4f}" for gain in gains], padding=4, fontsize=TEXT_SIZE)
    left.set_yticks(range(len(gains)), class_labels(spec))
    left.set_ylim(len(gains) - 0.5, -0.5)
    left.set_xlim(0, 1.3 * gains.max() or 1)
    left.locator_params(axis="x", nbins=4)
    dress(left, x="score that perfect masks would add", grid="x")
    left.set_title(f"Added to the all-empty {all_empty:.4f}", fontsize=TEXT_SIZE, loc="left")

    dice = np.linspace(0, 1, 101)
    right.plot(dice, break_even(dice), color="black", linewidth=1.8)
    right.fill_between(
        dice, break_even(dice), 1, facecolor="#E8E8E8", edgecolor="#A0A0A0", hatch="///", linewidth=0
    )
    at = break_even(LIKELY_DICE)
    right.plot([LIKELY_DICE, LIKELY_DICE, 0], [0, at, at], ":", color="black", linewidth=1)
    right.plot(LIKELY_DICE, at, "o", color="black")
    box = {"facecolor": "white", "edgecolor": "none", "pad": 2}
    right.text(0.96, 0.9, "predict the mask", ha="right", va="center", fontsize=TEXT_SIZE, bbox=box)
    right.text(0.32, 0.3, "leave the pair empty", ha="center", va="center", fontsize=TEXT_SIZE)
    right.annotate(
        f"{at:.2f}",
        (LIKELY_DICE, at),
        (0, -6),
        textcoords="offset points",
        ha="right",
        va="top",
        fontsize=TEXT_SIZE,
    )
    right.set_xlim(0, 1)
    right.set_ylim(0, 1)
    dress(right, x="Dice of the mask if the class is present", y="probability of the class")
    right.set_title("Above the line a mask pays", fontsize=TEXT_SIZE, loc="left")
    return figure
