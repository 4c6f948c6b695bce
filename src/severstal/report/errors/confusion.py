"""Which class defects were named as: component by component, and pixel by pixel."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from matplotlib.axes import Axes

from severstal.competition.spec import Spec
from severstal.evaluation.labels import class_labels, shorten
from severstal.report.overlay import planes
from severstal.report.palette import TEXT_SIZE, WIDTH, Sheet, dress, ink, sheet

ENOUGH = 0.1  # share of a component that has to be drawn for it to be named at all
SIDE_BY_SIDE = 6  # classes up to which both matrices stand in one row


@dataclass(frozen=True)
class Confusion:
    """How truth and prediction go together; row and column 0 are "nothing", k is class k.

    Attributes:
        components: (1 + C, 1 + C) int64. Row k: the 8-connected components of true masks of class k, by the
            class that is drawn on most of their pixels, 0 where less than a tenth of them is drawn. Row 0:
            drawn components that touch no true defect, by their own class.
        pixels: (1 + C, 1 + C) float64: pixels by true and by drawn class; one with several classes on a side
            is shared out evenly. Pixels with nothing on either side are not counted.
    """

    components: np.ndarray
    pixels: np.ndarray


def confuse(
    images: Sequence[str],
    truth: Callable[[str], np.ndarray],
    mask: Callable[[str], np.ndarray],
    spec: Spec,
) -> Confusion:
    """Find which class each defect was named as.

    Args:
        images: names.
        truth: gives an image's true (H, W) bits by its name.
        mask: gives its (H, W) bits as drawn.
        spec: names the classes.

    Example:
        >>> spec = Spec("tiny", (1, 6), ("hole", "crack"))
        >>> found = confuse(["a"], {"a": np.uint8([[1, 1, 0, 2, 0, 0]])}.get,
        ...     {"a": np.uint8([[2, 2, 0, 0, 0, 1]])}.get, spec)
        >>> found.components.tolist()
        [[0, 1, 0], [0, 0, 1], [1, 0, 0]]
    """
    size = 1 + len(spec.classes)
    components, pixels = np.zeros((size, size), np.int64), np.zeros((size, size))
    for image in images:
        true, drawn = truth(image), mask(image)
        if not (true.any() or drawn.any()):
            continue
        values, counts = np.unique(true.astype(np.int64) << 32 | drawn, return_counts=True)
        for value, count in zip(values.tolist(), counts.tolist(), strict=True):
            ours, theirs = _classes(value >> 32, size), _classes(value & 2**32 - 1, size)
            if ours != [0] or theirs != [0]:
                pixels[np.ix_(ours, theirs)] += count / (len(ours) * len(theirs))
        named = dict(planes(drawn, spec))
        for class_id, plane in planes(true, spec):
            for part in _components(plane):
                inside = np.array(
                    [0, *(int(named[k][part].sum()) if k in named else 0 for k in spec.class_ids)]
                )
                # Of two classes drawn alike on it, the right one counts.
                best = class_id if inside[class_id] == inside.max() else int(inside.argmax())
                components[class_id, best if inside[best] >= ENOUGH * len(part[0]) else 0] += 1
        for class_id, plane in named.items():
            for part in _components(plane):
                components[0, class_id] += not true[part].any()
    return Confusion(components, pixels)


def _classes(bits: int, size: int) -> list[int]:
    """The classes of a pixel; 0 for none."""
    return [k for k in range(1, size) if bits >> (k - 1) & 1] or [0]


def _components(plane: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """The rows and columns of the pixels of each 8-connected component."""
    number, labels = cv2.connectedComponents(plane, connectivity=8)
    rows, columns = np.nonzero(labels)
    order = np.argsort(labels[rows, columns], kind="stable")
    rows, columns = rows[order], columns[order]
    cuts = np.cumsum(np.bincount(labels[rows, columns], minlength=number)[1:])[:-1]
    if number < 2:
        return []
    return list(zip(np.split(rows, cuts), np.split(columns, cuts), strict=True))


def confusion_matrices(found: Confusion, spec: Spec) -> Sheet:
    """Show which class defects were named as, in shares of each row.

    Args:
        found: as `confuse` gives it.
        spec: names the classes.

    Example:
        >>> spec = Spec("tiny", (4, 4), ("hole",))
        >>> found = Confusion(np.array([[0, 2], [1, 3]]), np.array([[0, 9.0], [5.0, 15.0]]))
        >>> figure = confusion_matrices(found, spec)
        >>> [text.get_text() for text in figure.axes[0].texts]
        ['2', '1\\n25%', '3\\n75%']
    """
    size = 1 + len(spec.classes)
    together = len(spec.classes) <= SIDE_BY_SIDE
    parts = (("Components", found.components), ("Pixels", found.pixels))
    cell = 0.5 if together else 0.42
    figure, axes = sheet(
        WIDTH,
        (cell * size + 1.5) * (1 if together else 2),
        "Which class defects were named as",
        "Rows: truth; columns: what was drawn there. The first column is what was missed, the first row what "
        "was drawn on sound steel, the diagonal what was named rightly. A component counts as named where at "
        f"least {ENOUGH:.0%} of it is drawn, by the class that is drawn on most of it. Shade and per cent: "
        "share of the row.",
        rows=1 if together else 2,
        columns=2 if together else 1,
    )
    for place, (title, counts) in zip(axes.flat, parts, strict=True):
        _matrix(place, counts, spec, title)
    return figure


def _matrix(axes: Axes, counts: np.ndarray, spec: Spec, title: str) -> None:
    # What was drawn on sound steel has no row to be a share of: all sound steel would dwarf it.
    shares = np.divide(counts, counts.sum(1, keepdims=True), out=np.zeros(counts.shape), where=counts > 0)
    shares[0] = 0
    shown = axes.imshow(shares, cmap="bone_r", vmin=0, vmax=1, aspect="auto")
    for (row, column), count in np.ndenumerate(counts):
        if row == column == 0:
            continue
        text = _short(count)
        if row and count and len(counts) <= 1 + SIDE_BY_SIDE:
            share = shares[row, column]
            text += f"\n{share:.0%}" if share >= 0.005 else "\n<1%"
        axes.text(
            column,
            row,
            text,
            ha="center",
            va="center",
            fontsize=TEXT_SIZE - (1.5 if len(counts) <= 1 + SIDE_BY_SIDE else 3),
            color=ink(shown.cmap(shown.norm(shares[row, column]))),
            fontweight="bold" if row == column else "normal",
        )
    names = ["nothing", *(shorten(label, 14) for label in class_labels(spec))]
    places = range(len(names))
    axes.set_yticks(places, names)
    axes.set_xticks(places, names, rotation=90 if len(names) > 4 else 0)
    dress(axes, x="drawn", y="truth")
    axes.tick_params(length=0, labelsize=TEXT_SIZE - 1)
    axes.set_title(title, fontsize=TEXT_SIZE, loc="left")


def _short(count: float) -> str:
    """A count in at most four letters.

    Example:
        >>> _short(0), _short(950), _short(9500.4), _short(123_456), _short(45_600_000)
        ('0', '950', '9.5k', '123k', '46M')
    """
    for limit, unit in ((1e6, "M"), (1e3, "k")):
        if count >= limit:
            return f"{count / limit:.1f}{unit}" if count < 10 * limit else f"{count / limit:.0f}{unit}"
    return f"{count:.0f}"
