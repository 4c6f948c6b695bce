"""No name from outside commands the terminal."""

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from severstal import cli
from severstal.cli.commands import COMMANDS
from severstal.cli.console import EscapedStream, error_line

NAMES = [
    "\x1b]0;owned\x07.jpg",
    "\x1b[2J\x1b[1;1Hall clean.jpg",
    "\x9b31m.jpg",
    "a\rb.jpg",
    "\u202egpj.exe",
    "\x08\x08.jpg",
]


def run(folder: Path, *words: str) -> tuple[int, str]:
    """Run a command in a pseudo-terminal; give its exit code and all that the terminal was sent."""
    leader, follower = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "severstal", *words], cwd=folder, stdout=follower, stderr=follower
    )
    os.close(follower)
    data = b""
    while True:
        try:
            block = os.read(leader, 65536)
        except OSError:  # the other end is closed
            break
        data += block
    os.close(leader)
    return process.wait(), data.decode("utf-8", "backslashreplace").replace("\r\n", "\n")


def assert_harmless(text: str) -> None:
    assert {one for one in text if not one.isprintable()} <= {"\n", "\t"}


def test_names_of_pictures_and_files_are_escaped_on_a_terminal(tmp_path: Path) -> None:
    path = tmp_path / "\x1b[2Jlabels.csv"
    rows = "".join(f'"{name}",1,5 0\n' for name in NAMES)
    path.write_text(f"ImageId,ClassId,EncodedPixels\n{rows}", encoding="utf-8", newline="")
    code, shown = run(tmp_path, "doctor", path.name)
    assert code == 1
    assert_harmless(shown)
    assert r"\x1b[2Jlabels.csv" in shown
    assert any(ascii(name)[1:-1] in shown for name in NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_errors_are_one_harmless_line(
    tmp_path: Path, name: str, capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for words in (["doctor", f"{name}\n.csv"], ["run", f"{name}.toml"], ["check", name], ["score", name]):
        with pytest.raises(SystemExit) as ended:
            cli.main(words)
        shown = capsys.readouterr()
        assert (ended.value.code, shown.out) == (2, "")
        assert shown.err.count("\n") == 1
        assert_harmless(shown.err)


def test_help_keeps_every_option(capsys: pytest.CaptureFixture) -> None:
    with pytest.raises(SystemExit):
        cli.main(["score", "--help"])
    shown = capsys.readouterr().out
    assert all(option in shown for option in ("--truth", "--input", "--images", "--json", "--html"))
    assert all(command.__doc__ for command in COMMANDS.values())


def test_an_escaped_stream_delegates_other_attributes(capsys: pytest.CaptureFixture) -> None:
    stream = EscapedStream(sys.stdout)
    assert stream.write("\x1b\n") == 2
    stream.flush()
    assert stream.encoding == sys.stdout.encoding
    assert capsys.readouterr().out == "\\x1b\n"
    assert error_line("a\tb") == "severstal: a\\tb"
