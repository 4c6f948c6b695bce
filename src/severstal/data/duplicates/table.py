"""The table of pairs on disk."""

from pathlib import Path

import pandas as pd

from severstal.errors import SeverstalError
from severstal.files import write_text

COLUMNS = {"first": "str", "second": "str", "shift_y": "int64", "shift_x": "int64"} | dict.fromkeys(
    ("gain", "difference", "agreement"), "float64"
)
"""Columns and types of what `find_duplicates` finds."""


def save_pairs(pairs: pd.DataFrame, path: str | Path) -> None:
    """Write pairs of near-duplicates, with whatever further columns they have, as CSV."""
    write_text(path, pairs.round(4).to_csv(index=False, lineterminator="\n"))


def load_pairs(path: str | Path) -> pd.DataFrame:
    """Read the columns of `COLUMNS` that `save_pairs` wrote.

    Raises:
        SeverstalError: the file is missing or is not such a table.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "duplicates.csv"
        >>> save_pairs(pd.DataFrame([("a", "b", 0, -3, 1.0, 2.5, 0.9)], columns=list(COLUMNS)), path)
        >>> load_pairs(path)["shift_x"].tolist()
        [-3]
    """
    try:
        return pd.read_csv(path, keep_default_na=False, dtype=COLUMNS)[list(COLUMNS)]
    except FileNotFoundError:
        raise SeverstalError(f"{path}: no such file: look for the duplicates first") from None
    except (ValueError, KeyError) as error:
        problem = str(error).splitlines()[0]
        raise SeverstalError(f"{path}: not a table of pairs ({problem}): delete it and run again") from error
