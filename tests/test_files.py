"""A file is whole or not there, whatever befalls the writer."""

import errno
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from severstal.errors import SeverstalError
from severstal.files import atomic_write, checksum, digest, read_json, write_json, write_text


@pytest.fixture
def earlier(tmp_path):
    """A file that must survive."""
    path = tmp_path / "submission.csv"
    path.write_text("earlier")
    return path


def names(path):
    return sorted(entry.name for entry in path.parent.iterdir())


def test_the_new_file_takes_the_place_of_the_earlier_one(earlier):
    with atomic_write(earlier) as part:
        part.write_text("new")
        assert earlier.read_text() == "earlier"
    assert earlier.read_text() == "new"
    assert names(earlier) == ["submission.csv"]


def test_folders_are_made(tmp_path):
    write_text(tmp_path / "a" / "b" / "c.txt", "x")
    assert (tmp_path / "a" / "b" / "c.txt").read_text() == "x"


@pytest.mark.parametrize("error", [ValueError("no"), KeyboardInterrupt(), SeverstalError("no")])
def test_an_error_in_the_block_leaves_the_earlier_file(earlier, error):
    def fail():
        with atomic_write(earlier) as part:
            part.write_text("half")
            raise error

    with pytest.raises(type(error)):
        fail()
    assert earlier.read_text() == "earlier"
    assert names(earlier) == ["submission.csv"]


def test_a_killed_writer_leaves_the_earlier_file(earlier):
    script = (
        "import os, signal, sys; from severstal.files import replacing\n"
        "with atomic_write(sys.argv[1]) as part:\n"
        "    part.write_text('half'); os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", script, str(earlier)], check=False)
    assert done.returncode == -9
    assert earlier.read_text() == "earlier"
    write_text(earlier, "new")
    assert names(earlier) == ["submission.csv"]


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_one_line(earlier, monkeypatch, code):
    def full(*args, **kwargs):
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(SeverstalError) as caught:
        write_text(earlier, "new")
    assert (
        str(caught.value) == f"{earlier}: the disk is full: free some space and give the same command again"
    )
    monkeypatch.undo()
    assert earlier.read_text() == "earlier"


@pytest.mark.skipif(
    not Path("/dev/full").exists(), reason="there is no /dev/full, a disk that is always full"
)
def test_a_disk_that_is_really_full_is_one_line(earlier):
    part = earlier.with_name("submission.csv.part")
    part.symlink_to("/dev/full")
    with pytest.raises(SeverstalError, match="the disk is full: free some space"):
        write_text(earlier, "new")
    assert earlier.read_text() == "earlier"
    assert names(earlier) == ["submission.csv"]


def test_a_file_that_may_not_grow_is_one_line(earlier):
    resource = pytest.importorskip("resource")
    script = (
        "import resource, sys\n"
        "from severstal.errors import SeverstalError\n"
        "from severstal.files import write_text\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))\n"
        "try: write_text(sys.argv[1], 'x' * 100_000)\n"
        "except SeverstalError as error: print(error)\n"
    )
    assert resource.RLIMIT_FSIZE is not None
    done = subprocess.run(
        [sys.executable, "-c", script, str(earlier)], capture_output=True, text=True, check=True
    )
    assert done.stdout == f"{earlier}: File too large: repair this and give the same command again\n"
    assert earlier.read_text() == "earlier"
    assert names(earlier) == ["submission.csv"]


@pytest.mark.parametrize("code", [errno.EACCES, errno.EPERM, errno.EROFS])
def test_a_forbidden_place_is_one_line(earlier, monkeypatch, code):
    def forbidden(*args, **kwargs):
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(Path, "mkdir", forbidden)
    with pytest.raises(SeverstalError, match=r"submission\.csv: may not be written: choose another folder"):
        write_text(earlier, "new")
    assert earlier.read_text() == "earlier"


def test_a_place_below_a_file_or_on_a_folder_is_one_line(earlier, tmp_path, monkeypatch):
    with pytest.raises(SeverstalError, match=r"deep\.csv: Not a directory: repair this"):
        write_text(earlier / "folder" / "deep.csv", "new")
    monkeypatch.chdir(tmp_path)
    for folder in (tmp_path, "."):
        with pytest.raises(SeverstalError, match=r": is a folder: name a file in it$"):
            write_text(folder, "new")
    assert names(earlier) == ["submission.csv"]


def test_line_ends_and_letters_stay(tmp_path):
    write_text(tmp_path / "a", "\u00e9\n\r\n")
    assert (tmp_path / "a").read_bytes() == b"\xc3\xa9\n\r\n"


def test_json_comes_back(tmp_path):
    value = {"score": 0.5, "classes": [1, None, "\u00e9"]}
    write_json(tmp_path / "a.json", value)
    assert read_json(tmp_path / "a.json") == value == json.loads((tmp_path / "a.json").read_text())


def test_json_that_is_missing_or_broken_is_one_line(tmp_path):
    with pytest.raises(SeverstalError, match=r"a\.json: not there: give the command that makes it first$"):
        read_json(tmp_path / "a.json")
    for data in (b'{"a": ', b"\xff\xfe", b""):
        (tmp_path / "a.json").write_bytes(data)
        with pytest.raises(
            SeverstalError, match=r"a\.json: not JSON \(.*\): delete it and run again$"
        ) as caught:
            read_json(tmp_path / "a.json")
        assert "\n" not in str(caught.value)


def test_checksums_follow_the_content(tmp_path):
    (tmp_path / "a").write_bytes(b"abc")
    assert checksum(tmp_path / "a") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert digest({"a": 1, "b": [1, 2]}) == digest({"b": [1, 2], "a": 1}) != digest({"a": 1, "b": [2, 1]})
