"""A user's own folds: what is read, and the one line for each fault."""

import unicodedata
from pathlib import Path

import pandas as pd
import pytest

from severstal.data.given_folds import count_given_folds, read_given_folds
from severstal.errors import SeverstalError

IMAGES = ["a.jpg", "b.jpg", "c.jpg", "d.jpg"]


def written(folder: Path, *rows: str, header: str = "ImageId,fold") -> Path:
    path = folder / "mine.csv"
    path.write_text("\n".join([header, *rows, ""]), encoding="utf-8")
    return path


def test_the_table_is_read_in_its_order(tmp_path: Path) -> None:
    path = written(tmp_path, "d.jpg,1", "a.jpg,0", "b.jpg,2", "c.jpg,0")
    found = read_given_folds(path, IMAGES)
    assert found.to_dict("list") == {"ImageId": ["d.jpg", "a.jpg", "b.jpg", "c.jpg"], "fold": [1, 0, 2, 0]}
    assert found["fold"].dtype == "int64"
    assert count_given_folds(path) == 3


def test_other_columns_and_tables_of_pandas_are_read(tmp_path: Path) -> None:
    table = pd.DataFrame({"fold": [0.0, 1.0, 1.0, 0.0], "group": 7, "ImageId": IMAGES})
    table.to_csv(tmp_path / "mine.csv")  # with an index, and floats
    assert read_given_folds(tmp_path / "mine.csv", IMAGES)["fold"].tolist() == [0, 1, 1, 0]


def test_names_match_in_both_unicode_forms(tmp_path: Path) -> None:
    composed, apart = (unicodedata.normalize(form, "é.jpg") for form in ("NFC", "NFD"))
    path = written(tmp_path, f"{composed},0", "a.jpg,1")
    assert read_given_folds(path, [apart, "a.jpg"])["ImageId"].tolist() == [apart, "a.jpg"]


@pytest.mark.parametrize(
    ("rows", "fault"),
    [
        (("a.jpg,0", "b.jpg,1"), r"2 labelled pictures have no row, such as c.jpg: add a row for each"),
        (("a.jpg,0", "b.jpg,1", "c.jpg,1"), r"1 labelled picture has no row, such as d.jpg"),
        (("a.jpg,0", "x.jpg,1"), r"row 2: image x.jpg is not among the labelled pictures: correct the name"),
        (("a.jpg,0", "b.jpg,1", "a.jpg,1"), r"row 3: image a.jpg stands in row 1 too: delete one"),
        (("a.jpg,0", "b.jpg,first"), r"row 2: fold `first` is not a whole number from 0 to 49"),
        (("a.jpg,0", "b.jpg,"), r"row 2: fold `` is not a whole number"),
        (("a.jpg,0", "b.jpg,-1"), r"row 2: fold `-1` is not a whole number"),
        (("a.jpg,0", "b.jpg,1.5"), r"row 2: fold `1.5` is not a whole number"),
        (("a.jpg,0", "b.jpg,50"), r"row 2: fold `50` is not a whole number from 0 to 49"),
        ((",0",), r"row 1: the image's name is empty"),
        (("a.jpg,1", "b.jpg,2", "c.jpg,1", "d.jpg,2"), r"no image is in fold 0, and the last fold is 2"),
        (("a.jpg,0", "b.jpg,3", "c.jpg,1", "d.jpg,0"), r"no image is in fold 2, and the last fold is 3"),
        (("a.jpg,0", "b.jpg,0", "c.jpg,0", "d.jpg,0"), r"all images are in fold 0: spread the images over 2"),
        ((), r"4 labelled pictures have no row"),
    ],
)
def test_a_fault_is_reported_in_one_line(tmp_path: Path, rows: tuple[str, ...], fault: str) -> None:
    path = written(tmp_path, *rows)
    with pytest.raises(SeverstalError, match=fault) as raised:
        read_given_folds(path, IMAGES)
    assert str(raised.value).startswith(f"{path}")
    assert "\n" not in str(raised.value)


def test_a_column_that_is_missing_is_named(tmp_path: Path) -> None:
    path = written(tmp_path, "a.jpg,0", header="ImageId,split")
    with pytest.raises(SeverstalError, match="column fold is missing, the header is `ImageId,split`"):
        read_given_folds(path)
