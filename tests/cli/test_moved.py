"""A run whose input folder has moved: every command that needs its pictures takes --input, or says so."""

import shutil
from pathlib import Path

import pytest

from severstal import cli

RUN = "runs/tiny-small"

COMMANDS = {
    "predict": ("predict", RUN),
    "tune": ("tune", RUN),
    "submit": ("submit", RUN, "--output", "new.csv"),
    "score": ("score", RUN),
    "distill": ("distill", RUN, "--into", f"{RUN}/recipe.toml"),
    "pack": ("pack", RUN, "--output", "packed", "--fp16"),
}
WITHOUT = {"pack": "packed: 2 networks"}  # does without pictures, and says what it could not measure


@pytest.fixture
def moved(finished_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copied run on another machine: its input folder is elsewhere than the run says."""
    work = tmp_path / "work"
    shutil.copytree(finished_folder / "runs", work / "runs")
    about = work / RUN / "input.json"
    about.write_text(about.read_text().replace(str(finished_folder), "/gone"))
    shutil.copytree(finished_folder / "small", tmp_path / "elsewhere")
    monkeypatch.chdir(work)
    return tmp_path / "elsewhere"


def call(capsys: pytest.CaptureFixture, *words: str) -> tuple[int, str, str]:
    capsys.readouterr()
    with pytest.raises(SystemExit) as ended:
        cli.main(list(words))
    said = capsys.readouterr()
    return ended.value.code or 0, said.out, said.err


@pytest.mark.parametrize("name", COMMANDS)
def test_a_moved_run_is_opened_by_its_input(name: str, moved: Path, capsys: pytest.CaptureFixture) -> None:
    code, out, err = call(capsys, *COMMANDS[name])
    if name in WITHOUT:
        assert (code, WITHOUT[name] in out) == (0, True), err
        shutil.rmtree("packed")
    else:
        assert code == 2
        line = err.strip().splitlines()[-1]
        assert "/gone/small" in line
        assert "--input" in line
    code, _, err = call(capsys, *COMMANDS[name], "--input", str(moved))
    assert code == 0, err


def test_the_table_has_every_command_of_a_run_with_input() -> None:
    from inspect import signature

    from severstal.cli.commands import COMMANDS as EVERY

    named = {
        word
        for word, command in EVERY.items()
        if "input" in signature(command).parameters and {"runs", "run"} & signature(command).parameters.keys()
    }
    assert named <= COMMANDS.keys()
