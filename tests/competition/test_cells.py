"""A CSV file as text: masks of any length, files within their bounds."""

import tracemalloc

import pytest

from severstal.competition.cells import read_cells
from severstal.errors import SeverstalError

TODAY = "ImageId,ClassId,EncodedPixels\n"


def fault(path):
    with pytest.raises(SeverstalError) as caught:
        read_cells(path)
    return str(caught.value).removeprefix(str(path))


def test_a_mask_may_be_longer_than_the_csv_module_allows_at_first(tmp_path):
    path = tmp_path / "train.csv"
    runs = " ".join(f"{start} 1" for start in range(1, 200_000, 2))
    path.write_text(f"{TODAY}a.jpg,1,{runs}\n")
    assert read_cells(path)[1] == [["a.jpg", "1", runs]]


def test_a_table_out_of_bounds_is_refused_while_it_is_read(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(TODAY + "a.jpg,1,1 3\n" * 1_000_000)
    tracemalloc.start()
    assert fault(path) == ": has 400,000 rows or more: split it by its images"
    assert tracemalloc.get_traced_memory()[1] < 200_000_000
    tracemalloc.stop()
    path.write_text(TODAY + "a.jpg,1,1 3\n" * 399_999)
    assert len(read_cells(path)[1]) == 399_999
    with path.open("wb") as file:
        file.truncate((512 << 20) + 1)  # takes no disk
    assert fault(path) == ": larger than 512 MiB: split it by its images"
