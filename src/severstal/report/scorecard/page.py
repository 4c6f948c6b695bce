"""The scorecard as a self-contained page of HTML, in light or dark colours."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from severstal.competition.budget import LostPoints
from severstal.evaluation.class_counts import ClassCount
from severstal.evaluation.reliability import ReliabilityByClass
from severstal.evaluation.rule_scores import RuleScores
from severstal.evaluation.scorecard import Scorecard
from severstal.report.scorecard.drawing import budget_bars, reliability_diagram
from severstal.report.scorecard.markup import escape_html
from severstal.report.scorecard.style import STYLE
from severstal.report.scorecard.text import share, span


@dataclass(frozen=True)
class PageHead:
    """The head of a scorecard's page.

    Attributes:
        facts: names and values, such as the data set, the date and the recipe.
        picture: JPEG of predictions; None for none.
        caption: caption of the picture.
    """

    facts: tuple[tuple[str, str], ...] = ()
    picture: bytes | None = None
    caption: str = ""


def page(
    title: str,
    cards: Sequence[Scorecard],
    test_counts: Sequence[ClassCount] = (),
    head: PageHead | None = None,
) -> str:
    """Format scorecards as one page of HTML, which is also well-formed XML.

    Args:
        title: title of the page, such as a run's name.
        cards: scorecards in the order of the page.
        test_counts: images with each class among test images whose truth is not known.
        head: facts on the run at the head of the page; None for the title alone.

    Example:
        >>> import numpy as np
        >>> from severstal.competition.scored import ScoredPairs
        >>> from severstal.competition.spec import Spec
        >>> from severstal.evaluation.scorecard import build_scorecard
        >>> areas = np.array([[[5], [0]], [[10], [0]], [[10], [0]]])
        >>> pairs = ScoredPairs(("a.jpg", "b.jpg"), Spec("tiles", (4, 4), ("<hole>",)), *areas)
        >>> drawn = page("tiles", [build_scorecard(pairs, "two tiles")])
        >>> "1 &lt;hole&gt;" in drawn, "<hole>" in drawn, "http" in drawn
        (True, False, False)
    """
    body = [f"<h1>{escape_html(title)}</h1>", *_head(head or PageHead())]
    if len(cards) > 1:
        links = (f'<a href="#card{place}">{escape_html(card.title)}</a>' for place, card in enumerate(cards))
        body.append(f'<nav aria-label="Scorecards">{" · ".join(links)}</nav>')
    body += [_card(card, f"card{place}") for place, card in enumerate(cards)]
    if test_counts:
        body.append(f"<section><h2>Test images</h2>{_counts(test_counts)}</section>")
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"/>'
        '<meta name="viewport" content="width=device-width, initial-scale=1"/>'
        f"<title>{escape_html(title)}</title><style>{STYLE}</style></head>\n"
        "<body><main>\n" + "\n".join(body) + "\n</main></body></html>\n"
    )


def _head(head: PageHead) -> list[str]:
    parts = []
    if head.facts:
        rows = "".join(
            f"<dt>{escape_html(name)}</dt><dd>{escape_html(fact)}</dd>" for name, fact in head.facts
        )
        parts.append(f'<dl class="facts">{rows}</dl>')
    if head.picture is not None:
        content = base64.b64encode(head.picture).decode("ascii")
        caption = escape_html(head.caption)
        parts.append(
            f'<figure><img alt="{caption}" src="data:image/jpeg;base64,{content}"/>'
            f"<figcaption>{caption}</figcaption></figure>"
        )
    return parts


def _card(card: Scorecard, anchor: str) -> str:
    names = [f"{part.class_id} {part.name}" for part in card.score.classes]
    sections = [
        f"<h2>{escape_html(card.title)}</h2>",
        _figures(card),
        _classes(card, names),
        _budget(card, names),
    ]
    if card.rules is not None:
        sections.append(_rules(card.rules))
    sections.append(f"<h3>Images with each class</h3>{_counts(card.counts)}")
    if card.calibration is not None:
        sections.append(_calibration(card.calibration, names))
    if card.notes:
        notes = "".join(f"<li>{escape_html(note)}</li>" for note in card.notes)
        sections.append(f'<h3>Notes</h3><ul class="soft">{notes}</ul>')
    return f'<section id="{anchor}">{"".join(sections)}</section>'


def _figures(card: Scorecard) -> str:
    score = card.score
    difference = score.score - score.all_empty
    tiles = [
        ("score", share(score.score), f"{span(card.interval)}, 95 % interval over {card.resampled}"),
        (
            "all-empty baseline",
            share(score.all_empty),
            f"the score is {abs(difference):.4f} {'above' if difference >= 0 else 'below'} it",
        ),
        ("empty pairs kept", share(score.empty_kept), f"of {score.pairs - score.defects:,} without a defect"),
        ("defects found", share(score.defects_found), f"of {score.defects:,}"),
        ("Dice on defects", share(score.dice_on_defects), "0 where missed"),
    ]
    if card.test_like is not None:
        part = card.test_like
        tiles.append(
            (
                "most like the test set",
                share(part.score.score),
                f"{span(part.interval)}, the score on {part.images:,} such images",
            )
        )
    drawn = (
        f'<div><dt>{name}</dt><dd class="key">{figure}</dd><dd class="soft">{beside}</dd></div>'
        for name, figure, beside in tiles
    )
    return f"<dl>{''.join(drawn)}</dl>"


def _classes(card: Scorecard, names: Sequence[str]) -> str:
    head = ("class", "score", "95 % interval", "all-empty", "kept", "found", "Dice", "defects", "predicted")
    rows = []
    parts = [*zip(names, card.score.classes, card.class_intervals, strict=True)]
    for name, part, ends in [*parts, ("all classes", card.score, card.interval)]:
        shares = (part.empty_kept, part.defects_found, part.dice_on_defects)
        rows.append(
            (
                name,
                share(part.score),
                span(ends),
                share(part.all_empty),
                *map(share, shares),
                f"{part.defects:,}",
                f"{part.predicted:,}",
            )
        )
    caption = (
        "all-empty: score of a submission without masks; kept: share of empty pairs kept empty; found: share "
        "of defects with any mask; Dice: mean over defects"
    )
    return f"<h3>By class</h3>{_table(caption, head, rows, total=True)}"


def _budget(card: Scorecard, names: Sequence[str]) -> str:
    whole = card.budget.whole

    def row(name: str, loss: LostPoints) -> tuple[str, ...]:
        points = (loss.missed, loss.alarms, loss.outlines, loss.total)
        counts = (loss.missed_pairs, loss.alarm_pairs, loss.found_pairs)
        return (name, *(f"{value:.4f}" for value in points), *(f"{count:,}" for count in counts))

    rows = [*map(row, names, card.budget.classes), row("all classes", whole)]
    head = (
        "class",
        "missed",
        "false alarms",
        "outlines",
        "total",
        "missed pairs",
        "false alarms",
        "found pairs",
    )
    caption = "in points of the score over all classes; then numbers of pairs"
    return (
        f"<h3>Lost points: {whole.total:.4f}</h3>"
        f"{budget_bars(names, card.budget.classes)}{_table(caption, head, rows, total=True)}"
    )


def _rules(rules: RuleScores) -> str:
    above, gain = rules.over_all_empty, rules.over_plain
    rows = [
        ("all-empty baseline", share(rules.all_empty), ""),
        ("plain 0.5, no minimum area", share(rules.plain), ""),
        (
            "searched on the other folds",
            share(rules.cross_fitted),
            f"{gain.mean:+.4f} over plain ({gain.low:+.4f} to {gain.high:+.4f}), {above.mean:+.4f} over "
            "all-empty",
        ),
        (
            "searched on these same images",
            share(rules.searched),
            f"{rules.optimism:+.4f} bias of having seen them",
        ),
    ]
    if rules.weighted is not None:
        weighted = rules.weighted
        rows.append(
            (
                "cross-fitted, weighted by likeness to the test set",
                share(weighted.found),
                f"plain {share(weighted.plain)}, all-empty {share(weighted.all_empty)}",
            )
        )
    table = _table("the same images under different rules", ("rules", "score", "gain"), rows, words=True)
    return f"<h3>Gain of the rules</h3><p>{escape_html(rules.verdict)}</p>{table}"


def _counts(counts: Sequence[ClassCount]) -> str:
    rows = [
        (
            f"{count.class_id} {count.name}",
            "-" if count.expected is None else f"{count.expected:,.1f}",
            f"{count.predicted:,}",
            "-" if count.true is None else f"{count.true:,}",
            f"{count.images:,}",
        )
        for count in counts
    ]
    caption = "expected: the sum of the class probabilities"
    return _table(caption, ("class", "expected", "predicted", "true", "all images"), rows)


def _calibration(calibration: ReliabilityByClass, names: Sequence[str]) -> str:
    whole = calibration.whole
    parts = zip([*names, "all classes"], [*calibration.classes, whole], strict=True)
    errors = [(name, f"{part.error:.4f}", f"{part.brier:.4f}") for name, part in parts]
    bins = [
        (
            f"{whole.edges[k]:.1f} to {whole.edges[k + 1]:.1f}",
            f"{whole.predicted[k]:.3f}",
            f"{whole.observed[k]:.3f}",
            f"{whole.pairs[k]:,}",
        )
        for k in np.flatnonzero(whole.pairs)
    ]
    return (
        "<h3>Calibration of the class probability</h3>"
        "<p>On the dashed line probabilities are calibrated: of all pairs at 70 %, 70 % have the class.</p>"
        f'<div class="beside">{reliability_diagram(whole)}'
        + _table(
            "error: expected calibration error; Brier: mean squared error",
            ("class", "error", "Brier"),
            errors,
            total=True,
        )
        + _table("pairs of all classes", ("probability", "mean", "with the class", "pairs"), bins)
        + "</div>"
    )


def _table(
    caption: str, head: Sequence[str], rows: Sequence[Sequence[str]], total: bool = False, words: bool = False
) -> str:
    """A table with row names in its first column.

    With `total`, its last row is over all others; with `words`, its last column is text.
    """

    def line(row: Sequence[str]) -> str:
        cells = "".join(f"<td>{escape_html(cell)}</td>" for cell in row[1:])
        return f'<tr><th scope="row">{escape_html(row[0])}</th>{cells}</tr>'

    columns = "".join(f'<th scope="col">{escape_html(name)}</th>' for name in head)
    foot = f"<tfoot>{line(rows[-1])}</tfoot>" if total else ""
    body = "".join(map(line, rows[:-1] if total else rows))
    kind = "words" if words else "figures"
    return (
        f'<div class="scroll"><table class="{kind}"><caption><span>{escape_html(caption)}</span></caption>'
        f"<thead><tr>{columns}</tr></thead><tbody>{body}</tbody>{foot}</table></div>"
    )
