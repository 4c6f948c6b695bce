"""No entry of a zip leaves the folder, fills the disk or is taken for another file."""

import random
import stat
import struct
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from severstal.data.download.unzip import DamagedArchive, check_archive, is_archive, unzip
from severstal.errors import SeverstalError

FILES = {
    "train.csv": b"ImageId\n" * 50,
    "train_images/0a.jpg": bytes(range(256)) * 9,
    "train_images/1b.jpg": b"x",
}


def pack(path: Path, files: dict[str, bytes] | list[tuple[zipfile.ZipInfo | str, bytes]]) -> Path:
    items = files.items() if isinstance(files, dict) else files
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of doubled names
        for name, data in items:
            archive.writestr(name, data)
    return path


def held(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def unpack(path: Path, folder: Path, largest: int = 10_000) -> None:
    unzip(path, folder, check_archive(path, largest))


def test_what_was_packed_is_unpacked(tmp_path: Path) -> None:
    entries = [("train_images/", b""), *FILES.items()]
    unpack(pack(tmp_path / "a.zip", entries), tmp_path / "out")
    assert held(tmp_path / "out") == FILES


def linked(mode: int, name: str = "train_images/0a.jpg") -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name)
    entry.create_system, entry.external_attr = 3, (mode | 0o644) << 16
    return entry


OUTWARD = (
    *("../evil.txt", "a/../../evil.txt", "..", ".", "a/./b", "a//b", "a/.."),
    *("/etc/evil", "C:/evil", "C:evil", "a\\..\\evil", "~/evil", "con:"),
    *(".hidden", "a. ", "a.", " a", "-rf", "a\nb", "a\x1b[2J", "\u202efdp.exe", "\u00e9"),
)


@pytest.mark.parametrize("name", OUTWARD)
def test_names_that_could_lead_out(tmp_path: Path, name: str) -> None:
    path = pack(tmp_path / "a.zip", [*FILES.items(), (linked(stat.S_IFREG, name), b"evil")])
    with pytest.raises(
        SeverstalError, match=r"a\.zip: entry .* has a name that could lead out of the folder"
    ) as caught:
        unpack(path, tmp_path / "deep" / "out")
    assert "\n" not in str(caught.value)
    assert "\x1b" not in str(caught.value)
    assert held(tmp_path) == {"a.zip": path.read_bytes()}  # not a byte was unpacked


def test_a_name_with_a_zero_byte(tmp_path: Path) -> None:
    path = pack(tmp_path / "a.zip", {"good.txt_evil": b"evil"})
    path.write_bytes(path.read_bytes().replace(b"good.txt_evil", b"good.txt\0evil"))
    with pytest.raises(SeverstalError, match="could lead out"):
        check_archive(path, 10_000)


@pytest.mark.parametrize("mode", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR, stat.S_IFSOCK, stat.S_IFDIR])
def test_links_and_special_files(tmp_path: Path, mode: int) -> None:
    path = pack(tmp_path / "a.zip", [(linked(mode), b"/etc"), ("train_images/0a.jpg/passwd", b"evil")])
    with pytest.raises(SeverstalError, match="is a link or a special file"):
        unpack(path, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("names", "reason"),
    [
        (("a.jpg", "a.jpg"), "is there twice"),
        (("a.jpg", "A.JPG"), "is there twice"),  # the same file on Windows and macOS
        (("a", "a/b"), "is inside a file"),
        (("a/b/c", "A"), "is inside a file"),
    ],
)
def test_names_that_collide(tmp_path: Path, names: tuple[str, str], reason: str) -> None:
    path = pack(tmp_path / "a.zip", [(name, b"1") for name in names])
    with pytest.raises(SeverstalError, match=reason):
        check_archive(path, 10_000)


def test_a_bomb_is_seen_before_it_goes_off(tmp_path: Path) -> None:
    path = pack(tmp_path / "a.zip", {"bomb.csv": bytes(20_000_000)})
    assert path.stat().st_size < 25_000
    with pytest.raises(SeverstalError, match=r"says it holds 1 files of 0\.0 GB, where at most"):
        unpack(path, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_bomb_that_lies_about_its_size(tmp_path: Path) -> None:
    path = pack(tmp_path / "a.zip", {"bomb.csv": bytes(20_000_000)})
    path.write_bytes(path.read_bytes().replace(struct.pack("<I", 20_000_000), struct.pack("<I", 900)))
    with pytest.raises(DamagedArchive, match="Bad CRC-32"):
        unpack(path, tmp_path / "out")
    assert held(tmp_path / "out") == {}


def test_too_many_entries(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("severstal.data.download.unzip.MOST_ENTRIES", 2)
    with pytest.raises(SeverstalError, match="says it holds 3 files"):
        check_archive(pack(tmp_path / "a.zip", FILES), 10_000)


def test_unusual_compression_and_encryption(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("a", b"1")
    with pytest.raises(SeverstalError, match="compressed in an unusual way"):
        check_archive(tmp_path / "a.zip", 10_000)
    path = pack(tmp_path / "b.zip", {"a": b"1"})
    data = bytearray(path.read_bytes())
    data[data.index(b"PK\1\2") + 8] |= 1
    path.write_bytes(data)
    with pytest.raises(SeverstalError, match="is encrypted"):
        check_archive(path, 10_000)


def test_a_wrong_checksum_leaves_no_file(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:  # stored as they are
        for name, data in FILES.items():
            archive.writestr(name, data)
    path.write_bytes(path.read_bytes().replace(bytes(range(256)), bytes(256), 1))
    with pytest.raises(
        DamagedArchive, match=r"a\.zip: is damaged \(Bad CRC-32 .*\): run the same command again"
    ):
        unpack(path, tmp_path / "out")
    assert held(tmp_path / "out") == {"train.csv": FILES["train.csv"]}


@pytest.mark.parametrize("data", [b"", b"<html>", b"PK\5\6" + bytes(18)])
def test_what_is_no_zip(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "a.zip").write_bytes(data)
    assert is_archive(tmp_path / "a.zip") == data.startswith(b"PK")  # an empty one is one
    if not data.startswith(b"PK"):
        with pytest.raises(DamagedArchive, match="not a whole zip"):
            check_archive(tmp_path / "a.zip", 10)


def test_every_cut_of_a_zip_is_no_zip(tmp_path: Path) -> None:
    whole = pack(tmp_path / "a.zip", FILES).read_bytes()
    for cut in range(len(whole)):
        (tmp_path / "b.zip").write_bytes(whole[:cut])
        assert not is_archive(tmp_path / "b.zip"), cut


def test_what_is_there_is_not_written_again(tmp_path: Path) -> None:
    path, out = pack(tmp_path / "a.zip", FILES), tmp_path / "out"
    unpack(path, out)
    (out / "train_images/0a.jpg").write_bytes(bytes(256 * 9))  # the size is right
    (out / "train_images/1b.jpg").unlink()
    kept = (out / "train.csv").stat().st_mtime_ns
    unpack(path, out)
    assert held(out) == FILES
    assert (out / "train.csv").stat().st_mtime_ns == kept


def test_a_strange_file_is_named(tmp_path: Path) -> None:
    path, out = pack(tmp_path / "a.zip", FILES), tmp_path / "out"
    (out / "train_images").mkdir(parents=True)
    (out / "train_images/9z.jpg").write_bytes(b"mine")
    with pytest.raises(SeverstalError, match=r"train_images/9z\.jpg: not from .*a\.zip: remove it"):
        unpack(path, out)
    assert (out / "train_images/9z.jpg").read_bytes() == b"mine"


SCRIPT = """
import sys
from severstal.data.download.unzip import check_archive, unzip
entries = check_archive(sys.argv[1], 1 << 30)
arm()
unzip(sys.argv[1], sys.argv[2], entries)
"""


@pytest.mark.slow
def test_killed_at_any_instant_it_goes_on(tmp_path: Path, run_and_kill: Callable[..., None]) -> None:
    rng = random.Random(0)
    files = {f"train_images/{number:03d}.jpg": rng.randbytes(50_000) for number in range(300)}
    path = pack(tmp_path / "a.zip", files)
    ends = {"whole": tmp_path / "whole", "broken": tmp_path / "broken"}

    def nothing_is_half_written() -> None:
        for name, data in held(ends["broken"]).items():
            assert "/.severstal-" in name or data == files[name]

    run_and_kill(SCRIPT, path, **ends, kills=3, pause=0.002, look=nothing_is_half_written)
    assert held(ends["broken"]) == files
