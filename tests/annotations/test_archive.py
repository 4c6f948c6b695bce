"""ZIPs as tools export them are opened, and nothing in one leaves its folder or fills the disk."""

import stat
import zipfile
from pathlib import Path

import pytest

from severstal.annotations import archive
from severstal.annotations.archive import documents, unpacked
from severstal.errors import SeverstalError


def pack(path: Path, **files: str) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        for name, text in files.items():
            made.writestr(name, text)
    return path


def fault_of(path: Path) -> str:
    with pytest.raises(SeverstalError) as caught, unpacked(path, (".json",)):
        pass
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_only_the_endings_that_are_needed_are_unpacked(tmp_path: Path) -> None:
    files = {"a/b.json": "1", "a/b.JSON": "2", "c.jpg": "3", "__MACOSX/._d.json": "4", ".e.json": "5"}
    with unpacked(pack(tmp_path / "a.zip", **files), (".json",)) as place:
        files = [file for file in place.rglob("*.*") if file.is_file()]
        found = {str(file.relative_to(place)): file.read_text() for file in files}
    assert found == {"a/b.json": "1", "a/b.JSON": "2"}
    assert not place.exists()


@pytest.mark.parametrize("name", ["../a.json", "a/../../b.json", "/a.json", "C:/a.json", "..\\a.json"])
def test_no_path_leaves_the_folder(name: str, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    path = pack(tmp_path / "in" / "a.zip", **{name: "1"})
    assert "leads out of the ZIP's own folder" in fault_of(path)
    assert [entry.name for entry in tmp_path.iterdir()] == ["in"]


def test_links_are_refused(tmp_path: Path) -> None:
    entry = zipfile.ZipInfo("a.json")
    entry.create_system, entry.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as made:
        made.writestr(entry, "/etc/passwd")
    assert "`a.json` leads out" in fault_of(tmp_path / "a.zip")


def test_size_is_counted_as_it_comes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "_MOST_BYTES", 1000)
    with unpacked(pack(tmp_path / "a.zip", **{"a.json": "0" * 600, "b.jpg": "0" * 600}), (".json",)):
        pass
    assert "holds more than" in fault_of(
        pack(tmp_path / "b.zip", **{"a.json": "0" * 600, "b.json": "0" * 600})
    )


def test_entries_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "_MOST_ENTRIES", 2)
    files = {f"{number}.json": "" for number in range(3)}
    assert "holds 3 files, more than 2" in fault_of(pack(tmp_path / "a.zip", **files))


def test_damaged_archives_are_one_line(tmp_path: Path) -> None:
    whole = pack(tmp_path / "a.zip", **{"a.json": "[1, 2, 3]" * 99}).read_bytes()
    for name, data in (
        ("cut", whole[:-30]),
        ("head", whole[:40]),
        ("flipped", whole[:45] + b"x" + whole[46:]),
    ):
        (tmp_path / name).write_bytes(data)
        assert "damaged ZIP" in fault_of(tmp_path / name)


def test_an_encrypted_archive_is_one_line(tmp_path: Path) -> None:
    path = pack(tmp_path / "a.zip", **{"a.json": "[]"})
    data = bytearray(path.read_bytes())
    data[6] |= 1  # the flags in the entry's own header and in the list at the end
    data[data.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(data)
    assert "encrypted" in fault_of(path)


def test_an_error_names_the_archive_and_not_the_folder_that_is_gone(tmp_path: Path) -> None:
    path = pack(tmp_path / "a.zip", **{"b/c.json": "{"})
    with pytest.raises(SeverstalError) as caught, unpacked(path, (".json",)) as place:
        raise SeverstalError(f"{place / 'b' / 'c.json'}: not JSON: export it again")
    assert str(caught.value) == f"{path / 'b' / 'c.json'}: not JSON: export it again"


def test_files_and_folders_are_taken_as_they_are(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    for name in ("z.json", "b/a.json", ".hidden.json", "b/c.txt"):
        (tmp_path / name).write_text("{}")
    with unpacked(tmp_path, (".json",)) as place:
        assert [file.name for file in documents(place, ".json")] == ["a.json", "z.json"]
    assert documents(tmp_path / "z.json", ".json") == [tmp_path / "z.json"]
    with pytest.raises(SeverstalError, match=r"holds no \.xml file"):
        documents(tmp_path, ".xml")
