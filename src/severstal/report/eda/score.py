"""What the score is made of, before any network is trained."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from severstal.competition.spec import Spec
from severstal.evaluation.labels import class_labels
from severstal.report.palette import TEXT_SIZE, WIDTH, Sheet, colour, dress, sheet

LIKELY_DICE = 0.65  # good networks' mean Dice on the defects of pictures like those they learned from


def break_even(dice: np.ndarray | float) -> np.ndarray | float:
    """Probability from which drawing a mask pays more, on average, than leaving the pair empty.

    A mask drawn where the class is present earns its Dice, and 0 where it is absent; no mask earns 1 where
    the class is absent. With probability p of presence, drawing pays from `p * dice = 1 - p` on.

    Args:
        dice: what the mask would score on the defect, from 0 to 1.

    Example:
        >>> break_even(1.0), round(break_even(0.65), 3)
        (0.5, 0.606)
    """
    return 1 / (1 + dice)


def score_arithmetic(table: pd.DataFrame, images: Sequence[str], spec: Spec) -> Sheet:
    """Show what the defects of each class can add to the score, and from which probability on a mask pays.

    Args:
        table: a row a mask, with `ImageId` and `ClassId`.
        images: every image, the clean ones too.
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
    nothing = 1 - masks.sum() / pairs
    note = (
        f"Submitting nothing scores {nothing:.4f}: only {masks.sum():,} of {pairs:,} pairs hold a defect. "
        f"One false alarm costs a whole pair, 1 / {pairs:,}; one missed defect costs only the Dice its mask "
        "would have had. "
    )
    if masks.any():
        missed = 0.01 * nothing / ((1 - nothing) * LIKELY_DICE)
        note += (
            f"At a Dice of {LIKELY_DICE}, false alarms on 1% of the empty pairs cost {0.01 * nothing:.4f}, "
            f"as much as missing {missed:.0%} of the defects."
        )
    figure, ((left, right),) = sheet(
        WIDTH,
        max(2.9, 0.9 + 0.36 * len(spec.classes)),
        "What there is to win, and when to draw a mask at all",
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
    left.set_title(f"On top of {nothing:.4f} for nothing", fontsize=TEXT_SIZE, loc="left")

    dice = np.linspace(0, 1, 101)
    right.plot(dice, break_even(dice), color="black", linewidth=1.8)
    right.fill_between(
        dice, break_even(dice), 1, facecolor="#E8E8E8", edgecolor="#A0A0A0", hatch="///", linewidth=0
    )
    at = break_even(LIKELY_DICE)
    right.plot([LIKELY_DICE, LIKELY_DICE, 0], [0, at, at], ":", color="black", linewidth=1)
    right.plot(LIKELY_DICE, at, "o", color="black")
    box = {"facecolor": "white", "edgecolor": "none", "pad": 2}
    right.text(0.96, 0.9, "draw the mask", ha="right", va="center", fontsize=TEXT_SIZE, bbox=box)
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
    dress(right, x="Dice of the mask, if the class is there", y="probability that it is there")
    right.set_title("Above the line drawing pays", fontsize=TEXT_SIZE, loc="left")
    return figure
