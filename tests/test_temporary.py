"""Leftovers of killed processes are deleted, and nothing else."""

import os
import signal
import stat
import subprocess
import sys

import pytest

from severstal.files import write_text
from severstal.temporary import temporary_file, temporary_folder

HOLD = """
import sys
from pathlib import Path
from severstal.temporary import temporary_file, temporary_folder
with {kind}(Path(sys.argv[1])) as part:
    (part / "half" if part.is_dir() else part).write_text("half")
    print(part.name, flush=True)
    sys.stdin.read()
"""
DIGITS = "0123456789abcdef" * 2


def start(folder, kind):
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD.format(kind=kind), str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    return process, process.stdout.readline().strip()


def end(process):
    process.communicate()
    return process.returncode


def test_names_are_never_the_same(tmp_path):
    with temporary_file(tmp_path) as first, temporary_file(tmp_path) as second:
        assert first != second
        assert first.parent == second.parent == tmp_path


@pytest.mark.parametrize("kind", ["temporary_file", "temporary_folder"])
def test_what_a_killed_process_left_goes_with_the_next_write(tmp_path, kind):
    process, name = start(tmp_path, kind)
    process.send_signal(signal.SIGKILL)
    assert end(process) == -9
    assert name in os.listdir(tmp_path)
    write_text(tmp_path / "a.txt", "x")
    assert os.listdir(tmp_path) == ["a.txt"]


@pytest.mark.parametrize("kind", ["temporary_file", "temporary_folder"])
def test_what_a_living_process_writes_stays(tmp_path, kind):
    process, name = start(tmp_path, kind)
    write_text(tmp_path / "a.txt", "x")
    assert name in os.listdir(tmp_path)
    assert end(process) == 0
    assert os.listdir(tmp_path) == ["a.txt"]


@pytest.mark.parametrize(
    "name",
    [
        "a.txt.part",
        ".severstal.part",
        f".severstal-{DIGITS}",
        f".severstal-{DIGITS}.part.txt",
        f".severstal-{DIGITS[1:]}.part",
        f".severstal-{DIGITS.upper()}.part",
        f"severstal-{DIGITS}.part",
    ],
)
def test_files_of_other_names_stay(tmp_path, name):
    (tmp_path / name).write_text("mine")
    write_text(tmp_path / "new.txt", "x")
    assert (tmp_path / name).read_text() == "mine"


def test_a_link_with_such_a_name_leads_to_no_deletion(tmp_path):
    thesis = tmp_path / "thesis"
    thesis.mkdir()
    (thesis / "a.tex").write_text("mine")
    work = tmp_path / "work"
    work.mkdir()
    (work / f".severstal-{DIGITS}.part").symlink_to(thesis / "a.tex")
    (work / f".severstal-{DIGITS}.folder").symlink_to(thesis)
    write_text(work / "new.txt", "x")
    assert (thesis / "a.tex").read_text() == "mine"
    assert len(os.listdir(work)) == 3


def test_a_folder_like_a_temporary_one_without_its_lock_stays(tmp_path):
    for name in (f".severstal-{DIGITS}.folder", f".severstal-{DIGITS}.part"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.tex").write_text("mine")
    write_text(tmp_path / "new.txt", "x")
    assert len(list(tmp_path.rglob("a.tex"))) == 2


def test_a_folder_that_holds_links_is_deleted_without_following_them(tmp_path):
    victim = tmp_path / "victim"
    victim.mkdir()
    (victim / "a.txt").write_text("mine")
    work = tmp_path / "work"
    work.mkdir()
    with temporary_folder(work) as part:
        (part / "link").symlink_to(victim)
    assert (victim / "a.txt").read_text() == "mine"
    assert list(work.iterdir()) == []


def test_a_private_file_is_private_from_its_first_moment(tmp_path):
    with temporary_file(tmp_path, 0o600) as part:
        assert stat.S_IMODE(part.stat().st_mode) == 0o600
