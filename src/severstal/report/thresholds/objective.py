"""Two searches that weigh the images differently, side by side in a table of text."""

from collections.abc import Sequence

import pandas as pd


def objectives_table(compared: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    """Format the comparison of two searches as text.

    Args:
        compared: one row per set of images, as `compare_objectives` returns them.
        names: names of the two searches.

    Returns:
        Strings, one column per set of images: the scores of both searches with their 95 % intervals, the
        gain of the second, whether it is significant, the all-empty baseline, and the number of images.

    Example:
        >>> row = {"images": 9, "all_empty": 0.8, "a": 0.85, "a_low": 0.8, "a_high": 0.9, "b": 0.86}
        >>> row |= {"b_low": 0.81, "b_high": 0.91, "gain": 0.01, "gain_low": -0.01, "gain_high": 0.03}
        >>> compared = pd.DataFrame([row | {"significant": False}], index=["all images"])
        >>> objectives_table(compared, ("a", "b")).loc[["b", "gain of the second"], "all images"].tolist()
        ['0.8600 (0.8100 to 0.9100)', '+0.0100 (-0.0100 to +0.0300)']
    """
    columns = {}
    for title, row in compared.iterrows():
        column = {
            name: f"{row[name]:.4f} ({row[f'{name}_low']:.4f} to {row[f'{name}_high']:.4f})" for name in names
        }
        column["gain of the second"] = (
            f"{row['gain']:+.4f} ({row['gain_low']:+.4f} to {row['gain_high']:+.4f})"
        )
        column["significant"] = "yes" if row["significant"] else "no"
        column["all-empty baseline"] = f"{row['all_empty']:.4f}"
        column["images"] = f"{row['images']:,}"
        columns[title] = column
    return pd.DataFrame(columns)
