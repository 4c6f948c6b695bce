"""Confusion matrices as a figure."""

import numpy as np
from matplotlib.axes import Axes

from severstal.competition.spec import Spec
from severstal.evaluation.confusion import MIN_COVERED, Confusion
from severstal.evaluation.labels import class_labels, truncate
from severstal.report.palette import FIGURE_WIDTH, TEXT_SIZE, Sheet, dress, ink, sheet

_SIDE_BY_SIDE = 6  # up to this many classes both matrices fit in one row


def confusion_matrices(found: Confusion, spec: Spec) -> Sheet:
    """Show the confusion of the classes, as shares of each row.

    Args:
        found: confusion from `measure_confusion`.
        spec: names the classes.

    Example:
        >>> spec = Spec("tiny", (4, 4), ("hole",))
        >>> found = Confusion(np.array([[0, 2], [1, 3]]), np.array([[0, 9.0], [5.0, 15.0]]))
        >>> figure = confusion_matrices(found, spec)
        >>> [text.get_text() for text in figure.axes[0].texts]
        ['2', '1\\n25%', '3\\n75%']
    """
    size = 1 + len(spec.classes)
    together = len(spec.classes) <= _SIDE_BY_SIDE
    parts = (("Components", found.components), ("Pixels", found.pixels))
    cell = 0.5 if together else 0.42
    figure, axes = sheet(
        FIGURE_WIDTH,
        (cell * size + 1.5) * (1 if together else 2),
        "Confusion of the classes",
        "Rows: truth; columns: prediction. First column: missed; first row: false alarms; diagonal: right. "
        f"A component counts as found if at least {MIN_COVERED:.0%} of it is predicted, as the class that "
        "covers most of it. Shade and per cent: share of the row.",
        rows=1 if together else 2,
        columns=2 if together else 1,
    )
    for place, (title, counts) in zip(axes.flat, parts, strict=True):
        _matrix(place, counts, spec, title)
    return figure


def _matrix(axes: Axes, counts: np.ndarray, spec: Spec, title: str) -> None:
    # False alarms have no row to be a share of: all sound steel would dwarf them.
    shares = np.divide(counts, counts.sum(1, keepdims=True), out=np.zeros(counts.shape), where=counts > 0)
    shares[0] = 0
    shown = axes.imshow(shares, cmap="bone_r", vmin=0, vmax=1, aspect="auto")
    for (row, column), count in np.ndenumerate(counts):
        if row == column == 0:
            continue
        text = _short(count)
        if row and count and len(counts) <= 1 + _SIDE_BY_SIDE:
            share = shares[row, column]
            text += f"\n{share:.0%}" if share >= 0.005 else "\n<1%"
        axes.text(
            column,
            row,
            text,
            ha="center",
            va="center",
            fontsize=TEXT_SIZE - (1.5 if len(counts) <= 1 + _SIDE_BY_SIDE else 3),
            color=ink(shown.cmap(shown.norm(shares[row, column]))),
            fontweight="bold" if row == column else "normal",
        )
    names = ["no defect", *(truncate(label, 14) for label in class_labels(spec))]
    places = range(len(names))
    axes.set_yticks(places, names)
    axes.set_xticks(places, names, rotation=90 if len(names) > 4 else 0)
    dress(axes, x="prediction", y="truth")
    axes.tick_params(length=0, labelsize=TEXT_SIZE - 1)
    axes.set_title(title, fontsize=TEXT_SIZE, loc="left")


def _short(count: float) -> str:
    """A count in at most four characters.

    Example:
        >>> _short(0), _short(950), _short(9500.4), _short(123_456), _short(45_600_000)
        ('0', '950', '9.5k', '123k', '46M')
    """
    for limit, unit in ((1e6, "M"), (1e3, "k")):
        if count >= limit:
            return f"{count / limit:.1f}{unit}" if count < 10 * limit else f"{count / limit:.0f}{unit}"
    return f"{count:.0f}"
