"""Pairs are written and read unchanged, and a damaged file is named."""

from pathlib import Path

import pandas as pd
import pytest

from severstal.data.duplicates import load_pairs, save_pairs
from severstal.data.duplicates.table import DUPLICATE_COLUMNS
from severstal.errors import SeverstalError


def test_pairs_survive_the_file(tmp_path: Path) -> None:
    pairs = pd.DataFrame(
        [("NA", "b.jpg", "transposed", 1.05, 3, -7, 1.25, 2.5, 0.875)], columns=list(DUPLICATE_COLUMNS)
    ).astype(DUPLICATE_COLUMNS)
    save_pairs(pairs.assign(classes_first="1"), tmp_path / "a" / "pairs.csv")
    pd.testing.assert_frame_equal(load_pairs(tmp_path / "a" / "pairs.csv"), pairs)
    save_pairs(pairs.iloc[:0], tmp_path / "none.csv")
    pd.testing.assert_frame_equal(load_pairs(tmp_path / "none.csv"), pairs.iloc[:0], check_index_type=False)


@pytest.mark.parametrize(
    "text",
    ["", "first,second\na,b\n", "first,second,shift_y,shift_x,gain,difference,agreement\na,b,x,0,1,1,1\n"],
)
def test_a_broken_file_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "pairs.csv"
    with pytest.raises(SeverstalError, match="no such file"):
        load_pairs(path)
    path.write_text(text)
    with pytest.raises(SeverstalError, match=r"pairs\.csv: not a table of pairs"):
        load_pairs(path)


def test_a_table_of_an_earlier_version_is_read(tmp_path: Path) -> None:
    path = tmp_path / "pairs.csv"
    path.write_text("first,second,shift_y,shift_x,gain,difference,agreement\na,b,2,-3,1.0,1.5,0.9\n")
    (pair,) = load_pairs(path).itertuples()
    assert (pair.orientation, pair.scale, pair.shift_y, pair.shift_x) == ("same", 1.0, 2, -3)
