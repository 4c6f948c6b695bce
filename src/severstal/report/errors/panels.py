"""One pair a row: picture, truth, map and mask side by side, cut to where it matters."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.patheffects import withStroke

from severstal.competition.spec import Spec
from severstal.evaluation.labels import shorten
from severstal.report.overlay import CAPTION, show
from severstal.report.palette import TEXT_SIZE, WIDTH, Sheet, sheet

HEAT = (
    "magma"  # its brightness rises all the way: it reads the same to every eye, and in print without colour
)
SPREAD = 2.5  # the longer side of what is shown, in shorter ones
BAR = 0.75  # inches for the scale
EDGE = [withStroke(linewidth=2.2, foreground="black")]


@dataclass(frozen=True)
class Row:
    """What is shown of one pair.

    Attributes:
        caption: a line or more above the row; what does not fit is cut.
        class_id: the class that it is about, from 1.
        picture: (H, W) uint8, grey.
        truth: (H, W) bits, bit k - 1 for class k.
        maps: (H, W) uint8 each, of this class, 0 to 255 for 0 to 1.
        mask: (H, W) bits as drawn; None where `maps` are of several runs.
    """

    caption: str
    class_id: int
    picture: np.ndarray
    truth: np.ndarray
    maps: tuple[np.ndarray, ...]
    mask: np.ndarray | None = None

    def of_class(self, bits: np.ndarray) -> np.ndarray:
        """Where the class itself is: (H, W) bool."""
        return (bits >> (self.class_id - 1) & 1).astype(bool)


def side_by_side(
    rows: Sequence[Row], spec: Spec, title: str, note: str, heads: Sequence[str] = ("map",)
) -> Sheet:
    """Show pairs, a row each: the picture, the truth, the map or maps, and the mask where there is one.

    Of long pictures the part is shown that holds most of what matters: pixels in one of truth and mask alone
    or, without a mask, those that the maps differ on.

    Args:
        rows: at least one, all with as many maps.
        spec: names the classes and fixes the shape of the pictures.
        title: of the whole.
        note: how to read it.
        heads: what stands above each map.

    Example:
        >>> spec = Spec("tiny", (8, 32), ("hole",))
        >>> empty = np.zeros((8, 32), np.uint8)
        >>> mask = empty.copy()
        >>> mask[2:5, 20:24] = 1
        >>> row = Row("a.jpg", 1, empty, mask, (200 * mask,), empty)
        >>> figure = side_by_side([row], spec, "Missed", "")
        >>> [axes.get_title(loc="left").split("\\n")[-1] for axes in figure.axes[:4]]
        ['picture', 'truth: 1', 'map', 'mask: nothing']
    """
    high, wide = (min(side, int(SPREAD * min(spec.image_shape))) for side in spec.image_shape)
    columns = 2 + len(rows[0].maps) + (rows[0].mask is not None)
    cell = (WIDTH - BAR) / columns - 0.08
    tall = cell * high / wide
    lines = 2 + max(row.caption.count("\n") for row in rows)
    figure, axes = sheet(WIDTH, len(rows) * (tall + CAPTION * lines + 0.12), title, note, len(rows), columns)
    figure.get_layout_engine().set(w_pad=0.03, h_pad=0.03, wspace=0, hspace=0)
    for place, row in zip(axes, rows, strict=True):
        part = window(row, (high, wide))
        picture, truth = row.picture[part], row.truth[part]
        show(place[0], picture, np.zeros_like(truth), spec, cell)
        show(place[1], picture, truth, spec, cell)
        named = ["picture", f"truth: {classes_of(truth, spec)}", *heads]
        for target, plane in zip(place[2:], row.maps, strict=False):
            heat(target, plane[part], row.of_class(truth))
        if row.mask is not None:
            show(place[-1], picture, row.mask[part], spec, cell)
            named.append(f"mask: {classes_of(row.mask[part], spec)}")
        captions = [shorten(line, int(14 * WIDTH)) for line in row.caption.split("\n")]
        for target, name in zip(place, named, strict=True):
            room = "\n" * len(captions)
            target.set_title(room + shorten(name, int(14 * cell)), fontsize=8, loc="left", pad=3)
            target.set_xticks([])
            target.set_yticks([])
        # A title as long as this would push the pictures apart.
        place[0].annotate(
            "\n".join(captions),
            (0, 1),
            (0, 3 + 8 * 1.2),
            xycoords="axes fraction",
            textcoords="offset points",
            va="bottom",
            fontsize=8,
            fontweight="bold",
        ).set_in_layout(False)
    bar = figure.colorbar(
        ScalarMappable(Normalize(0, 1), HEAT),
        ax=axes.ravel().tolist(),
        fraction=0.03,
        pad=0.01,
        aspect=50,
        shrink=min(1.0, 4.0 / len(rows)),
        anchor=(0, 1),
    )
    bar.set_label("map: probability", fontsize=TEXT_SIZE - 1)
    bar.ax.tick_params(labelsize=TEXT_SIZE - 2)
    figure.photographic = True
    return figure


def window(row: Row, shape: tuple[int, int]) -> tuple[slice, slice]:
    """The part of a picture, of a given height and width, that holds most of what matters of a pair.

    Example:
        >>> empty = np.zeros((2, 9), np.uint8)
        >>> truth = empty.copy()
        >>> truth[:, 7] = 1
        >>> window(Row("", 1, empty, truth, (), empty), (2, 3))
        (slice(0, 2, None), slice(6, 9, None))
    """
    if row.mask is not None:
        weight = (row.of_class(row.truth) ^ row.of_class(row.mask)).astype(np.int64)
    else:
        weight = np.max(row.maps, axis=0).astype(np.int64) - np.min(row.maps, axis=0)
    if not weight.any():  # two masks alike: then what the map shows
        weight = np.max(row.maps, axis=0).astype(np.int64)
    return tuple(_most(weight.sum(axis=1 - axis), length) for axis, length in zip((0, 1), shape, strict=True))


def _most(weight: np.ndarray, length: int) -> slice:
    """Where `length` values in a row have the largest sum; the middle one of equal places."""
    sums = np.cumsum(np.concatenate([[0], weight]))
    sums = sums[length:] - sums[:-length]
    best = np.flatnonzero(sums == sums.max())
    start = int(best[len(best) // 2])
    return slice(start, start + length)


def heat(axes: Axes, plane: np.ndarray, truth: np.ndarray) -> None:
    """Show a map as heat, the true defect as a white line with a black rim.

    Args:
        axes: where to draw.
        plane: (H, W) uint8, 0 to 255 for 0 to 1.
        truth: (H, W) bool.

    Example:
        >>> figure, ((axes,),) = sheet(4, 2, "a.jpg")
        >>> heat(axes, np.zeros((8, 16), np.uint8), np.zeros((8, 16), bool))
        >>> axes.images[0].get_clim()
        (0.0, 255.0)
    """
    axes.imshow(plane, cmap=HEAT, vmin=0, vmax=255, interpolation="antialiased")
    if truth.any():
        padded = np.pad(truth, 1).astype(np.uint8)  # so that the line closes at the picture's edge
        lines = axes.contour(
            np.arange(-1, truth.shape[1] + 1),
            np.arange(-1, truth.shape[0] + 1),
            padded,
            [0.5],
            colors="white",
            linewidths=0.9,
        )
        lines.set_path_effects(EDGE)
    axes.set_xlim(-0.5, plane.shape[1] - 0.5)
    axes.set_ylim(plane.shape[0] - 0.5, -0.5)


def classes_of(bits: np.ndarray, spec: Spec) -> str:
    """The `ClassId`s that a picture of bits shows.

    Example:
        >>> classes_of(np.uint8([[1, 4]]), Spec("s", (1, 2), ("a", "b", "c")))
        '1, 3'
    """
    drawn = int(np.bitwise_or.reduce(bits, axis=None))
    return ", ".join(str(k) for k in spec.class_ids if drawn >> (k - 1) & 1) or "nothing"
