"""The base figure of the reports."""

import io
import textwrap
from collections.abc import Sequence

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backend_bases import RendererBase
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.ticker import LogFormatter
from matplotlib.typing import ColorType
from PIL import Image

from severstal.report.colours import colour as colour
from severstal.report.colours import rgb as rgb

GREY = "#6E6E6E"  # for what is of no class: clean images, baselines
PALE = "#D9D9D9"
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
LINES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (8, 2)))

DPI = 100
FIGURE_WIDTH = 9.6  # inches: the width that a notebook shows without scaling
TITLE_SIZE, TEXT_SIZE = 13, 9.5  # points
_LINE_HEIGHT = 0.19  # inches
_JPEG_QUALITY = 80


def ink(background: ColorType) -> str:
    """Black or white, whichever has the higher contrast with a colour.

    Example:
        >>> ink("#E69F00"), ink("#332288")
        ('black', 'white')
    """
    # Luma of ITU-R BT.601; slightly below 0.5 both have the same contrast.
    return "black" if np.dot(to_rgb(background), (0.299, 0.587, 0.114)) > 0.43 else "white"


class Sheet(Figure):
    """A matplotlib figure that a notebook displays, created without pyplot and thus without global state.

    A notebook gets the title and the note as the picture's alternative text. A figure without axes is
    displayed as these words alone.

    Attributes:
        photographic: displayed as JPEG instead of PNG, a quarter of the size for photographs.
    """

    photographic = False

    def draw(self, renderer: RendererBase) -> None:
        """Draw the figure; a `$` in the name of a class or a picture is a plain `$`, not a formula."""
        formulas = {
            id(label)
            for axes in self.axes
            for axis in (axes.xaxis, axes.yaxis)
            if isinstance(axis.get_major_formatter(), LogFormatter)  # which writes powers of ten as formulas
            for label in (*axis.get_ticklabels(), *axis.get_ticklabels(minor=True))
        }
        for text in self.findobj(Text):
            text.set_parse_math(id(text) in formulas)
        super().draw(renderer)

    @property
    def words(self) -> str:
        """Title and note on one line."""
        return " ".join(" ".join(text.get_text().split()).rstrip(".") + "." for text in self.texts)

    def picture(self) -> tuple[str, bytes]:
        """The figure as a file: its MIME type, `image/png` or `image/jpeg`, and its bytes."""
        buffer, small = io.BytesIO(), io.BytesIO()
        self.savefig(buffer, format="png")
        drawn = Image.open(buffer).convert("RGB")
        if self.photographic:
            drawn.save(small, "JPEG", quality=_JPEG_QUALITY, optimize=True)
            return "image/jpeg", small.getvalue()
        # A chart has few colours: with a palette of 256 it is a third of the size and looks the same.
        drawn.quantize(256, dither=Image.Dither.NONE).save(small, "PNG", optimize=True)
        return "image/png", small.getvalue()

    def _repr_mimebundle_(
        self, include: object = None, exclude: object = None
    ) -> tuple[dict[str, object], dict[str, object]]:
        """The content that a notebook displays, with the alternative text as its metadata."""
        if not self.axes:
            return {"text/plain": self.words, "text/markdown": self.words}, {}
        kind, content = self.picture()
        return {kind: content, "text/plain": self.words}, {kind: {"alt": self.words}}


def sheet(
    width: float,
    height: float,
    title: str,
    note: str = "",
    rows: int = 1,
    columns: int = 1,
    **subplots: object,
) -> tuple[Sheet, np.ndarray]:
    """Make a figure with a title and a note above a grid of empty axes.

    Args:
        width: width of the figure in inches.
        height: height of the axes in inches; the height of title and note is added.
        title: title, in bold.
        note: note on how to read the figure or on what it shows; wrapped.
        rows: number of rows of axes.
        columns: number of columns of axes.
        subplots: further arguments of `Figure.subplots`, such as `sharex`.

    Returns:
        The figure at 100 dpi and its axes, (rows, columns).

    Example:
        >>> figure, axes = sheet(8, 3, "Counts", columns=2)
        >>> axes.shape, figure.texts[0].get_text()
        ((1, 2), 'Counts')
    """
    heading = textwrap.fill(title, int(width * 10))
    note = "\n".join(textwrap.fill(line, int(width * 14)) for line in note.splitlines())
    heading_height = 0.1 + 1.35 * _LINE_HEIGHT * (heading.count("\n") + 1)
    head = heading_height + (_LINE_HEIGHT * (note.count("\n") + 1) if note else 0) + 0.08
    whole = height + head

    figure = Sheet(figsize=(width, whole), dpi=DPI, layout="constrained", facecolor="white")
    margin = 0.1 / width
    figure.get_layout_engine().set(rect=(margin, 0.02, 1 - 2 * margin, 0.98 - head / whole))
    at = {"x": margin, "ha": "left", "va": "top", "linespacing": 1.25}
    figure.text(y=1 - 0.1 / whole, s=heading, fontsize=TITLE_SIZE, fontweight="bold", **at)
    if note:
        figure.text(y=1 - heading_height / whole, s=note, fontsize=TEXT_SIZE, color="#404040", **at)
    return figure, figure.subplots(rows, columns, squeeze=False, **subplots)


def empty_sheet(title: str, why: str = "There is none.") -> Sheet:
    """A figure without axes: a notebook shows its title and the reason why there is nothing to draw.

    Example:
        >>> empty_sheet("Missed defects").texts[1].get_text()
        'There is none.'
    """
    figure, ((axes,),) = sheet(FIGURE_WIDTH, 0.05, title, why)
    axes.remove()
    return figure


def dress(axes: Axes, x: str = "", y: str = "", grid: str | None = None) -> None:
    """Label axes, remove their top and right spines and draw a pale grid.

    Args:
        axes: axes to style.
        x: label of the horizontal axis, with its unit.
        y: label of the vertical axis, with its unit.
        grid: "x", "y" or "both"; None for none.

    Example:
        >>> figure, axes = sheet(4, 3, "Areas")
        >>> dress(axes[0, 0], x="area (pixels)", grid="x")
        >>> axes[0, 0].get_xlabel()
        'area (pixels)'
    """
    axes.set_xlabel(x, fontsize=TEXT_SIZE)
    axes.set_ylabel(y, fontsize=TEXT_SIZE)
    axes.tick_params(labelsize=TEXT_SIZE, length=3, color=GREY)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(GREY)
    axes.set_axisbelow(True)
    if grid:
        axes.grid(axis=grid, color="#E6E6E6", linewidth=0.8)


def legend_below(figure: Figure, handles: Sequence[Artist]) -> None:
    """Draw one legend for the whole figure below its axes, in as many columns as fit.

    Example:
        >>> from matplotlib.patches import Patch
        >>> figure, _ = sheet(4, 3, "Areas")
        >>> legend_below(figure, [Patch(label="clean")])
        >>> len(figure.legends)
        1
    """
    widths = [0.7 + 0.075 * len(handle.get_label()) for handle in handles]  # inches
    fit = figure.get_figwidth()
    columns = len(handles) if sum(widths) <= fit else max(1, int(fit / max(widths)))
    figure.legend(
        handles=handles,
        loc="outside lower left",
        ncols=columns,
        fontsize=TEXT_SIZE,
        frameon=False,
    )
