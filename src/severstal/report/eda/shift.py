"""Distributions of features in train and test pictures, as a figure."""

import numpy as np
import pandas as pd
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from severstal.evaluation.shift import PSI_LARGE, PSI_SOME, chance_psi, measure_shift
from severstal.report.palette import FIGURE_WIDTH, TEXT_SIZE, Sheet, dress, legend_below, sheet

_SHOWN = {
    "brightness": "brightness of the steel (grey levels)",
    "contrast": "contrast of the steel (grey levels)",
    "black": "black share of the picture",
    "grain_1": "grain (grey levels)",
    "across_1": "horizontal gradient (grey levels)",
    "down_1": "vertical gradient (grey levels)",
}


def feature_shift(train: pd.DataFrame, test: pd.DataFrame) -> Sheet:
    """Show the distributions of some features in the train and in the test pictures.

    Args:
        train: one row per picture: `ImageId` and numeric features, as `picture_features` returns them.
        test: the same columns.

    Example:
        >>> train = pd.DataFrame({"ImageId": ["a", "b"], "brightness": [80.0, 90.0]})
        >>> figure = feature_shift(train, train)
        >>> figure.axes[0].get_title(loc="left")
        'brightness of the steel (grey levels)\\nPSI 0.00: no shift; KS 0.00'
    """
    compared = measure_shift(train, test)
    names = [name for name in _SHOWN if name in compared.index]
    columns = min(3, max(len(names), 1))
    note = (
        "PSI, population stability index over the deciles of the train pictures: below "
        f"{PSI_SOME} no shift, above {PSI_LARGE} a large one. KS: Kolmogorov-Smirnov statistic."
    )
    chance = chance_psi(len(train), len(test))
    if chance > PSI_SOME:
        note += f" With so few pictures, chance alone exceeds a PSI of {chance:.2f} in 5 % of cases."
    rows = -(-max(len(names), 1) // columns)
    figure, axes = sheet(
        FIGURE_WIDTH,
        0.35 + 1.95 * rows,
        "Do the test pictures look like the train pictures?",
        note,
        rows,
        columns,
    )
    for place in axes.flat[len(names) :]:
        place.remove()
    bars = int(np.clip(2 * np.sqrt(min(len(train), len(test))), 6, 24))
    for index, (name, place) in enumerate(zip(names, axes.flat, strict=False)):
        one, other = train[name].to_numpy(float), test[name].to_numpy(float)
        both = np.concatenate([one, other])
        # Extreme pictures are counted in the outermost bars: they would squeeze all others into one.
        low, high = np.quantile(both, (0.005, 0.995)) if len(both) else (0, 1)
        edges = np.linspace(low, high if high > low else low + 1, bars + 1)
        for values, look in (
            (one, {"fill": True, "facecolor": "#C4C4C4", "edgecolor": "#8A8A8A", "linewidth": 0.6}),
            (other, {"color": "black", "linewidth": 1.6}),
        ):
            if len(values):
                shares = np.histogram(values.clip(edges[0], edges[-1]), edges)[0] * 100 / len(values)
                place.stairs(shares, edges, **look)
        place.set_ylim(bottom=0)
        psi, ks = compared.loc[name, ["psi", "ks"]]
        verdict = "no shift" if psi < PSI_SOME else "some shift" if psi < PSI_LARGE else "large shift"
        if PSI_SOME <= psi < chance:
            verdict = "within chance"
        text = f"PSI {psi:.2f}: {verdict}; KS {ks:.2f}" if np.isfinite(psi) else "nothing to compare"
        place.set_title(f"{_SHOWN[name]}\n{text}", fontsize=TEXT_SIZE, loc="left", pad=3)
        dress(place, y="pictures (%)" if index % columns == 0 else "")
        place.xaxis.set_major_locator(MaxNLocator(4))
        place.yaxis.set_major_locator(MaxNLocator(3))
        place.tick_params(labelsize=TEXT_SIZE - 1.5)
    legend_below(
        figure,
        [
            Patch(facecolor="#C4C4C4", edgecolor="#8A8A8A", label=f"{len(train):,} train pictures"),
            Patch(facecolor="white", edgecolor="black", linewidth=1.6, label=f"{len(test):,} test pictures"),
        ],
    )
    return figure
