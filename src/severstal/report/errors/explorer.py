"""Every defect by its area and Dice, its picture under the mouse, and a table of the worst that sorts."""

import base64
from collections.abc import Sequence
from html import escape

import cv2
import numpy as np
import pandas as pd

from severstal.competition.spec import Spec
from severstal.evaluation.labels import class_label
from severstal.report.live import Live, plotly_html
from severstal.report.overlay import ImageLookup, draw_contours
from severstal.report.palette import (
    FIGURE_WIDTH,
    MARKERS,
    TEXT_SIZE,
    Sheet,
    colour,
    dress,
    empty_sheet,
    legend_below,
    sheet,
)

_SHOWN = 120  # pairs with a picture under the mouse: about half a megabyte
_THUMB = 480  # pixels of its width
_COLUMNS = ("ImageId", "ClassId", "kind", "dice", "true", "predicted", "probability", "peak", "lost")


def dice_by_area(
    errors: pd.DataFrame, picture: ImageLookup, truth: ImageLookup, mask: ImageLookup, spec: Spec
) -> Live:
    """Show the Dice of every defect over its area; in a running notebook, its picture under the mouse.

    Args:
        errors: one row per pair, as `pair_errors` returns them.
        picture: function from an image's name to its pixels, (H, W) uint8.
        truth: function from an image's name to its true (H, W) bitmask.
        mask: function from an image's name to its predicted (H, W) bitmask.
        spec: names the classes.

    Example:
        `dice_by_area(pairs, job.train_pictures.picture, job.masks.__getitem__, drawn, job.spec)`
    """
    own = errors[errors["true"] > 0]
    return Live(_scatter(own, spec), lambda: _hovered(own, picture, truth, mask, spec))


def _scatter(own: pd.DataFrame, spec: Spec) -> Sheet:
    title = "Dice of every defect by its area"
    if own.empty:
        return empty_sheet(title, "No mask is labelled.")
    missed = (own["dice"] == 0).mean()
    figure, ((axes,),) = sheet(
        FIGURE_WIDTH,
        3.6,
        title,
        f"One marker per defect (image and class). {missed:.0%} have a Dice of 0: missed, or drawn "
        "elsewhere.",
    )
    handles = []
    for class_id in sorted(own["ClassId"].unique()):
        part = own[own["ClassId"] == class_id]
        (line,) = axes.plot(
            part["true"],
            part["dice"],
            MARKERS[(class_id - 1) % len(MARKERS)],
            color=colour(class_id),
            markeredgecolor="black",
            markeredgewidth=0.5,
            markersize=6,
            alpha=0.85,
            label=class_label(spec, class_id),
            clip_on=False,
        )
        handles.append(line)
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.set_ylim(-0.05, 1.02)  # so that markers at 0 stay clear of the axis
    dress(axes, "area of the defect (pixels, logarithmic)", "Dice", "both")
    axes.tick_params(labelsize=TEXT_SIZE)
    legend_below(figure, handles)
    return figure


def _hovered(
    own: pd.DataFrame, picture: ImageLookup, truth: ImageLookup, mask: ImageLookup, spec: Spec
) -> str:
    """Dots in HTML without a script: each shows its picture, truth and mask while the mouse is on it."""
    worst = own.sort_values("dice").head(_SHOWN)
    low, high = np.log10(max(own["true"].min(), 1)), np.log10(max(own["true"].max(), 10))

    def left_of(area: float) -> float:
        return 8 + 88 * (np.log10(area) - low) / max(high - low, 1e-9)  # % of the width

    def top_of(dice: float) -> float:
        return 4 + 84 * (1 - dice)  # % of the height

    dots = [
        f'<i style="left:8%;right:0;top:{top_of(dice):.1f}%;border-top:1px solid #ddd"></i>'
        f'<span class="tick" style="left:1%;top:calc({top_of(dice):.1f}% - .6em)">{dice:g}</span>'
        for dice in (0, 0.25, 0.5, 0.75, 1)
    ]
    dots += [
        f'<i style="top:4%;bottom:12%;left:{left_of(area):.1f}%;border-left:1px solid #ddd"></i>'
        f'<span class="tick" style="left:calc({left_of(area):.1f}% - 1.5em);bottom:1%">{area:,}</span>'
        for area in (10**power for power in range(int(np.ceil(low)), int(high) + 1))
    ]
    for row in worst.itertuples():
        left, top = left_of(row.true), top_of(row.dice)
        views = [
            draw_contours(picture(row.ImageId), bits, spec, 3)
            for bits in (truth(row.ImageId), mask(row.ImageId))
        ]
        said = f"{class_label(spec, row.ClassId)}, {row.ImageId}: Dice {row.dice:.2f}, {row.true:,} px"
        dots.append(
            f'<span class="pair" tabindex="0" style="left:calc({left:.1f}% - 7px);top:calc({top:.1f}% - 7px);'
            f'background:{colour(row.ClassId)}">{row.ClassId}<span><b>{escape(said)}</b><br>'
            "truth, then mask<br>"
            f'<img alt="" src="data:image/jpeg;base64,{_jpeg(views)}"></span></span>'
        )
    style = (
        "<style>.pairs{position:relative;height:20em;border:1px solid #888;margin:1em 0 26em;background:#fff}"
        ".pairs>i,.pairs>.tick{position:absolute;font:12px sans-serif;color:#333}"
        ".pair{position:absolute;width:14px;height:14px;border-radius:50%;border:1px solid #000;"
        "font:bold 10px/14px sans-serif;text-align:center;color:#000}"
        ".pair>span{display:none}.pair:hover,.pair:focus{z-index:2;outline:2px solid #000}"
        ".pair:hover>span,.pair:focus>span{display:block;position:fixed;left:8%;bottom:2%;padding:6px;"
        "background:#fff;border:1px solid #000;max-width:90%;font:13px/1.4 sans-serif;text-align:left}"
        ".pair img{max-width:100%}</style>"
    )
    note = (
        f"The {len(worst):,} defects with the lowest Dice: upwards the Dice, to the right the area in pixels "
        "(logarithmic); the number is the ClassId. Move the mouse over a dot, or tab to it, for its picture."
    )
    return f'{style}<p>{note}</p><div class="pairs">{"".join(dots)}</div>'


def _jpeg(views: Sequence[np.ndarray]) -> str:
    """Pictures below each other as a JPEG in base64."""
    whole = np.concatenate(views)
    size = (_THUMB, max(1, round(_THUMB * whole.shape[0] / whole.shape[1])))
    small = cv2.resize(whole, size, interpolation=cv2.INTER_AREA)
    _, content = cv2.imencode(".jpg", cv2.cvtColor(small, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, 70])
    return base64.b64encode(content.tobytes()).decode()


def worst_pairs(errors: pd.DataFrame, spec: Spec, most: int = 100) -> Live:
    """List the pairs that lose most; in a running notebook, sorted by any column.

    Args:
        errors: one row per pair, as `pair_errors` returns them.
        spec: names the classes.
        most: rows of the interactive table; the static one has ten.

    Example:
        >>> row = {"ImageId": "a", "ClassId": 1, "kind": "missed", "dice": 0.0, "true": 9, "predicted": 0}
        >>> row |= {"probability": 0.1, "peak": 0.2, "lost": 0.5}
        >>> worst_pairs(pd.DataFrame([row]), Spec("tiny", (4, 4), ("hole",))).static["class"].tolist()
        ['1 hole']
    """
    ranked = errors[errors["lost"] > 0].sort_values(["lost", "true"], ascending=False)[list(_COLUMNS)]
    table = ranked.head(most).assign(ClassId=[class_label(spec, k) for k in ranked["ClassId"].head(most)])
    table = table.rename(columns={"ImageId": "image", "ClassId": "class"}).round(4).reset_index(drop=True)
    return Live(table.head(10), lambda: _sortable(table))


def _sortable(table: pd.DataFrame) -> str:
    from plotly import graph_objects

    orders = [(name, table.sort_values(name, ascending=name in ("image", "class", "kind"))) for name in table]
    figure = graph_objects.Figure(
        graph_objects.Table(
            header={"values": [f"<b>{name}</b>" for name in table], "align": "left"},
            cells={"values": [table[name] for name in table], "align": "left"},
        )
    )
    buttons = [
        {
            "label": f"sorted by {name}",
            "method": "restyle",
            "args": [{"cells.values": [[ordered[column].tolist() for column in ordered]]}],
        }
        for name, ordered in orders
    ]
    figure.update_layout(
        updatemenus=[
            {"buttons": buttons, "active": list(table).index("lost"), "x": 0, "xanchor": "left", "y": 1.15}
        ],
        height=480,
        margin={"t": 70},
    )
    return plotly_html(figure)
