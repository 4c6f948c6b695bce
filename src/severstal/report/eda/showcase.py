"""One picture of each class, whole, with the defect enlarged below it."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from severstal.competition.spec import Spec
from severstal.evaluation.examples import evenly_spaced
from severstal.evaluation.labels import class_label, truncate
from severstal.report.crop import cell_shape, zoom_window
from severstal.report.eda.gallery import CONTOURS
from severstal.report.overlay import CAPTION, ImageLookup, show_mask
from severstal.report.palette import FIGURE_WIDTH, Sheet, empty_sheet, sheet

_ZOOMS = 4  # crops per class: the same one bare and outlined, then two more components or masks
_MOST = 6  # classes; with more the figure would be a poster


def class_showcase(
    masks: pd.DataFrame, images: Sequence[str], picture: ImageLookup, bits: ImageLookup, spec: Spec
) -> Sheet:
    """Show a typical picture of each class, then crops of its defect and of other masks of the class.

    Long pictures take the full width, with the crops below; others stand beside their crops. The last row is
    a clean picture. Of more than six classes the most frequent are shown.

    Args:
        masks: one row per mask, with `ImageId`, `ClassId` and `area` in pixels.
        images: the images to select from, including clean ones.
        picture: function from an image's name to its pixels, (H, W) uint8.
        bits: function from an image's name to its (H, W) bitmask.
        spec: names the classes.

    Example:
        >>> masks = pd.DataFrame({"ImageId": ["a"], "ClassId": [1], "area": [9]})
        >>> full = np.ones((64, 320), np.uint8)
        >>> spec = Spec("tiny", (64, 320), ("hole",))
        >>> figure = class_showcase(masks, ["a"], lambda name: full, lambda name: full, spec)
        >>> [axes.get_title(loc="left") for axes in figure.axes]
        ['1 hole: 9 px in a', 'enlarged', 'outlined']
    """
    title = "What each class looks like"
    known = masks[masks["ImageId"].isin(set(images))].sort_values(["area", "ImageId"])
    classes = sorted(known["ClassId"].value_counts().index[:_MOST])
    clean = sorted(set(images) - set(masks["ImageId"]))
    if not classes:
        return empty_sheet(title, "No mask is labelled.")
    high, wide = cell_shape(spec, [bits(name).shape for name in images])
    long = wide > 2.5 * high
    width = FIGURE_WIDTH - 0.2
    tall = (
        width * high / wide if long else min((width / (_ZOOMS + 1) - 0.06) * high / wide, 2.4)
    )  # of a whole picture
    zoom = (width / _ZOOMS - 0.06) / 1.6 if long else tall  # height of a crop
    aspect = 1.6 if long else wide / high
    heights = [tall + zoom + 2 * CAPTION + 0.2 if long else tall + 2 * CAPTION + 0.1] * len(classes)
    if clean and long:
        heights.append(tall + CAPTION + 0.15)
    figure, axes = sheet(
        FIGURE_WIDTH,
        sum(heights),
        title,
        "A typical picture of each class, and the parts in the dashed boxes enlarged: bare, with the label, "
        f"and other defects of the class. {CONTOURS}",
    )
    axes[0, 0].remove()
    figure.set_layout_engine("none")
    low = sum(heights)  # inches above the bottom: where title and note end
    for inches, class_id in zip(heights, classes, strict=False):
        own = known[known["ClassId"] == class_id]
        _show_class(figure, low, own, class_id, picture, bits, spec, (high, wide), (tall, zoom, aspect))
        low -= inches
    if clean and long:
        name = clean[evenly_spaced(len(clean), 1)[0]]
        place = _place(figure, 0, low - CAPTION - 0.05, width, tall)
        _bare(place, picture(name), spec, width, f"clean: {name}")
    figure.photographic = True
    return figure


def _show_class(
    figure: Sheet,
    top: float,
    own: pd.DataFrame,
    class_id: int,
    picture: ImageLookup,
    bits: ImageLookup,
    spec: Spec,
    shape: tuple[int, int],
    sizes: tuple[float, float, float],
) -> None:
    """Show a typical picture of a class, made for a shape, and the crops; `top` in inches from the bottom."""
    tall, zoom, aspect = sizes
    high, wide = shape
    long = wide > 2.5 * high
    width = FIGURE_WIDTH - 0.2
    typical = own.iloc[len(own) // 2]
    name = typical["ImageId"]
    whole = tall * wide / high
    top -= CAPTION + 0.05
    place = _place(figure, 0, top, whole, tall)
    said = f": {typical['area']:,} px" + (f" in {name}" if long else "")
    caption = truncate(class_label(spec, class_id), max(6, int(13 * whole) - len(said))) + said
    show_mask(place, picture(name), bits(name), spec, whole)
    _dress(place, caption)

    others = [own.iloc[at]["ImageId"] for at in evenly_spaced(len(own), 5)]
    others = list(dict.fromkeys(other for other in others if other != name))[: _ZOOMS - 2]
    shown = [(name, "enlarged"), (name, "outlined"), *((other, other) for other in others)]
    for index, (image, said) in enumerate(shown):
        cut = zoom_window(bits(image) >> (class_id - 1) & 1, aspect, min(64, high))
        left, below = (index * width / _ZOOMS, top - tall - CAPTION - 0.05) if long else (
            (index + 1) * width / (_ZOOMS + 1), top
        )  # fmt: skip
        at = _place(figure, left, below, zoom * aspect, zoom)
        if index == 0:
            _bare(at, picture(image)[cut], spec, zoom * aspect, said)
        else:
            show_mask(at, picture(image)[cut], bits(image)[cut], spec, zoom * aspect)
            _dress(at, truncate(said, int(13 * zoom * aspect)))
    rows, columns = zoom_window(bits(name) >> (class_id - 1) & 1, aspect, min(64, high))
    box = (columns.start, rows.start), columns.stop - columns.start, rows.stop - rows.start
    for colour, style in (("black", "-"), ("white", "--")):
        place.add_patch(Rectangle(*box, fill=False, edgecolor=colour, linestyle=style, linewidth=1.2))


def _place(figure: Sheet, left: float, top: float, wide: float, tall: float) -> Axes:
    """Axes at a position in inches from the lower left of the figure, `top` their upper side."""
    width, height = figure.get_size_inches()
    return figure.add_axes(((0.1 + left) / width, (top - tall) / height, wide / width, tall / height))


def _bare(axes: Axes, picture: np.ndarray, spec: Spec, width: float, caption: str) -> None:
    """Show a picture without contours."""
    show_mask(axes, picture, np.zeros(picture.shape[:2], np.uint8), spec, width)
    _dress(axes, caption)


def _dress(axes: Axes, caption: str) -> None:
    axes.set_title(caption, fontsize=8.5, loc="left", pad=3)
    axes.set_xticks([])
    axes.set_yticks([])
