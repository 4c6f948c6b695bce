"""Disks that are full or may not be written, clocks that go back, users of other umasks."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = """
import resource, signal, sys
from severstal import cli
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]),) * 2)
cli.main(sys.argv[2:])
"""
RUN = ("run", "tiny.toml", "--input", "small", "--output", "out/new.csv", "--name", "tight")


def results(run: Path) -> dict[str, bytes]:
    names = ("fold0/model.safetensors", "fold1/model.safetensors", "rules.json", "oof/maps-00000.npy")
    return {name: (run / name).read_bytes() for name in names}


@pytest.mark.slow
@pytest.mark.parametrize("most", [2_000, 100_000, 1_500_000])
def test_a_quota_is_one_line_and_the_same_command_goes_on(workspace, most):
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(most), *RUN], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2, done.stderr
    assert "File too large" in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr
    assert workspace.run(*RUN)[0] == 0
    assert results(Path("runs/tight")) == results(Path("runs/tiny-small"))
    assert Path("out/new.csv").read_bytes() == Path("submissions/submission.csv").read_bytes()


@pytest.mark.usefixtures("ordinary_user")
def test_a_read_only_folder_is_one_line(workspace):
    Path("shut").mkdir(mode=0o555)
    for words in (
        ("sample", "--output", "shut/new", "--images", "8", "--test-images", "8"),
        ("check", "submissions/submission.csv", "--input", "small", "--json", "shut/out.json"),
        ("export", "labelme", "--output", "shut/out", "--input", "small"),
    ):
        code, printed = workspace.run(*words)
        assert code == 2
        assert "may not be written: choose another folder or change its permissions" in printed


def test_a_clock_that_goes_back_trains_nothing_again(workspace):
    ahead = 4_000_000_000  # the year 2096
    weights = Path("runs/tiny-small/fold0/model.safetensors")
    for path in Path("runs").rglob("*"):
        os.utime(path, (ahead, ahead))
    before = weights.stat()
    code, printed = workspace.run("run", "tiny.toml", "--input", "small", "--output", "out/new.csv")
    assert code == 0, printed
    assert (weights.stat().st_ino, weights.stat().st_mtime) == (before.st_ino, ahead)
    assert Path("out/new.csv").read_bytes() == Path("submissions/submission.csv").read_bytes()


@pytest.mark.parametrize(("first", "second"), [(0o077, 0o022), (0o022, 0o077)])
def test_users_of_two_umasks_work_on_one_folder(workspace, first, second):
    def mode(path):
        return stat.S_IMODE(Path(path).stat().st_mode)

    before = os.umask(first)
    try:
        assert workspace.run("check", "other.csv", "--input", "small", "--json", "out/a.json")[0] in (0, 1)
        os.umask(second)
        assert workspace.run("check", "other.csv", "--input", "small", "--json", "out/a.json")[0] in (0, 1)
        assert workspace.run("check", "other.csv", "--input", "small", "--json", "out/b.json")[0] in (0, 1)
    finally:
        os.umask(before)
    assert mode("out") == 0o777 & ~first
    assert mode("out/a.json") == 0o666 & ~first  # an earlier file keeps its permissions
    assert mode("out/b.json") == 0o666 & ~second
