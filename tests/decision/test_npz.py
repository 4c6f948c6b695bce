"""Arrays with a header on disk."""

import tracemalloc
import zipfile

import numpy as np
import pytest

from severstal.decision.npz import load_npz, save_npz
from severstal.errors import SeverstalError


def read(header, arrays):
    return header["name"], arrays["values"]


@pytest.mark.parametrize("compressed", [False, True])
def test_what_is_saved_is_loaded(tmp_path, compressed):
    values = np.float32([[0.5, np.nan], [-np.inf, 2]])
    save_npz(tmp_path / "a.npz", {"edition": 3, "name": "Fläche"}, {"values": values}, compressed)
    name, again = load_npz(tmp_path / "a.npz", "table", 3, read)
    assert name == "Fläche"
    assert again.dtype == np.float32
    assert np.array_equal(again, values, equal_nan=True)
    assert [path.name for path in tmp_path.iterdir()] == ["a.npz"]


def test_compression_makes_repeated_values_small(tmp_path):
    for name in ("plain", "small"):
        save_npz(tmp_path / name, {"edition": 1}, {"values": np.zeros(100_000)}, name == "small")
    assert (tmp_path / "small").stat().st_size < 2000 < 800_000 < (tmp_path / "plain").stat().st_size


def test_an_interrupted_save_leaves_the_earlier_file(tmp_path):
    save_npz(tmp_path / "a.npz", {"edition": 1, "name": "first"}, {"values": np.arange(3)})
    with pytest.raises(TypeError):
        save_npz(tmp_path / "a.npz", {"edition": 1, "name": {1, 2}}, {"values": np.arange(3)})
    assert load_npz(tmp_path / "a.npz", "table", 1, read)[0] == "first"


def test_files_that_cannot_be_read(tmp_path):
    path = tmp_path / "a.npz"
    with pytest.raises(SeverstalError, match=r"a\.npz: not there: run the command that makes it first"):
        load_npz(path, "table", 1, read)
    save_npz(path, {"edition": 2, "name": "later"}, {"values": np.arange(3)})
    with pytest.raises(SeverstalError, match=r"a\.npz: a table of an incompatible version .*: delete it"):
        load_npz(path, "table", 1, read)
    save_npz(path, {"edition": 1}, {"values": np.arange(3)})
    with pytest.raises(SeverstalError, match=r"a\.npz: not a whole table: delete it and run again"):
        load_npz(path, "table", 1, read)  # its header has no name


def test_a_bomb_is_refused_before_it_takes_memory(tmp_path):
    path = tmp_path / "a.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name in ("header", "values"):
            with archive.open(f"{name}.npy", "w", force_zip64=True) as file:
                np.lib.format.write_array_header_1_0(
                    file, {"descr": "|u1", "fortran_order": False, "shape": (140_000_000,)}
                )
                for _ in range(140):
                    file.write(bytes(1_000_000))
    assert path.stat().st_size < 3_000_000
    tracemalloc.start()
    with pytest.raises(SeverstalError, match=r"a\.npz: holds 0\.3 GB, too many for a table: delete it$"):
        load_npz(path, "table", 1, read)
    assert tracemalloc.get_traced_memory()[1] < 10_000_000
    tracemalloc.stop()


@pytest.mark.parametrize("compressed", [False, True])
def test_a_file_with_one_bit_changed_is_refused_or_the_same(tmp_path, compressed):
    path, values = tmp_path / "a.npz", np.arange(300)
    save_npz(path, {"edition": 1, "name": "bits"}, {"values": values}, compressed)
    whole, refused = path.read_bytes(), 0
    for place in range(0, len(whole), 29):
        altered = bytearray(whole)
        altered[place] ^= 4
        path.write_bytes(altered)
        try:
            name, again = load_npz(path, "table", 1, read)
        except SeverstalError:
            refused += 1
        else:  # a time stamp or another field that nobody reads
            assert name == "bits"
            assert np.array_equal(again, values)
    assert refused > len(whole) // 58


def test_nothing_is_unpickled(tmp_path):
    np.savez(tmp_path / "a.npz", header=np.array([{}], object))
    with pytest.raises(SeverstalError, match="not a whole table"):
        load_npz(tmp_path / "a.npz", "table", 1, read)


def test_a_wrong_value_is_reported_with_the_file(tmp_path):
    def refuse(header, arrays):
        raise SeverstalError("low is 2: give one of at most 1")

    save_npz(tmp_path / "a.npz", {"edition": 1}, {"values": np.arange(3)})
    with pytest.raises(SeverstalError, match=r"a\.npz: low is 2: give one of at most 1$"):
        load_npz(tmp_path / "a.npz", "table", 1, refuse)
