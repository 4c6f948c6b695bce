"""The components of the masks: their number and their shape."""

import numpy as np
import pandas as pd
from matplotlib.ticker import StrMethodFormatter

from severstal.competition.spec import Spec
from severstal.evaluation.labels import class_label, truncate
from severstal.report.palette import FIGURE_WIDTH, TEXT_SIZE, Sheet, colour, dress, sheet

_GROUPS = ((1, 1, "1"), (2, 2, "2"), (3, 3, "3"), (4, 5, "4-5"), (6, None, "6+"))
_MOST_DOTS = 1500


def component_shapes(masks: pd.DataFrame, pieces: pd.DataFrame, spec: Spec) -> Sheet:
    """Show the number of components per mask and their width and height, by class.

    Args:
        masks: one row per mask, with `ClassId` and `components`.
        pieces: one row per component, with `ClassId`, `width` and `height` in pixels.
        spec: names the classes and fixes the size of a picture.

    Example:
        >>> from severstal.competition.spec import SEVERSTAL
        >>> masks = pd.DataFrame({"ClassId": [3, 3], "components": [1, 12]})
        >>> pieces = pd.DataFrame({"ClassId": [3], "width": [40], "height": [90]})
        >>> figure = component_shapes(masks, pieces, SEVERSTAL)
        >>> [float(bar.get_height()) for bar in figure.axes[2].patches]
        [50.0, 0.0, 0.0, 0.0, 50.0]
    """
    largest = (pieces[side].to_numpy().max(initial=1) for side in ("height", "width"))
    high, wide = spec.image_shape or largest
    columns = len(spec.classes) if len(spec.classes) <= 5 else 4
    blocks = -(-len(spec.classes) // columns)
    figure, axes = sheet(
        max(6.0, min(FIGURE_WIDTH, 2.4 * columns)),
        3.9 * blocks,
        "Number and shape of the components of a mask",
        "Above: 8-connected components per mask. Below: one dot per component, the cross is the median; "
        "dotted: height and width of the picture; dashed: as high as wide.",
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
            for low, most, _ in _GROUPS
        ]
        bars = above.bar(
            range(len(_GROUPS)), shares, color=colour(class_id), edgecolor="black", linewidth=0.6
        )
        above.bar_label(bars, [f"{share:.0f}" if share else "" for share in shares], fontsize=TEXT_SIZE - 1.5)
        above.set_xticks(range(len(_GROUPS)), [name for *_, name in _GROUPS])
        above.set_ylim(0, 1.18 * (max(shares) or 100))
        dress(above, x="components per mask", y="masks (%)" if first else "")
        above.tick_params(labelsize=TEXT_SIZE - 1.5)
        text = f"{len(number):,} masks, {len(own):,} components" if len(number) else "no mask"
        above.set_title(
            f"{truncate(class_label(spec, class_id), 26)}\n{text}", fontsize=TEXT_SIZE, loc="left", pad=4
        )

        dots = own.iloc[np.linspace(0, len(own) - 1, min(len(own), _MOST_DOTS)).astype(int)]
        faint = float(np.clip(60 / max(len(dots), 1), 0.15, 0.9))
        below.loglog(
            dots["width"], dots["height"], "o", markersize=3.5, color=colour(class_id), alpha=faint,
            markeredgecolor="black", markeredgewidth=0.3,
        )  # fmt: skip
        if len(own):
            below.plot(
                own["width"].median(), own["height"].median(), "+", color="black", markersize=15, mew=2
            )
        longest = max(high, wide)
        below.plot([1, longest], [1, longest], "--", color="#606060", linewidth=0.8)
        if spec.image_shape is not None:
            below.axvline(wide, color="black", linestyle=":", linewidth=0.9)
            below.axhline(high, color="black", linestyle=":", linewidth=0.9)
        below.set_xlim(1, 1.4 * wide)
        below.set_ylim(1, 1.6 * high)
        for axis in (below.xaxis, below.yaxis):
            axis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
        dress(below, x="width (px)", y="height (px)" if first else "", grid="both")
        below.tick_params(labelsize=TEXT_SIZE - 1.5)
    return figure
