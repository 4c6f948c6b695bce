"""The figures of the scorecard's page, as inline SVG in its light or dark colours."""

from collections.abc import Sequence

import numpy as np

from severstal.competition.budget import BUDGET_PARTS, LostPoints
from severstal.evaluation.labels import truncate
from severstal.evaluation.reliability import Reliability
from severstal.report.scorecard.markup import escape_html

_KIND_NAMES = {"missed": "missed defects", "alarms": "false alarms", "outlines": "outlines"}

_WIDTH = 720  # units of the drawing; the page scales it
_LABELS, _BAR, _FIGURES = 190, 420, 110  # what a row has room for, side by side
_ROW = 30
_SIDE, _MARGIN = 260, 48  # of the reliability diagram


def budget_bars(names: Sequence[str], losses: Sequence[LostPoints]) -> str:
    """Draw stacked bars of the points lost to missed defects, false alarms and outlines, one per row.

    Args:
        names: names of the rows.
        losses: losses of the rows, in points of the score.

    Example:
        >>> drawn = budget_bars(["1 hole"], [LostPoints(0.1, 0.0, 0.05, 4, 0, 9)])
        >>> drawn.count("<rect"), "missed defects 0.1000" in drawn
        (5, True)
    """
    most = max((loss.total for loss in losses), default=0) or 1
    height = 34 + _ROW * len(names)
    label = "; ".join(
        f"{name}: " + ", ".join(f"{_KIND_NAMES[kind]} {getattr(loss, kind):.4f}" for kind in BUDGET_PARTS)
        for name, loss in zip(names, losses, strict=True)
    )
    parts = [
        f'<svg class="bars" viewBox="0 0 {_WIDTH} {height}" role="img" aria-label="{escape_html(label)}">',
    ]
    x = _LABELS
    for kind in BUDGET_PARTS:
        parts.append(f'<rect class="{kind}" x="{x}" y="4" width="14" height="14"/>')
        parts.append(f'<text x="{x + 20}" y="15.5">{_KIND_NAMES[kind]}</text>')
        x += 42 + 7 * len(_KIND_NAMES[kind])
    for row, (name, loss) in enumerate(zip(names, losses, strict=True)):
        top = 34 + _ROW * row
        parts.append(
            f'<text x="{_LABELS - 10}" y="{top + 15}" class="right">{escape_html(truncate(name, 26))}</text>'
        )
        x = float(_LABELS)
        for kind in BUDGET_PARTS:
            points = getattr(loss, kind)
            if points > 0:
                wide = _BAR * points / most
                tip = f"{name}, {_KIND_NAMES[kind]}: {points:.4f}"
                parts.append(
                    f'<rect class="{kind}" x="{x:.2f}" y="{top}" width="{wide:.2f}" height="20">'
                    f"<title>{escape_html(tip)}</title></rect>"
                )
                x += wide
        parts.append(f'<text x="{x + 8:.2f}" y="{top + 15}" class="figure">{loss.total:.4f}</text>')
    return "".join([*parts, "</svg>"])


def reliability_diagram(part: Reliability) -> str:
    """The observed share of the class over its predicted probability: one dot per bin, larger for more pairs.

    Args:
        part: lost points over the pairs of one class or of all.

    Example:
        >>> from severstal.evaluation.reliability import measure_reliability
        >>> found = measure_reliability(np.uint8([[51], [204]]), np.array([[False], [True]]))
        >>> reliability_diagram(found.whole).count("<circle")
        2
    """
    whole = _SIDE + _MARGIN + 14
    zero = 14 + _SIDE  # of the vertical axis
    parts = [
        f'<svg class="square" viewBox="0 0 {whole} {whole}" role="img" aria-label="Reliability: observed '
        f'share of the class over its probability; expected calibration error {part.error:.4f}">',
        f'<rect class="frame" x="{_MARGIN}" y="14" width="{_SIDE}" height="{_SIDE}"/>',
        f'<line class="grid" x1="{_MARGIN}" y1="{zero}" x2="{_MARGIN + _SIDE}" y2="14"/>',
    ]
    for tick in (0, 0.5, 1):
        parts.append(f'<text x="{_MARGIN + _SIDE * tick}" y="{zero + 20}" class="middle">{tick:g}</text>')
        parts.append(f'<text x="{_MARGIN - 6}" y="{zero - _SIDE * tick + 4}" class="right">{tick:g}</text>')
    parts.append(f'<text x="{_MARGIN + _SIDE / 2}" y="{zero + 38}" class="middle">class probability</text>')
    parts.append(
        f'<text x="12" y="{14 + _SIDE / 2}" class="middle" transform="rotate(-90 12 {14 + _SIDE / 2})">'
        "share with the class</text>"
    )
    most = np.log10(part.pairs.max() + 1)
    places = np.flatnonzero(part.pairs)
    dots = [(_MARGIN + _SIDE * part.predicted[k], zero - _SIDE * part.observed[k]) for k in places]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in dots)
    parts.append(f'<polyline class="curve" points="{line}"/>')
    for place, (x, y) in zip(places, dots, strict=True):
        radius = 3 + 5 * np.log10(part.pairs[place] + 1) / most
        tip = (
            f"{part.pairs[place]:,} pairs of mean probability {part.predicted[place]:.3f}: "
            f"{part.observed[place]:.3f} have the class"
        )
        parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}"><title>{tip}</title></circle>')
    return "".join([*parts, "</svg>"])
