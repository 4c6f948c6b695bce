"""A second import extends the first: a mask is replaced only by a new one of the same picture and class."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from severstal.annotations.merge import merge, read_earlier
from severstal.competition.rows import TableRow
from severstal.competition.spec import Spec
from severstal.competition.tables import tidy
from severstal.errors import SeverstalError

SPEC = Spec("tiny", (6, 9), ("hole", "crack"))
TABLES = st.dictionaries(
    st.tuples(st.sampled_from(["a.jpg", "b.jpg", "z.jpg"]), st.sampled_from(["1", "2"])),
    st.sampled_from(["1 1", "2 2", "9 3"]),
)


@given(TABLES, TABLES)
def test_each_pair_is_the_new_one_or_else_the_earlier(earlier: dict, new: dict) -> None:
    first, second = (tidy([TableRow(*pair, runs) for pair, runs in part.items()]) for part in (earlier, new))
    merged = merge(first, second, ["b.jpg", "a.jpg"])
    found = {(row.ImageId, str(row.ClassId)): row.EncodedPixels for row in merged.table.itertuples()}
    assert found == earlier | new
    order = [(["b.jpg", "a.jpg", "z.jpg"].index(image), k) for image, k in found]
    assert order == sorted(order)
    assert merged.kept == len(earlier.keys() - new.keys())
    changed = {pair for pair in earlier.keys() & new.keys() if earlier[pair] != new[pair]}
    assert {(image, str(k)) for image, k in merged.replaced} == changed
    assert merged.table["ClassId"].dtype == np.int64


def test_a_table_of_labels_is_read(tmp_path: Path) -> None:
    assert read_earlier(tmp_path / "none.csv", SPEC) is None
    (tmp_path / "train.csv").write_text("ImageId,ClassId,EncodedPixels\na.jpg,1,1 2\n")
    table = read_earlier(tmp_path / "train.csv", SPEC)
    pd.testing.assert_frame_equal(table, tidy([TableRow("a.jpg", "1", "1 2")]))


@pytest.mark.parametrize(
    "text",
    [
        '{"images": []}',
        "ImageId,EncodedPixels,ClassId\na.jpg,1 2,1\n",
        "ImageId_ClassId,EncodedPixels\na.jpg_1,1 2\n",
        "ImageId,ClassId,EncodedPixels,who\na.jpg,1,1 2,anna\n",
        "ImageId,ClassId,EncodedPixels\na.jpg,9,1 2\n",
        "\x89PNG\r\n",
        "",
    ],
)
def test_anything_else_is_not_written_over(text: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(text.encode("latin-1"))
    with pytest.raises(SeverstalError, match="give another --output") as caught:
        read_earlier(tmp_path / "file", SPEC)
    assert "\n" not in str(caught.value)
