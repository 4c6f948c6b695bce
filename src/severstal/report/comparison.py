"""A comparison of two predictions as text."""

import textwrap

from severstal.competition.budget import BUDGET_PARTS
from severstal.evaluation.comparison import Comparison
from severstal.evaluation.labels import truncate

_COLUMNS = 100  # of a terminal
_NAME_WIDTH = 17


def format_comparison(found: Comparison) -> str:
    """Format a comparison as plain text for a terminal, at most 100 columns wide.

    Example:
        >>> import numpy as np
        >>> from severstal.competition.scored import ScoredPairs
        >>> from severstal.competition.spec import Spec
        >>> from severstal.evaluation.comparison import compare_pairs
        >>> spec, true = Spec("tiles", (4, 4), ("hole",)), np.array([[8], [8], [0], [0]])
        >>> a, b = (ScoredPairs(tuple("abcd"), spec, n * (true > 0), true, true) for n in (4, 8))
        >>> print(format_comparison(compare_pairs(a, b, ("a.csv", "b.csv"))))
        A a.csv
        B b.csv
        -------
        The difference of +0.2500 (95 % interval +0.0000 to +0.5000) is not significant: the interval
        contains 0, and B is better in 97.1 % of the resamples.
        B scores higher in 2 and lower in 0 of 4 pairs; bootstrap over 4 images.
        <BLANKLINE>
        class             A       B    B - A  95 % interval         better   missed   alarms  outlines
        1 hole       0.7500  1.0000  +0.2500  +0.0000 to +0.5000      97 %  +0.0000  +0.0000   +0.2500
        all classes  0.7500  1.0000  +0.2500  +0.0000 to +0.5000      97 %  +0.0000  +0.0000   +0.2500
        *: the interval excludes 0, as 1 in 20 does by chance; better: resamples in which B is better
        missed, alarms, outlines: what B gains by each, in points of the score over all classes
        note: all images are treated as independent: no groups of near-duplicates are known
    """
    a, b = (truncate(f"{side} {name}", _COLUMNS) for side, name in zip("AB", found.names, strict=True))
    images = f"{found.images:,} images"
    by = images if found.units == found.images else f"{found.units:,} groups of {images}"
    parts = [*found.classes, found.whole]
    labels = [truncate(part.name, _NAME_WIDTH) for part in parts]
    wide = max(len(label) for label in ("class", *labels))
    lines = [
        a,
        b,
        "-" * max(len(a), len(b)),
        *textwrap.wrap(found.verdict, _COLUMNS),
        f"B scores higher in {found.better:,} and lower in {found.worse:,} of "
        f"{found.images * len(found.classes):,} pairs; bootstrap over {by}.",
        "",
        f"{'class':{wide}}  {'A':>6}  {'B':>6}  {'B - A':>7}  {'95 % interval':<18}    {'better':>6}  "
        f"{'missed':>7}  {'alarms':>7}  {'outlines':>8}",
    ]
    for label, part in zip(labels, parts, strict=True):
        difference = part.difference
        ends = f"{signed(difference.low)} to {signed(difference.high)}"
        gains = [signed(part.gains[kind]) for kind in BUDGET_PARTS]
        lines.append(
            f"{label:{wide}}  {part.a:6.4f}  {part.b:6.4f}  {signed(difference.mean)}  {ends}"
            f" {'*' if difference.is_significant else ' '}  {100 * difference.probability:4.0f} %  "
            f"{gains[0]}  {gains[1]}   {gains[2]}"
        )
    lines += [
        "*: the interval excludes 0, as 1 in 20 does by chance; better: resamples in which B is better",
        "missed, alarms, outlines: what B gains by each, in points of the score over all classes",
    ]
    notes = [line for note in found.notes for line in textwrap.wrap(f"note: {note}", _COLUMNS)]
    return "\n".join([*lines, *notes])


def signed(value: float) -> str:
    """Four decimals with a sign, which a rounded 0 does not keep.

    Example:
        >>> signed(0.01), signed(-0.00001)
        ('+0.0100', '+0.0000')
    """
    return f"{round(value, 4) + 0.0:+.4f}"
