"""The table of near-duplicate pairs: its columns, and the file that holds it."""

from pathlib import Path

import pandas as pd

from severstal.errors import SeverstalError
from severstal.files import write_text

DUPLICATE_COLUMNS = {
    "first": "str",
    "second": "str",
    "orientation": "str",
    "scale": "float64",
    "shift_y": "int64",
    "shift_x": "int64",
    "gain": "float64",
    "difference": "float64",
    "agreement": "float64",
}
"""Columns and types of what `find_duplicates` finds."""

_ADDED = {"orientation": "same", "scale": 1.0}  # since tables of earlier runs, and what these stand for


def save_pairs(pairs: pd.DataFrame, path: str | Path) -> None:
    """Write pairs of near-duplicates, with any further columns, as CSV."""
    write_text(path, pairs.round(4).to_csv(index=False, lineterminator="\n"))


def load_pairs(path: str | Path) -> pd.DataFrame:
    """Read the columns of `DUPLICATE_COLUMNS` that `save_pairs` wrote.

    Tables of earlier versions, which looked for no other orientation or scale, are read too.

    Raises:
        SeverstalError: the file is missing or is not such a table.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "duplicates.csv"
        >>> row = ("a", "b", "rotated 90", 1.0, 0, -3, 1.0, 2.5, 0.9)
        >>> save_pairs(pd.DataFrame([row], columns=list(DUPLICATE_COLUMNS)), path)
        >>> load_pairs(path)["shift_x"].tolist()
        [-3]
    """
    try:
        pairs = pd.read_csv(path, keep_default_na=False, dtype=DUPLICATE_COLUMNS)
        pairs = pairs.assign(**{name: value for name, value in _ADDED.items() if name not in pairs})
        return pairs[list(DUPLICATE_COLUMNS)].astype(DUPLICATE_COLUMNS)
    except FileNotFoundError:
        raise SeverstalError(f"{path}: no such file: look for the duplicates first") from None
    except (ValueError, KeyError) as error:
        problem = str(error).splitlines()[0]
        raise SeverstalError(f"{path}: not a table of pairs ({problem}): delete it and run again") from error
