"""A catalogue is never wrong, however its last line or its pixels were truncated."""

from pathlib import Path

import pytest

from severstal.data.catalogue import CATALOGUE, Catalogue, Entry, Source

SHAPE = (2, 3)


def entry(name: str, row: int | None, pixels: str = "5e7f") -> Entry:
    return Entry(name, 900, 1, pixels, row)


@pytest.fixture
def filled(tmp_path: Path) -> Catalogue:
    catalogue = Catalogue(tmp_path, SHAPE)
    catalogue.pixels.write_bytes(bytes(18))
    catalogue.add([entry("a", 0), entry("b", 1)])
    catalogue.add([entry("c", 2), entry("d", None)])
    return catalogue


def test_what_was_added_is_read_again(filled: Catalogue, tmp_path: Path) -> None:
    again = Catalogue(tmp_path, SHAPE)
    assert again.entries == filled.entries
    assert list(again.entries.values()) == [entry("a", 0), entry("b", 1), entry("c", 2), entry("d", None)]
    assert (again.rows, again.pixels) == (3, filled.pixels)
    assert again.entries["a"].source == Source("a", 900, 1)


def test_the_later_line_holds_and_the_earlier_row_stays_taken(filled: Catalogue, tmp_path: Path) -> None:
    filled.pixels.write_bytes(bytes(24))
    filled.add([entry("a", 3, "new")])
    again = Catalogue(tmp_path, SHAPE)
    assert (again.entries["a"].row, again.rows) == (3, 4)


@pytest.mark.slow
def test_every_cut_of_the_file_leaves_whole_lines(filled: Catalogue, tmp_path: Path) -> None:
    text = (tmp_path / CATALOGUE).read_bytes()
    ends = [index + 1 for index, byte in enumerate(text) if byte == ord("\n")]
    for cut in range(len(text) + 1):
        (tmp_path / CATALOGUE).write_bytes(text[:cut])
        filled.pixels.write_bytes(bytes(18))
        again = Catalogue(tmp_path, SHAPE)
        assert len(again.entries) == max(0, sum(end <= cut for end in ends) - 1), cut
        again.pixels.write_bytes(bytes(24))
        again.add([entry("e", again.rows)])  # goes on after the last whole line
        assert set(Catalogue(tmp_path, SHAPE).entries) == {*again.entries}
        if again.pixels != filled.pixels:
            again.pixels.unlink()


@pytest.mark.parametrize(
    "damage", ["pixels cut", "pixels gone", "shape", "not JSON", "a key missing", "a way out"]
)
def test_what_cannot_be_trusted_is_begun_again(filled: Catalogue, tmp_path: Path, damage: str) -> None:
    path, shape = tmp_path / CATALOGUE, SHAPE
    outside = tmp_path.parent / "pixels-00000000.u8"
    match damage:
        case "pixels cut":
            filled.pixels.write_bytes(bytes(17))
        case "pixels gone":
            filled.pixels.unlink()
        case "shape":
            shape = (3, 2)
        case "not JSON":
            path.write_text(path.read_text() + "{oops}\n")
        case "a key missing":
            path.write_text(path.read_text().replace('"time": 1, ', ""))
        case "a way out":
            outside.write_bytes(bytes(18))
            path.write_text(path.read_text().replace(filled.pixels.name, "../" + outside.name))
    again = Catalogue(tmp_path, shape)
    assert (again.entries, again.rows) == ({}, 0)
    assert again.pixels != filled.pixels
    assert not list(tmp_path.glob("pixels-*"))  # the disk is given back
    assert Catalogue(tmp_path, shape).pixels == again.pixels
