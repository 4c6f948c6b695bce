"""The decisions that hang by a thread: pairs that a little more or less probability would turn round."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd
from matplotlib.patches import Patch

from severstal.competition.metric import pair_dice
from severstal.decision.gate import OPEN, reached_levels
from severstal.decision.levels import MAP_LEVELS
from severstal.decision.reader import Reader
from severstal.decision.rules import ClassRule, Rules
from severstal.decision.score import pair_areas
from severstal.decision.summary import Summary
from severstal.evaluation.labels import class_label
from severstal.report.errors.panels import Row, side_by_side
from severstal.report.errors.worst import LEGEND, Lookup, nothing
from severstal.report.palette import TEXT_SIZE, WIDTH, Sheet, dress, legend_below, sheet

NEAR = 0.3  # margin up to which decisions are shown
STEP = 0.05


def margins(summary: Summary, rules: Rules) -> np.ndarray:
    """By how much each pair is drawn, or fails to be: the change of probability that would turn it round.

    The highest threshold from which enough pixels of the map would be left, less that of the rule; behind a
    veto no more than the class probability less the vetoed one.

    Args:
        summary: of the maps.
        rules: of the same classes.

    Returns:
        (N, C) float64 from about -1 to 1, 0 or more where the pair is drawn.

    Example:
        >>> from severstal.competition.spec import Spec
        >>> from severstal.decision.rules import plain_rules
        >>> spec = Spec("tiny", (1, 4), ("hole",))
        >>> areas = np.repeat([4, 2, 0], [1, 153, 102]).astype(np.int32).reshape(1, 1, 256)
        >>> summary = Summary(("a.jpg",), spec, areas, areas, np.int32([[2]]), np.uint8([[200]]))
        >>> margins(summary, plain_rules(spec)).round(2)  # the map reaches 0.6
        array([[0.1]])
    """
    rules.require(summary.spec)
    found = np.empty(summary.true.shape)
    for index, rule in enumerate(rules.rules):
        probability = summary.class_probability[:, index].astype(np.int64)
        needed = np.full(len(summary), max(1, rule.min_area), np.float64)
        if rule.gate.mode == "area":
            needed *= rule.gate.value - (rule.gate.value - 1) * (probability / 255)
        enough = summary.areas[:, index] >= np.ceil(needed - 1e-6)[:, None]
        highest = np.count_nonzero(enough, axis=1) - 1
        found[:, index] = (highest - _without_veto(rule, rule.high)[probability]) / (MAP_LEVELS - 1)
        if rule.gate.mode == "veto":
            least = int(np.argmax(reached_levels(rule.gate, rule.high) < MAP_LEVELS))
            found[:, index] = np.minimum(found[:, index], (probability - least) / (MAP_LEVELS - 1))
    return found


def _without_veto(rule: ClassRule, value: float) -> np.ndarray:
    """The level that a threshold asks of a map, by class probability, were nothing vetoed: (256,)."""
    return reached_levels(OPEN if rule.gate.mode == "veto" else rule.gate, value)


def close_calls(summary: Summary, rules: Mapping[int, Rules], folds: np.ndarray) -> pd.DataFrame:
    """Say of every pair how near its decision was, and whether the rules of all folds agree on it.

    Gate, thresholds and minimum area decide; what components, holes and exclusive classes change afterwards
    is left out.

    Args:
        summary: of the out-of-fold maps.
        rules: for the images of each fold, such as `CrossFit.rules`.
        folds: (N,) fold of each image of the summary.

    Returns:
        A row a pair, the nearest decision first: `ImageId`, `ClassId`; `margin` by the rules of the image's
        own fold, see `margins`; `drawn` by them; `votes`, by how many of the folds' rules it is drawn, out
        of `folds`; `defect`, whether there is one; `dice`, and `otherwise`, the Dice had the decision been
        the other.

    Example:
        `close_calls(summary, fitted.rules, folds).head()` are the pairs decided most narrowly.
    """
    shape = summary.true.shape
    votes, margin = np.zeros(shape, np.int64), np.empty(shape)
    dice, otherwise, drawn = np.empty(shape), np.empty(shape), np.empty(shape, bool)
    for fold, each in rules.items():
        own = np.asarray(folds) == fold
        inside, area, true = pair_areas(summary, each)
        votes += area > 0
        part = summary.take(own)
        # The mask that is there behind every gate and minimum area: what would be drawn, were the pair drawn.
        bare = [
            replace(rule, min_area=0, gate=OPEN if rule.gate.mode == "veto" else rule.gate, high=rule.low)
            for rule in each.rules
        ]
        would = pair_dice(*pair_areas(part, replace(each, rules=tuple(bare))))
        margin[own], drawn[own] = margins(part, each), area[own] > 0
        dice[own] = pair_dice(inside[own], area[own], true[own])
        otherwise[own] = np.where(area[own] > 0, true[own] == 0, np.where(true[own] > 0, would, 0))
    classes = shape[1]
    table = pd.DataFrame(
        {
            "ImageId": np.repeat(np.array(summary.names, dtype=object), classes),
            "ClassId": np.tile(np.array(summary.spec.class_ids, np.int64), len(summary)),
            "margin": margin.ravel(),
            "drawn": drawn.ravel(),
            "votes": votes.ravel(),
            "folds": len(rules),
            "defect": (summary.true > 0).ravel(),
            "dice": dice.ravel(),
            "otherwise": otherwise.ravel(),
        }
    ).astype({"ImageId": "str"})
    return table.iloc[np.argsort(table["margin"].abs(), kind="stable")].reset_index(drop=True)


def split_votes(calls: pd.DataFrame) -> pd.Series:
    """Which pairs the rules of some folds draw and those of others do not: bool.

    Example:
        >>> split_votes(pd.DataFrame({"votes": [0, 1, 2], "folds": 2})).tolist()
        [False, True, False]
    """
    return (calls["votes"] > 0) & (calls["votes"] < calls["folds"])


def decisions_by_margin(calls: pd.DataFrame) -> Sheet:
    """Show how many of the near decisions were wrong, the nearer to the line the more, if the rules are good.

    Args:
        calls: a row a pair, as `close_calls` gives them.

    Example:
        >>> calls = pd.DataFrame({"margin": [-0.01, 0.02], "defect": [True, True], "votes": 1, "folds": 2})
        >>> figure = decisions_by_margin(calls)
        >>> [text.get_text() for text in figure.axes[0].texts]
        ['1 of 1', '0 of 1']
    """
    count = round(NEAR / STEP)
    near = calls[calls["margin"].abs() < NEAR]
    wrong = near["defect"] != (near["margin"] >= 0)
    figure, ((axes,),) = sheet(
        WIDTH,
        3.0,
        "Decisions that hang by a thread",
        f"{len(near):,} of {len(calls):,} pairs were decided by less than {NEAR} of probability, "
        f"{wrong.sum():,} of them wrongly. On {split_votes(calls).sum():,} pairs the rules searched for one "
        "fold decide otherwise than those for another. Left of the line nothing was drawn, right of it a "
        "mask; above the bars: how many decisions were wrong, of how many.",
    )
    # Half a level is added, so that no margin falls between two bars.
    place = np.floor((near["margin"] + 0.5 / (MAP_LEVELS - 1)) / STEP).astype(int)
    for index in range(-count, count):
        number, bad = int((place == index).sum()), int(wrong[place == index].sum())
        if not number:
            continue
        look = {"color": "#404040"} if index < 0 else {"color": "white", "hatch": "////"}
        (bar,) = axes.bar(
            (index + 0.5) * STEP, 100 * bad / number, 0.9 * STEP, edgecolor="black", linewidth=0.8, **look
        )
        axes.text(
            bar.get_x() + bar.get_width() / 2,
            bar.get_height() + 2,
            f"{bad:,} of {number:,}",
            ha="center",
            fontsize=TEXT_SIZE - 2,
        )
    axes.axvline(0, color="black", linewidth=2)
    axes.set_xlim(-NEAR, NEAR)
    axes.set_ylim(0, 110)
    axes.set_yticks(range(0, 101, 25))
    dress(axes, "margin: probability that was wanting (left) or to spare (right)", "wrong decisions (%)", "y")
    legend_below(
        figure,
        [
            Patch(facecolor="#404040", edgecolor="black", label="missed defects"),
            Patch(facecolor="white", edgecolor="black", hatch="////", label="false alarms"),
        ],
    )
    return figure


def closest_calls(
    calls: pd.DataFrame, picture: Lookup, truth: Lookup, mask: Lookup, reader: Reader, most: int = 4
) -> Sheet:
    """Show the pairs decided most narrowly, those first that the rules of the folds disagree on.

    Args:
        calls: a row a pair, as `close_calls` gives them.
        picture: gives an image's (H, W) uint8 by its name.
        truth: gives its true (H, W) bits.
        mask: gives its (H, W) bits as drawn.
        reader: of the maps of the same images.
        most: rows in all.

    Example:
        `closest_calls(calls, job.train_pictures.picture, job.masks.__getitem__, drawn, maps)` shows four.
    """
    title = "The closest calls"
    near = calls[calls["margin"].abs() < NEAR]
    near = near.assign(split=split_votes(near)).sort_values("split", ascending=False, kind="stable")
    if near.empty:
        return nothing(title, f"No pair was decided by less than {NEAR} of probability.")
    place = {name: row for row, name in enumerate(reader.names)}
    rows = []
    for pair in near.head(most).itertuples():
        said = "drawn" if pair.drawn else "not drawn"
        rows.append(
            Row(
                f"{class_label(reader.spec, pair.ClassId)}, {pair.ImageId}: {said} by "
                f"{abs(pair.margin):.2f}, drawn by the rules for {pair.votes} of {pair.folds} folds; "
                f"Dice {pair.dice:.2f}, otherwise {pair.otherwise:.2f}",
                pair.ClassId,
                picture(pair.ImageId),
                truth(pair.ImageId),
                (reader.full(place[pair.ImageId])[pair.ClassId - 1],),
                mask(pair.ImageId),
            )
        )
    return side_by_side(
        rows, reader.spec, title, f"Pairs on which the folds' rules disagree come first. {LEGEND}"
    )
