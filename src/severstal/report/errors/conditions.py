"""Where errors gather: by size and place of the defect, by brightness and black part of the picture."""

from itertools import pairwise

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from severstal.evaluation.bootstrap import interval
from severstal.report.palette import GREY, TEXT_SIZE, WIDTH, Sheet, dress, sheet

QUANTILES = 4
BLACK = (0.01, 0.3)  # below the first a black part counts as none
Z = 1.959964  # standard deviations to either side that hold 95 %
MEASURES = ("detection", "dice", "alarms")
TITLES = {
    "detection": "Defects found",
    "dice": "Dice on defects (missed: 0)",
    "alarms": "Empty pairs drawn (false alarms)",
}


def wilson(hits: int, number: int) -> tuple[float, float]:
    """95 % interval of a share (Wilson 1927), which holds for few cases and for shares near 0 and 1.

    Args:
        hits: cases that count.
        number: all cases.

    Returns:
        Its ends, 0 to 1; nan where there is no case.

    Example:
        >>> [round(end, 3) for end in wilson(0, 10)], [round(end, 3) for end in wilson(9, 10)]
        ([0.0, 0.278], [0.596, 0.982])
    """
    if not number:
        return float("nan"), float("nan")
    share, spread = hits / number, Z * Z / number
    middle = (share + spread / 2) / (1 + spread)
    half = np.sqrt(spread * share * (1 - share) + spread * spread / 4) / (1 + spread)
    return max(0.0, float(middle - half)), min(1.0, float(middle + half))


def error_rates(errors: pd.DataFrame) -> pd.DataFrame:
    """Measure how well pairs are decided, group by group of some conditions.

    Args:
        errors: a row a pair, as `pair_errors` gives them.

    Returns:
        A row a group: `condition` and `group` in words; `defects`, pairs with a defect, and `empty`, those
        without (0 where the condition is of the defect itself); and of `detection`, the share of the defects
        found, `dice`, their mean Dice, and `alarms`, the share of the empty pairs drawn, the value and the
        ends `_low` and `_high` of its 95 % interval: Wilson's for the shares, that by image groups for the
        Dice. nan where there is no case. Groups without any pair are left out.

    Example:
        >>> columns = ["true", "predicted", "dice", "group", "brightness", "black", "x", "edge"]
        >>> rows = [(9, 9, 1.0, 0, 80.0, 0.0, 0.5, False), (0, 0, 1.0, 1, 90.0, 0.0, np.nan, False)]
        >>> rates = error_rates(pd.DataFrame(rows, columns=columns))
        >>> rates.loc[0, ["condition", "defects", "empty"]].astype(str).tolist()
        ['all pairs', '1', '1']
    """
    rows = []
    everything = pd.Series(True, errors.index)
    groups = [("all pairs", "", everything, True)]
    defect = errors["true"] > 0
    groups += _quantiles("area of the defect (px)", errors["true"], defect, False)
    for name, low, high in (
        ("left third", 0, 1 / 3),
        ("middle third", 1 / 3, 2 / 3),
        ("right third", 2 / 3, 2),
    ):
        groups.append(("middle of the defect", name, (errors["x"] >= low) & (errors["x"] < high), False))
    edge = errors["edge"].astype(bool)
    groups.append(("defect at the left or right side", "yes", edge, False))
    groups.append(("defect at the left or right side", "no", ~edge, False))
    groups += _quantiles("brightness of the steel", errors["brightness"], everything, True)
    black = np.searchsorted(BLACK, errors["black"], side="right")
    for place, name in enumerate(("none", f"up to {BLACK[1]:.0%}", f"over {BLACK[1]:.0%}")):
        groups.append(("black part of the picture", name, pd.Series(black == place, errors.index), True))
    for condition, name, inside, of_picture in groups:
        own, empty = errors[inside & defect], errors[inside & ~defect & of_picture]
        if rows and not len(own) + len(empty):
            continue
        found, drawn = int((own["predicted"] > 0).sum()), int((empty["predicted"] > 0).sum())
        row = {"condition": condition, "group": name, "defects": len(own), "empty": len(empty)}
        row |= _measure("detection", found / len(own) if len(own) else np.nan, wilson(found, len(own)))
        if len(own):
            span = interval(own[["dice"]].to_numpy(), own["group"].to_numpy())
            row |= _measure("dice", span.mean, (span.low, span.high))
        else:
            row |= _measure("dice", np.nan, (np.nan, np.nan))
        rate = drawn / len(empty) if len(empty) else np.nan
        rows.append(row | _measure("alarms", rate, wilson(drawn, len(empty))))
    return pd.DataFrame(rows)


def _measure(name: str, value: float, ends: tuple[float, float]) -> dict[str, float]:
    return {name: value, f"{name}_low": ends[0], f"{name}_high": ends[1]}


def _quantiles(
    condition: str, values: pd.Series, among: pd.Series, of_picture: bool
) -> list[tuple[str, str, pd.Series, bool]]:
    """Groups of as many cases each, or fewer groups where many values are equal."""
    if not among.any():
        return []
    edges = np.unique(np.quantile(values[among], np.linspace(0, 1, QUANTILES + 1)))
    if len(edges) < 2:
        edges = np.array([edges[0], edges[0]])
    groups = []
    for place, (low, high) in enumerate(pairwise(edges)):
        inside = among & (values >= low) & ((values < high) | (place == len(edges) - 2))
        groups.append((condition, f"{low:,.0f} to {high:,.0f}", inside, of_picture))
    return groups


def error_conditions(rates: pd.DataFrame) -> Sheet:
    """Show how well pairs are decided, group by group, with intervals.

    Args:
        rates: as `error_rates` gives them.

    Example:
        >>> row = {"condition": "all pairs", "group": "", "defects": 4, "empty": 0}
        >>> for name in MEASURES:
        ...     row |= {name: 0.5, f"{name}_low": 0.2, f"{name}_high": 0.8}
        >>> figure = error_conditions(pd.DataFrame([row]))
        >>> [axes.get_title(loc="left").split("\\n")[0] for axes in figure.axes]
        ['Defects found', 'Dice on defects (missed: 0)', 'Empty pairs drawn (false alarms)']
    """
    blocks = rates["condition"].ne(rates["condition"].shift()).cumsum() - 1
    places = (
        np.arange(len(rates)) + blocks.to_numpy()
    )  # each block but the first opens with a line for its name
    height = 0.23 * (places.max() + 1) + 0.9
    figure, (row,) = sheet(
        WIDTH,
        height,
        "Where errors gather",
        "Dots with 95% intervals; the wider, the less is known. Dotted: all pairs. Numbers in grey: how many "
        "pairs it is the mean of. Conditions go together (dark pictures, say, are often of one class): a "
        "difference is a place to look at, not yet a cause.",
        columns=3,
        sharey=True,
    )
    for axes, name in zip(row, MEASURES, strict=True):
        _intervals(axes, rates, places, name)
    lines = dict(zip(places.tolist(), rates["group"], strict=True))
    for block, condition in rates["condition"].groupby(blocks).first().items():
        first = int(np.flatnonzero(blocks == block)[0])
        lines[int(places[first]) - (block > 0)] = condition
    row[0].set_yticks(list(lines), list(lines.values()))
    for text in row[0].get_yticklabels():
        text.set_fontweight("bold" if text.get_text() in set(rates["condition"]) else "normal")
    row[0].set_ylim(places.max() + 0.7, -0.7)
    return figure


def _intervals(axes: Axes, rates: pd.DataFrame, places: np.ndarray, name: str) -> None:
    """One measure of all groups."""
    value, low, high = (rates[f"{name}{end}"].to_numpy() for end in ("", "_low", "_high"))
    numbers = rates["empty" if name == "alarms" else "defects"].to_numpy()
    known = np.isfinite(value)
    axes.plot([low[known], high[known]], [places[known]] * 2, color="black", linewidth=1.4)
    axes.plot(value[known], places[known], "o", color="black", markersize=5)
    if known.any() and known[0]:
        axes.axvline(value[0], color=GREY, linestyle=":", linewidth=1.2)
    top = max(1e-3, 1.0 if name != "alarms" else 1.1 * np.max(high[known], initial=0))
    for place, number, shown in zip(places, numbers, known, strict=True):
        if shown:
            axes.text(
                1.03 * top,
                place,
                f"{number:,}",
                ha="left",
                va="center",
                fontsize=TEXT_SIZE - 2,
                color=GREY,
            )
    axes.set_xlim(0, 1.2 * top)
    axes.locator_params(axis="x", nbins=5)
    axes.set_title(TITLES[name], fontsize=TEXT_SIZE, loc="left", pad=4)
    dress(axes, x="share" if name != "dice" else "mean Dice", grid="x")
    axes.tick_params(axis="y", length=0, labelsize=TEXT_SIZE - 1)
