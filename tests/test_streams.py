"""An output that is not a regular file is kept, and gets the bytes."""

import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from severstal.errors import SeverstalError
from severstal.files import write_text
from severstal.streams import is_stream

SCRIPT = """
import sys
from severstal.files import write_text
print("before")
write_text(sys.argv[1], "written\\n")
print("after")
"""


def write_from_a_process(target, **how):
    return subprocess.run([sys.executable, "-c", SCRIPT, target], check=True, text=True, **how)


@pytest.mark.parametrize("target", ["/dev/stdout", "/proc/self/fd/1", "/dev/fd/1"])
def test_standard_output_is_written_to_in_turn(target, tmp_path):
    assert write_from_a_process(target, stdout=subprocess.PIPE).stdout == "before\nwritten\nafter\n"
    with (tmp_path / "out.txt").open("w") as file:  # a regular file behind the descriptor
        write_from_a_process(target, stdout=file)
    assert (tmp_path / "out.txt").read_text() == "before\nwritten\nafter\n"
    assert os.listdir(tmp_path) == ["out.txt"]


@pytest.mark.parametrize("path", ["/dev/null", "/dev/stdout", "/dev/stderr", "/dev/fd/2", "/proc/self/fd/0"])
def test_devices_and_descriptors_are_streams(path):
    assert is_stream(path)


def test_files_and_planted_links_are_not(tmp_path):
    (tmp_path / "file").touch()
    (tmp_path / "planted").symlink_to("/dev/null")
    for name in ("file", "planted", "absent"):
        assert not is_stream(tmp_path / name)
    assert not is_stream(tmp_path)
    shared = Path("/dev/shm")
    assert not shared.is_dir() or not is_stream(shared / "absent")


def test_a_device_stays_a_device():
    before = os.lstat("/dev/null")
    write_text("/dev/null", "x" * 100_000)
    after = os.lstat("/dev/null")
    assert (after.st_ino, after.st_mode) == (before.st_ino, before.st_mode)
    assert stat.S_ISCHR(after.st_mode)


def test_a_named_pipe_passes_the_bytes_on(tmp_path):
    pipe, read = tmp_path / "pipe", []
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: read.append(pipe.read_text()))
    reader.start()
    write_text(pipe, "written")
    reader.join(10)
    assert read == ["written"]
    assert stat.S_ISFIFO(os.lstat(pipe).st_mode)


def test_a_link_to_a_device_elsewhere_is_replaced(tmp_path):
    link = tmp_path / "scorecard.json"
    link.symlink_to("/dev/null")
    write_text(link, "written")
    assert not link.is_symlink()
    assert link.read_text() == "written"


def test_a_closed_pipe_is_one_line():
    reader, writer = os.pipe()
    os.close(reader)
    with pytest.raises(SeverstalError, match=r"^/dev/fd/\d+: Broken pipe: "):
        write_text(f"/dev/fd/{writer}", "x")
    os.close(writer)


@pytest.mark.skipif(os.geteuid() != 0, reason="only the superuser makes device nodes")
def test_a_disk_is_refused(tmp_path):
    disk = tmp_path / "disk"
    try:
        os.mknod(disk, stat.S_IFBLK | 0o600, os.makedev(7, 250))
        os.close(os.open(disk, os.O_WRONLY))
    except OSError:
        pytest.skip("no block device can be made or opened here")
    with pytest.raises(SeverstalError, match=r"disk: is a disk: name a file$"):
        write_text(disk, "x")
