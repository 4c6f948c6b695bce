"""In how many pieces the defects come, and of what shape."""

import numpy as np
import pandas as pd
from matplotlib.ticker import StrMethodFormatter

from severstal.competition.spec import Spec
from severstal.evaluation.labels import class_label, class_labels, shorten
from severstal.report.palette import TEXT_SIZE, WIDTH, Sheet, colour, dress, sheet

GROUPS = ((1, 1, "1"), (2, 2, "2"), (3, 3, "3"), (4, 5, "4-5"), (6, None, "6+"))
MOST_DOTS = 1500


def mask_summary(masks: pd.DataFrame, spec: Spec) -> pd.DataFrame:
    """Sum up the masks of each class in a row.

    Args:
        masks: a row a mask with area, components and box, as `mask_statistics` gives them.
        spec: names the classes and fixes the size of a picture.

    Returns:
        A row a class: number of masks, quantiles of the area in pixels, components a mask, share of the masks
        in one piece, share that touches top or bottom and that touches a side, and the mean share of its own
        box that a mask fills; shares in per cent, <NA> where a class has no mask.

    Example:
        >>> row = {"ClassId": 1, "area": 6, "components": 1, "top": 0, "left": 1, "height": 2, "width": 4}
        >>> summary = mask_summary(pd.DataFrame([row]), Spec("tiny", (8, 8), ("hole",)))
        >>> summary.loc["1 hole", ["masks", "touches top or bottom (%)", "fills its box (%)"]].tolist()
        [1, 100, 75]
    """
    height, width = spec.image_shape
    rows = {}
    for class_id, label in zip(spec.class_ids, class_labels(spec), strict=True):
        own = masks[masks["ClassId"] == class_id]
        bottom, right = own["top"] + own["height"], own["left"] + own["width"]
        rows[label] = {
            "masks": len(own),
            "area: 5 % below": own["area"].quantile(0.05),
            "median": own["area"].median(),
            "95 % below": own["area"].quantile(0.95),
            "components": own["components"].mean(),
            "in one piece (%)": 100 * (own["components"] == 1).mean(),
            "touches top or bottom (%)": 100 * ((own["top"] == 0) | (bottom == height)).mean(),
            "touches a side (%)": 100 * ((own["left"] == 0) | (right == width)).mean(),
            "fills its box (%)": 100 * (own["area"] / (own["height"] * own["width"])).mean(),
        }
    digits = {name: 0 for name in next(iter(rows.values()))} | {"components": 1}
    summary = pd.DataFrame.from_dict(rows, orient="index").round(digits)
    whole = [name for name, number in digits.items() if number == 0]
    return summary.astype(dict.fromkeys(whole, "Int64") | {"components": "Float64"})


def components(masks: pd.DataFrame, pieces: pd.DataFrame, spec: Spec) -> Sheet:
    """Show for each class in how many components its masks come, and how wide and high those are.

    Args:
        masks: a row a mask, with `ClassId` and `components`.
        pieces: a row a component, with `ClassId`, `width` and `height` in pixels.
        spec: names the classes and fixes the size of a picture.

    Example:
        >>> from severstal.competition.spec import SEVERSTAL
        >>> masks = pd.DataFrame({"ClassId": [3, 3], "components": [1, 12]})
        >>> pieces = pd.DataFrame({"ClassId": [3], "width": [40], "height": [90]})
        >>> figure = components(masks, pieces, SEVERSTAL)
        >>> [float(bar.get_height()) for bar in figure.axes[2].patches]
        [50.0, 0.0, 0.0, 0.0, 50.0]
    """
    high, wide = spec.image_shape
    columns = len(spec.classes) if len(spec.classes) <= 5 else 4
    blocks = -(-len(spec.classes) // columns)
    figure, axes = sheet(
        max(6.0, min(WIDTH, 2.4 * columns)),
        3.9 * blocks,
        "In how many pieces defects come, and of what shape",
        "Above: pieces (8-connected components) a mask. Below: a dot is a piece, the cross the median; "
        "dotted: the height and width of the picture; on the dashed line pieces are as high as wide.",
        rows=2 * blocks,
        columns=columns,
        height_ratios=[1, 1.6] * blocks,
    )
    for place in range(columns * blocks):
        above = axes[2 * (place // columns), place % columns]
        below = axes[2 * (place // columns) + 1, place % columns]
        if place >= len(spec.classes):
            above.remove()
            below.remove()
            continue
        class_id, first = place + 1, place % columns == 0
        number = masks.loc[masks["ClassId"] == class_id, "components"].to_numpy()
        own = pieces[pieces["ClassId"] == class_id]
        shares = [
            100 * np.mean((number >= low) & (number <= (most or number.max()))) if len(number) else 0.0
            for low, most, _ in GROUPS
        ]
        bars = above.bar(range(len(GROUPS)), shares, color=colour(class_id), edgecolor="black", linewidth=0.6)
        above.bar_label(bars, [f"{share:.0f}" if share else "" for share in shares], fontsize=TEXT_SIZE - 2)
        above.set_xticks(range(len(GROUPS)), [name for *_, name in GROUPS])
        above.set_ylim(0, 1.18 * (max(shares) or 100))
        dress(above, x="pieces a mask", y="masks (%)" if first else "")
        above.tick_params(labelsize=TEXT_SIZE - 1.5)
        said = f"{len(number):,} masks, {len(own):,} pieces" if len(number) else "no mask"
        above.set_title(
            f"{shorten(class_label(spec, class_id), 26)}\n{said}", fontsize=TEXT_SIZE, loc="left", pad=4
        )

        dots = own.iloc[np.linspace(0, len(own) - 1, min(len(own), MOST_DOTS)).astype(int)]
        faint = float(np.clip(60 / max(len(dots), 1), 0.15, 0.9))
        below.loglog(
            dots["width"], dots["height"], "o", markersize=3.5, color=colour(class_id), alpha=faint,
            markeredgecolor="black", markeredgewidth=0.3,
        )  # fmt: skip
        if len(own):
            below.plot(
                own["width"].median(), own["height"].median(), "+", color="black", markersize=15, mew=2
            )
        largest = max(high, wide)
        below.plot([1, largest], [1, largest], "--", color="#606060", linewidth=0.8)
        below.axvline(wide, color="black", linestyle=":", linewidth=0.9)
        below.axhline(high, color="black", linestyle=":", linewidth=0.9)
        below.set_xlim(1, 1.4 * wide)
        below.set_ylim(1, 1.6 * high)
        for axis in (below.xaxis, below.yaxis):
            axis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
        dress(below, x="width of a piece (px)", y="height of a piece (px)" if first else "", grid="both")
        below.tick_params(labelsize=TEXT_SIZE - 1.5)
    return figure
