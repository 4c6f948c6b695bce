"""The scorecard as text."""

import math
import textwrap
from collections.abc import Sequence

import numpy as np

from severstal.competition.budget import LostPoints
from severstal.competition.metric import PairScore, Score
from severstal.evaluation.bootstrap import Interval
from severstal.evaluation.class_counts import ClassCount
from severstal.evaluation.labels import truncate
from severstal.evaluation.reliability import ReliabilityByClass
from severstal.evaluation.rule_scores import RuleScores
from severstal.evaluation.scorecard import Scorecard

_COLUMNS = 100  # columns
_NAME_WIDTH = 28


def format_scorecard(score: Score | Scorecard, title: str | None = None) -> str:
    """Format a score as plain text for a terminal, at most 100 columns wide.

    Args:
        score: score over all pairs and each class; or a whole scorecard.
        title: short name of what was scored; None for the scorecard's own.

    Returns:
        Lines without a final line end; `-` stands for an undefined share.

    Example:
        >>> from severstal.competition.metric import score_pairs
        >>> from severstal.competition.spec import Spec
        >>> areas = np.array([[5, 0], [0, 0]]), np.array([[10, 0], [0, 7]]), np.array([[10, 0], [0, 0]])
        >>> print(format_scorecard(score_pairs(*areas, Spec("s", (4, 4), ("hole", "crack"))), "two tiles"))
        two tiles
        ---------
        score                0.6250
        all-empty baseline   0.7500   (the score is 0.1250 below it)
        empty pairs kept     0.6667   of 3 (image, class) pairs without a defect
        defects found        1.0000   of 1 pairs with a defect
        Dice on defects      0.5000   mean over these pairs, 0 where missed
        masks predicted           2   the truth has 1
        <BLANKLINE>
        class      score    empty    kept   found    Dice  defects  predicted    pairs
        1 hole    0.7500   0.5000  1.0000  1.0000  0.5000        1          1        2
        2 crack   0.5000   1.0000  0.5000       -       -        0          1        2
    """
    if isinstance(score, Score):
        return "\n".join(_head(score, title or ""))
    card = score
    lines = _head(card.score, title or card.title)
    lines[2] += f"   95 % interval {span(card.interval)}, bootstrap over {card.resampled}"
    names = _names(card.score)
    sections = [lines, _budget(card, names), format_counts(card.counts).splitlines()]
    if card.calibration is not None:
        sections.append(_calibration(card.calibration, names))
    if card.rules is not None:
        sections.append(_rules(card.rules))
    if card.test_like is not None:
        part = card.test_like
        sections.append(
            [
                f"score on the {part.images:,} images most like the test set: {share(part.score.score)} "
                f"({span(part.interval)})",
                f"all-empty {share(part.score.all_empty)}, empty pairs kept {share(part.score.empty_kept)}, "
                f"defects found {share(part.score.defects_found)}, Dice {share(part.score.dice_on_defects)}",
            ]
        )
    sections.append([line for note in card.notes for line in textwrap.wrap(f"note: {note}", _COLUMNS)])
    return "\n\n".join("\n".join(section) for section in sections if section)


def format_counts(counts: Sequence[ClassCount]) -> str:
    """Format the counts for a terminal, at most 100 columns wide; `-` for unknown values.

    Example:
        >>> print(format_counts([ClassCount(1, "hole", 2000, 120.4, 100, None)]))
        images with the class    expected  predicted      true       all
        1 hole                      120.4        100         -     2,000
    """
    names = [truncate(f"{count.class_id} {count.name}", _NAME_WIDTH) for count in counts]
    wide = max(len(name) for name in ("images with the class", *names))
    lines = [f"{'images with the class':{wide}}   {'expected':>9}  {'predicted':>9}  {'true':>8}  {'all':>8}"]
    for name, count in zip(names, counts, strict=True):
        expected = "-" if count.expected is None else f"{count.expected:,.1f}"
        true = "-" if count.true is None else f"{count.true:,}"
        lines.append(f"{name:{wide}}   {expected:>9}  {count.predicted:>9,}  {true:>8}  {count.images:>8,}")
    return "\n".join(lines)


def columns(part: PairScore) -> str:
    """One row of the table of classes."""
    shares = (part.score, part.all_empty, part.empty_kept, part.defects_found, part.dice_on_defects)
    score, empty, kept, found, dice = map(share, shares)
    return (
        f"{score:>6}  {empty:>7}  {kept:>6}  {found:>6}  {dice:>6}  "
        f"{part.defects:>7,}  {part.predicted:>9,}  {part.pairs:>7,}"
    )


def share(value: float) -> str:
    """Four decimals; `-` for nan.

    Example:
        >>> share(0.91), share(float("nan"))
        ('0.9100', '-')
    """
    return "-" if math.isnan(value) else f"{value:.4f}"


def span(interval: Interval) -> str:
    """The two ends of an interval.

    Example:
        >>> span(Interval(0.5, 0.75, 0.625))
        '0.5000 to 0.7500'
    """
    return f"{share(interval.low)} to {share(interval.high)}"


def _head(score: Score, title: str) -> list[str]:
    """The score, its parts, and one row per class."""
    difference = score.score - score.all_empty
    beside = f"{share(abs(difference))} {'above' if difference >= 0 else 'below'} it"
    title = truncate(title, _COLUMNS)
    lines = [
        title,
        "-" * len(title),
        f"score                {share(score.score):>6}",
        f"all-empty baseline   {share(score.all_empty):>6}   (the score is {beside})",
        f"empty pairs kept     {share(score.empty_kept):>6}   of {score.pairs - score.defects:,} "
        "(image, class) pairs without a defect",
        f"defects found        {share(score.defects_found):>6}   of {score.defects:,} pairs with a defect",
        f"Dice on defects      {share(score.dice_on_defects):>6}   mean over these pairs, 0 where missed",
        f"masks predicted     {score.predicted:>7,}   the truth has {score.defects:,}",
        "",
    ]
    names = _names(score)
    wide = max(len(name) for name in ("class", *names))
    lines.append(
        f"{'class':{wide}}   {'score':>6}    empty  {'kept':>6}  {'found':>6}  {'Dice':>6}  "
        "defects  predicted    pairs"
    )
    lines += [f"{name:{wide}}   {columns(part)}" for name, part in zip(names, score.classes, strict=True)]
    return lines


def _names(score: Score) -> list[str]:
    return [truncate(f"{part.class_id} {part.name}", _NAME_WIDTH) for part in score.classes]


def _budget(card: Scorecard, names: list[str]) -> list[str]:
    wide = max(len(name) for name in ("all classes", *names))

    def row(name: str, loss: LostPoints, ends: Interval) -> str:
        lost = "  ".join(
            f"{points:>9.4f}" for points in (loss.missed, loss.alarms, loss.outlines, loss.total)
        )
        return f"{name:{wide}}   {lost}   {span(ends)}"

    return [
        f"lost points: {card.budget.whole.total:.4f}, in units of the score over all classes",
        f"{'class':{wide}}   {'missed':>9}  {'alarms':>9}  {'outlines':>9}  {'together':>9}   score, 95 %",
        *map(row, names, card.budget.classes, card.class_intervals),
        row("all classes", card.budget.whole, card.interval),
    ]


def _calibration(calibration: ReliabilityByClass, names: list[str]) -> list[str]:
    whole = calibration.whole
    filled = np.flatnonzero(whole.pairs)
    wide = max(len(name) for name in ("class probability", *names))

    def row(name: str, cells: list[str]) -> str:
        return f"{name:{wide}}  " + " ".join(f"{cell:>6}" for cell in cells)

    def short(count: int) -> str:
        return (
            f"{count:,}"
            if count < 10_000
            else f"{count / 1000:.0f}k"
            if count < 1e6
            else f"{count / 1e6:.1f}M"
        )

    return [
        row("class probability", [f"<={whole.edges[place + 1]:.1f}" for place in filled]),
        row("mean predicted", [f"{whole.predicted[place]:.3f}" for place in filled]),
        row("observed share", [f"{whole.observed[place]:.3f}" for place in filled]),
        row("pairs", [short(int(whole.pairs[place])) for place in filled]),
        "",
        f"{'calibration':{wide}}   error   Brier",
        *(
            f"{name:{wide}}  {part.error:>6.4f}  {part.brier:>6.4f}"
            for name, part in zip([*names, "all classes"], [*calibration.classes, whole], strict=True)
        ),
    ]


def _rules(rules: RuleScores) -> list[str]:
    above = rules.over_all_empty
    lines = [
        "rules                            score",
        f"all-empty baseline              {rules.all_empty:.4f}",
        f"plain 0.5, no minimum area      {rules.plain:.4f}",
        f"searched on the other folds     {rules.cross_fitted:.4f}   {above.mean:+.4f} over all-empty "
        f"({above.low:+.4f} to {above.high:+.4f})",
        f"searched on these same images   {rules.searched:.4f}   {rules.optimism:+.4f} (bias)",
    ]
    if rules.weighted is not None:
        weighted = rules.weighted
        lines.append(
            f"weighted by likeness to the test set: {weighted.found:.4f}, plain {weighted.plain:.4f}, "
            f"all-empty {weighted.all_empty:.4f}"
        )
    return [*lines, *textwrap.wrap(rules.verdict, _COLUMNS)]
