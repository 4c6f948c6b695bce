"""Error rates by size and place of the defect, and by brightness and black share of the picture."""

from itertools import pairwise

import numpy as np
import pandas as pd

from severstal.evaluation.bootstrap import interval

_QUANTILES = 4
_BLACK = (0.01, 0.3)  # shares of the picture; below the first it counts as not black
_Z = 1.959964  # 97.5 % quantile of the standard normal distribution


def wilson_interval(hits: int, number: int) -> tuple[float, float]:
    """95 % score interval of a proportion (Wilson 1927), valid for few cases and near 0 and 1.

    Args:
        hits: number of successes.
        number: number of cases.

    Returns:
        Lower and upper end, 0 to 1; nan without a case.

    Example:
        >>> [round(end, 3) for end in wilson_interval(9, 10)]
        [0.596, 0.982]
    """
    if not number:
        return float("nan"), float("nan")
    share, spread = hits / number, _Z * _Z / number
    middle = (share + spread / 2) / (1 + spread)
    half = np.sqrt(spread * share * (1 - share) + spread * spread / 4) / (1 + spread)
    return max(0.0, float(middle - half)), min(1.0, float(middle + half))


def error_rates(errors: pd.DataFrame) -> pd.DataFrame:
    """Measure detection, Dice and false alarms within groups of pairs.

    Args:
        errors: one row per pair, as `decision.pair_errors` returns them.

    Returns:
        One row per group: `condition` and `group` in words; `defects`, the number of pairs with a defect, and
        `empty`, of those without (0 where the condition is about the defect itself); `detection`, the share
        of the defects that are found; `dice`, their mean Dice; `alarms`, the share of the empty pairs with a
        predicted mask. Each has the ends `_low` and `_high` of its 95 % interval: Wilson's for shares, a
        bootstrap over image groups for the Dice; nan without a case. Groups without a pair are left out.

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
        groups.append(("centre of the defect", name, (errors["x"] >= low) & (errors["x"] < high), False))
    edge = errors["edge"].astype(bool)
    groups.append(("defect at the left or right side", "yes", edge, False))
    groups.append(("defect at the left or right side", "no", ~edge, False))
    groups += _quantiles("brightness of the steel", errors["brightness"], everything, True)
    black = np.searchsorted(_BLACK, errors["black"], side="right")
    for place, name in enumerate(("none", f"up to {_BLACK[1]:.0%}", f"over {_BLACK[1]:.0%}")):
        groups.append(("black share of the picture", name, pd.Series(black == place, errors.index), True))
    for condition, name, inside, of_picture in groups:
        own, empty = errors[inside & defect], errors[inside & ~defect & of_picture]
        if rows and not len(own) + len(empty):
            continue
        found, drawn = int((own["predicted"] > 0).sum()), int((empty["predicted"] > 0).sum())
        row = {"condition": condition, "group": name, "defects": len(own), "empty": len(empty)}
        rate = found / len(own) if len(own) else np.nan
        row |= _measure("detection", rate, wilson_interval(found, len(own)))
        if len(own):
            span = interval(own[["dice"]].to_numpy(), own["group"].to_numpy())
            row |= _measure("dice", span.mean, (span.low, span.high))
        else:
            row |= _measure("dice", np.nan, (np.nan, np.nan))
        rate = drawn / len(empty) if len(empty) else np.nan
        rows.append(row | _measure("alarms", rate, wilson_interval(drawn, len(empty))))
    return pd.DataFrame(rows)


def _measure(name: str, value: float, ends: tuple[float, float]) -> dict[str, float]:
    return {name: value, f"{name}_low": ends[0], f"{name}_high": ends[1]}


def _quantiles(
    condition: str, values: pd.Series, among: pd.Series, of_picture: bool
) -> list[tuple[str, str, pd.Series, bool]]:
    """Groups between quantiles; fewer of them where many values are equal."""
    if not among.any():
        return []
    edges = np.unique(np.quantile(values[among], np.linspace(0, 1, _QUANTILES + 1)))
    if len(edges) < 2:
        edges = np.array([edges[0], edges[0]])
    groups = []
    for place, (low, high) in enumerate(pairwise(edges)):
        inside = among & (values >= low) & ((values < high) | (place == len(edges) - 2))
        groups.append((condition, f"{low:,.0f} to {high:,.0f}", inside, of_picture))
    return groups
