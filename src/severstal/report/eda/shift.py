"""How far the test pictures are from those learned from, feature by feature."""

import numpy as np
import pandas as pd
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from severstal.report.palette import TEXT_SIZE, WIDTH, Sheet, dress, legend_below, sheet

BINS = 10  # the usual deciles
WATCH, ALARM = 0.1, 0.25  # the usual reading of the PSI in credit scoring, where it comes from
# Of two samples of one kind the PSI is about chi-squared, times 1/N + 1/M, with a degree less than there are
# bins (Yurdakul 2018); this is that distribution's 95 % quantile for nine.
CHANCE = 16.92
SHOWN = {
    "brightness": "brightness of the steel (grey levels)",
    "contrast": "contrast of the steel (grey levels)",
    "black": "black part (share of the picture)",
    "grain_1": "grain (grey levels)",
    "across_1": "step across, pixel to pixel (grey levels)",
    "down_1": "step down, pixel to pixel (grey levels)",
}


def population_stability(train: np.ndarray, test: np.ndarray) -> float:
    """Population stability index (PSI): how differently two samples fill the deciles of the first.

    The sum over the deciles of `(q - p) * log(q / p)`, with p and q the shares of the two samples in it.
    Below 0.1 it is read as no shift, above 0.25 as a large one. Half a picture is added to each bin, so that
    an empty one leaves the sum finite.

    Args:
        train: (N,) values.
        test: (M,) values.

    Returns:
        From 0; nan where a sample is empty.

    Example:
        >>> same, other = np.arange(100.0), np.arange(50.0, 150.0)
        >>> population_stability(same, same) < 1e-9, population_stability(same, other) > 1
        (True, True)
    """
    if not len(train) or not len(test):
        return float("nan")
    edges = np.unique(np.quantile(train, np.linspace(0, 1, BINS + 1)[1:-1]))
    counts = [
        np.bincount(np.searchsorted(edges, values, side="right"), minlength=len(edges) + 1) + 0.5
        for values in (train, test)
    ]
    p, q = (number / number.sum() for number in counts)
    return float(np.sum((q - p) * np.log(q / p)))


def kolmogorov_smirnov(train: np.ndarray, test: np.ndarray) -> float:
    """Largest distance of the two samples' cumulative shares (Kolmogorov and Smirnov): 0 alike, 1 apart.

    Args:
        train: (N,) values.
        test: (M,) values.

    Returns:
        From 0 to 1; nan where a sample is empty.

    Example:
        >>> kolmogorov_smirnov(np.array([1.0, 2.0, 3.0, 4.0]), np.array([3.0, 4.0, 5.0, 6.0]))
        0.5
    """
    if not len(train) or not len(test):
        return float("nan")
    at = np.sort(np.concatenate([train, test]))
    shares = [np.searchsorted(np.sort(values), at, side="right") / len(values) for values in (train, test)]
    return float(np.abs(shares[0] - shares[1]).max())


def shift_table(train: pd.DataFrame, test: pd.DataFrame) -> pd.DataFrame:
    """Compare each feature of the train pictures with that of the test pictures.

    Args:
        train: a row a picture, `ImageId` and features as numbers.
        test: the same columns.

    Returns:
        A row a feature, the most shifted first: `train` and `test` (medians), `psi`, `ks`.

    Example:
        >>> train = pd.DataFrame({"ImageId": ["a", "b"], "brightness": [80.0, 90.0]})
        >>> test = pd.DataFrame({"ImageId": ["c"], "brightness": [70.0]})
        >>> shift_table(train, test).loc["brightness", ["train", "test", "ks"]].tolist()
        [85.0, 70.0, 1.0]
    """
    rows = {}
    for name in train.columns.drop("ImageId"):
        one, other = train[name].to_numpy(float), test[name].to_numpy(float)
        rows[name] = {
            "train": np.median(one) if len(one) else np.nan,
            "test": np.median(other) if len(other) else np.nan,
            "psi": population_stability(one, other),
            "ks": kolmogorov_smirnov(one, other),
        }
    table = pd.DataFrame.from_dict(rows, orient="index", columns=["train", "test", "psi", "ks"])
    return table.sort_values("ks", ascending=False, kind="stable").rename_axis("feature")


def feature_shift(train: pd.DataFrame, test: pd.DataFrame) -> Sheet:
    """Show how a few features of the train pictures and of the test pictures spread.

    Args:
        train: a row a picture, `ImageId` and features as numbers, as `picture_features` gives them.
        test: the same columns.

    Example:
        >>> train = pd.DataFrame({"ImageId": ["a", "b"], "brightness": [80.0, 90.0]})
        >>> figure = feature_shift(train, train)
        >>> figure.axes[0].get_title(loc="left")
        'brightness of the steel (grey levels)\\nPSI 0.00: no shift; KS 0.00'
    """
    compared = shift_table(train, test)
    names = [name for name in SHOWN if name in compared.index]
    columns = min(3, max(len(names), 1))
    note = (
        "PSI, the population stability index, compares how both fill the train pictures' deciles: below "
        f"{WATCH} no shift, above {ALARM} a large one. KS: the largest distance of the cumulative shares."
    )
    chance = CHANCE * (1 / max(len(train), 1) + 1 / max(len(test), 1))
    if chance > WATCH:
        note += f" One time in twenty, chance alone gives so few pictures a PSI above {chance:.2f}."
    rows = -(-max(len(names), 1) // columns)
    figure, axes = sheet(
        WIDTH, 0.35 + 1.95 * rows, "Do the test pictures look like the train pictures?", note, rows, columns
    )
    for place in axes.flat[len(names) :]:
        place.remove()
    bars = int(np.clip(2 * np.sqrt(min(len(train), len(test))), 6, 24))
    for index, (name, place) in enumerate(zip(names, axes.flat, strict=False)):
        one, other = train[name].to_numpy(float), test[name].to_numpy(float)
        both = np.concatenate([one, other])
        # A few extreme pictures would squeeze all the others into one bar; they count in the outermost bars.
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
        verdict = "no shift" if psi < WATCH else "some shift" if psi < ALARM else "large shift"
        if WATCH <= psi < chance:
            verdict = "may be chance"
        said = f"PSI {psi:.2f}: {verdict}; KS {ks:.2f}" if np.isfinite(psi) else "nothing to compare"
        place.set_title(f"{SHOWN[name]}\n{said}", fontsize=TEXT_SIZE, loc="left", pad=3)
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
