"""One row per pair: picture, truth, map and mask side by side, cropped to the relevant part."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.patheffects import withStroke

from severstal.competition.spec import Spec
from severstal.evaluation.labels import truncate
from severstal.report.crop import cell_shape
from severstal.report.overlay import CAPTION, show_mask
from severstal.report.palette import FIGURE_WIDTH, TEXT_SIZE, Sheet, sheet

# Its lightness rises monotonically, so that it reads the same in greyscale and to the colour-blind.
_HEAT = "magma"
_ASPECT = 2.5  # of the shown part: its longer side over the shorter one
_BAR = 0.75  # inches for the colour bar
_EDGE = [withStroke(linewidth=2.2, foreground="black")]


@dataclass(frozen=True)
class PairRow:
    """The content of one row.

    Attributes:
        caption: one or more lines above the row, shortened where they do not fit.
        class_id: class of the pair, from 1.
        picture: (H, W) uint8, grey.
        truth: (H, W) bitmask, bit k - 1 for class k.
        maps: (H, W) uint8 each, of this class, 0 to 255 for 0 to 1.
        mask: predicted (H, W) bitmask; None where `maps` are of several runs.
    """

    caption: str
    class_id: int
    picture: np.ndarray
    truth: np.ndarray
    maps: tuple[np.ndarray, ...]
    mask: np.ndarray | None = None

    def of_class(self, bits: np.ndarray) -> np.ndarray:
        """The mask of the row's class: (H, W) bool."""
        return (bits >> (self.class_id - 1) & 1).astype(bool)


def side_by_side(
    rows: Sequence[PairRow], spec: Spec, title: str, note: str, heads: Sequence[str] = ("map",)
) -> Sheet:
    """Show one row per pair: the picture, the truth, the map or maps, and the mask where there is one.

    Of long pictures a crop is shown: where truth and mask differ most or, without a mask, the maps.

    Args:
        rows: rows of the figure, at least one, all with the same number of maps.
        spec: names the classes and fixes the shape of the pictures.
        title: title of the figure.
        note: note below the title that says how to read the figure.
        heads: title of each map.

    Example:
        >>> spec = Spec("tiny", (8, 32), ("hole",))
        >>> empty = np.zeros((8, 32), np.uint8)
        >>> mask = empty.copy()
        >>> mask[2:5, 20:24] = 1
        >>> row = PairRow("a.jpg", 1, empty, mask, (200 * mask,), empty)
        >>> figure = side_by_side([row], spec, "Missed", "")
        >>> [axes.get_title(loc="left").split("\\n")[-1] for axes in figure.axes[:4]]
        ['picture', 'truth: 1', 'map', 'mask: none']
    """
    shape = cell_shape(spec, [row.picture.shape[:2] for row in rows])
    high, wide = (min(side, int(_ASPECT * min(shape))) for side in shape)
    columns = 2 + len(rows[0].maps) + (rows[0].mask is not None)
    cell = (FIGURE_WIDTH - _BAR) / columns - 0.08
    tall = cell * high / wide
    lines = 2 + max(row.caption.count("\n") for row in rows)
    figure, axes = sheet(
        FIGURE_WIDTH, len(rows) * (tall + CAPTION * lines + 0.12), title, note, len(rows), columns
    )
    figure.get_layout_engine().set(w_pad=0.03, h_pad=0.03, wspace=0, hspace=0)
    for place, row in zip(axes, rows, strict=True):
        part = window(row, (high, wide))
        picture, truth = row.picture[part], row.truth[part]
        show_mask(place[0], picture, np.zeros_like(truth), spec, cell)
        show_mask(place[1], picture, truth, spec, cell)
        named = ["picture", f"truth: {classes_of(truth, spec)}", *heads]
        for target, plane in zip(place[2:], row.maps, strict=False):
            show_heat_map(target, plane[part], row.of_class(truth))
        if row.mask is not None:
            show_mask(place[-1], picture, row.mask[part], spec, cell)
            named.append(f"mask: {classes_of(row.mask[part], spec)}")
        captions = [truncate(line, int(14 * FIGURE_WIDTH)) for line in row.caption.split("\n")]
        for target, name in zip(place, named, strict=True):
            room = "\n" * len(captions)
            target.set_title(room + truncate(name, int(14 * cell)), fontsize=8, loc="left", pad=3)
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
        ScalarMappable(Normalize(0, 1), _HEAT),
        ax=axes.ravel().tolist(),
        fraction=0.03,
        pad=0.01,
        aspect=50,
        shrink=min(1.0, 4.0 / len(rows)),
        anchor=(0, 1),
    )
    bar.set_label("map: probability", fontsize=TEXT_SIZE - 1)
    bar.ax.tick_params(labelsize=TEXT_SIZE - 1.5)
    figure.photographic = True
    return figure


def window(row: PairRow, shape: tuple[int, int]) -> tuple[slice, slice]:
    """The crop of a given height and width in which truth and mask, or the maps, differ most.

    Example:
        >>> empty = np.zeros((2, 9), np.uint8)
        >>> truth = empty.copy()
        >>> truth[:, 7] = 1
        >>> window(PairRow("", 1, empty, truth, (), empty), (2, 3))
        (slice(0, 2, None), slice(6, 9, None))
    """
    if row.mask is not None:
        weight = (row.of_class(row.truth) ^ row.of_class(row.mask)).astype(np.int64)
    else:
        weight = np.max(row.maps, axis=0).astype(np.int64) - np.min(row.maps, axis=0)
    if not weight.any():  # equal masks: the crop with the highest probabilities
        weight = np.max(row.maps, axis=0).astype(np.int64)
    lengths = map(min, shape, weight.shape)
    return tuple(_most(weight.sum(axis=1 - axis), length) for axis, length in enumerate(lengths))


def _most(weight: np.ndarray, length: int) -> slice:
    """The slice of a given length with the largest sum; the middle one of several."""
    sums = np.cumsum(np.concatenate([[0], weight]))
    sums = sums[length:] - sums[:-length]
    best = np.flatnonzero(sums == sums.max())
    start = int(best[len(best) // 2])
    return slice(start, start + length)


def show_heat_map(axes: Axes, plane: np.ndarray, truth: np.ndarray) -> None:
    """Show a map as a heat map, with the outline of the true defect in white with a black rim.

    Args:
        axes: axes to draw on.
        plane: (H, W) uint8, 0 to 255 for 0 to 1.
        truth: (H, W) bool.

    Example:
        >>> figure, ((axes,),) = sheet(4, 2, "a.jpg")
        >>> show_heat_map(axes, np.zeros((8, 16), np.uint8), np.zeros((8, 16), bool))
        >>> axes.images[0].get_clim()
        (0.0, 255.0)
    """
    axes.imshow(plane, cmap=_HEAT, vmin=0, vmax=255, interpolation="antialiased")
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
        lines.set_path_effects(_EDGE)
    axes.set_xlim(-0.5, plane.shape[1] - 0.5)
    axes.set_ylim(plane.shape[0] - 0.5, -0.5)


def classes_of(bits: np.ndarray, spec: Spec) -> str:
    """The `ClassId`s in a bitmask.

    Example:
        >>> classes_of(np.uint8([[1, 4]]), Spec("s", (1, 2), ("a", "b", "c")))
        '1, 3'
    """
    drawn = int(np.bitwise_or.reduce(bits, axis=None))
    return ", ".join(str(k) for k in spec.class_ids if drawn >> (k - 1) & 1) or "none"
