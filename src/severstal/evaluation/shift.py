"""Shift of the features between train and test pictures."""

import numpy as np
import pandas as pd
from scipy.stats import ks_2samp

# The usual reading of the PSI in credit scoring, where it comes from: below the first no shift, above the
# second a large one.
PSI_SOME, PSI_LARGE = 0.1, 0.25
_BINS = 10  # deciles
# Without a shift the PSI is about chi-squared times 1/N + 1/M, with one degree of freedom less than there are
# bins (Yurdakul 2018); this is the 95 % quantile of that distribution for nine degrees of freedom.
_CHI_SQUARED = 16.92


def chance_psi(train: int, test: int) -> float:
    """The PSI that two samples of one distribution exceed with a probability of 5 %.

    Args:
        train: size of the first sample.
        test: size of the second.

    Example:
        >>> round(chance_psi(1000, 500), 3)
        0.051
    """
    return _CHI_SQUARED * (1 / max(train, 1) + 1 / max(test, 1))


def population_stability(train: np.ndarray, test: np.ndarray) -> float:
    """Population stability index (PSI): the divergence of two samples over the deciles of the first.

    The sum over the deciles of `(q - p) * log(q / p)`, where p and q are the shares of the two samples. By
    convention a PSI below 0.1 is no shift and above 0.25 a large one. Half a count is added to each bin, so
    that the sum is finite.

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
    edges = np.unique(np.quantile(train, np.linspace(0, 1, _BINS + 1)[1:-1]))
    counts = [
        np.bincount(np.searchsorted(edges, values, side="right"), minlength=len(edges) + 1) + 0.5
        for values in (train, test)
    ]
    p, q = (number / number.sum() for number in counts)
    return float(np.sum((q - p) * np.log(q / p)))


def measure_shift(train: pd.DataFrame, test: pd.DataFrame) -> pd.DataFrame:
    """Compare each feature of the train pictures with that of the test pictures.

    Args:
        train: one row per picture: `ImageId` and numeric features.
        test: the same columns.

    Returns:
        One row per feature, the most shifted first: `train` and `test` (medians), `psi`, and `ks`, the
        Kolmogorov-Smirnov statistic from 0 to 1; nan where a sample is empty.

    Example:
        >>> train = pd.DataFrame({"ImageId": ["a", "b"], "brightness": [80.0, 90.0]})
        >>> test = pd.DataFrame({"ImageId": ["c"], "brightness": [70.0]})
        >>> measure_shift(train, test).loc["brightness", ["train", "test", "ks"]].tolist()
        [85.0, 70.0, 1.0]
    """
    rows = {}
    for name in train.columns.drop("ImageId"):
        one, other = train[name].to_numpy(float), test[name].to_numpy(float)
        rows[name] = {
            "train": np.median(one) if len(one) else np.nan,
            "test": np.median(other) if len(other) else np.nan,
            "psi": population_stability(one, other),
            "ks": ks_2samp(one, other, method="asymp").statistic if len(one) and len(other) else np.nan,
        }
    table = pd.DataFrame.from_dict(rows, orient="index", columns=["train", "test", "psi", "ks"])
    return table.sort_values("ks", ascending=False, kind="stable").rename_axis("feature")
