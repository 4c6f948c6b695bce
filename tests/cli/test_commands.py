"""The command line as a person meets it: what it prints, its exit codes, and every bad input."""

import errno
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from severstal import cli, pipeline
from severstal.cli.commands import COMMANDS
from severstal.runs.opening import open_job


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> Callable:
    """Run a command in an empty folder; give its exit code, standard output and error output."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SEVERSTAL_INPUT", raising=False)

    def run(*arguments: str | Path) -> tuple[int, str, str]:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            cli.main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return ended.value.code, captured.out, captured.err

    return run


def the_line(result: tuple[int, str, str]) -> str:
    """The one line of an error that a person can repair."""
    code, _, error = result
    lines = [line.rpartition("\r")[2] for line in error.splitlines()]
    errors = [line for line in lines if line.startswith("severstal: ")]
    assert code == 2, error
    assert len(errors) == 1, error
    assert "Traceback" not in error
    return errors[0]


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def test_the_stages_one_by_one(command: Callable, small_input: Path, tiny_recipe: Path) -> None:
    assert command("train", tiny_recipe, "--input", small_input)[0] == 0
    assert command("predict", "runs/tiny-small")[0] == 0
    code, printed, _ = command("tune", "runs/tiny-small")
    assert code == 0
    assert "bright: " in printed
    assert "cross-fitted: 0." in printed
    code, printed, _ = command("tune", "runs/tiny-small", "--explain")
    assert code == 0
    assert "whole rule" in printed
    code, printed, _ = command("submit", "runs/tiny-small", "--output", "mine.csv")
    assert code == 0
    assert "all-empty baseline" in printed
    assert command("check", "mine.csv", "--input", small_input)[0] == 0
    code, printed, _ = command(
        "score",
        "mine.csv",
        "--truth",
        small_input / "test_labels.csv",
        "--input",
        small_input,
        "--json",
        "s.json",
    )
    assert code == 0
    card = json.loads(Path("runs/tiny-small/scorecard.json").read_text())
    figures = json.loads(Path("s.json").read_text())
    for name in ("score", "interval", "budget", "defects_found", "dice_on_defects"):
        assert figures[name] == card["test"][name], name
    code, printed, _ = command("leaderboard", "mine.csv", "--public", "0.91234", "--folder", ".")
    assert code == 0
    assert "0.91234" in printed
    assert command("submit", "runs/tiny-small", "--output", "two.csv", "--propose")[0] == 0
    assert command("check", "two-stable.csv", "--input", small_input)[0] == 0
    assert command("check", "two-bold.csv", "--input", small_input)[0] == 0
    assert command("submit", "runs/tiny-small", "--weights", "lots")[0] == 2


def test_sample_draws_a_data_set(command: Callable) -> None:
    assert command("sample", "--output", "steel", "--images", "16", "--test-images", "8")[0] == 0
    assert len(os.listdir("steel/train_images")) == 16
    assert len(os.listdir("steel/test_images")) == 8


def spoil_missing_column(folder: Path) -> str:
    edit(folder / "train.csv", "EncodedPixels", "Pixels")
    return "train.csv"


def spoil_class(folder: Path) -> str:
    edit(folder / "train.csv", "train01.png,1,", "train01.png,9,")
    return "train.csv row 1"


def spoil_duplicate(folder: Path) -> str:
    lines = (folder / "train.csv").read_text().splitlines()
    (folder / "train.csv").write_text("\n".join([*lines, lines[1]]) + "\n")
    return f"train.csv row {len(lines)}"


def spoil_two_labels(folder: Path) -> str:
    lines = (folder / "train.csv").read_text().splitlines()
    (folder / "train.csv").write_text("\n".join([*lines, "train01.png,1,1 5"]) + "\n")
    return f"train.csv row {len(lines)}"


def spoil_nan(folder: Path) -> str:
    table = pd.read_csv(folder / "train.csv", dtype=object)
    table.loc[2, "ClassId"] = np.nan
    table.to_csv(folder / "train.csv", index=False)
    return "train.csv row 3"


def spoil_runs(folder: Path) -> str:
    edit(folder / "train.csv", "train01.png,1,", "train01.png,1,5 0 ")
    return "train.csv row 1"


def spoil_label_of_no_image(folder: Path) -> str:
    edit(folder / "train.csv", "train01.png,1,", "elsewhere.png,1,")
    return "elsewhere.png"


def spoil_cut(folder: Path) -> str:
    path = folder / "train_images" / "train04.png"
    path.write_bytes(path.read_bytes()[:-300])
    return "train04.png"


def spoil_no_image(folder: Path) -> str:
    (folder / "test_images" / "test02.png").write_text("<html>")
    return "test02.png"


def spoil_shape(folder: Path) -> str:
    Image.fromarray(np.zeros((32, 96), np.uint8)).save(folder / "train_images" / "train00.png")
    return "train00.png: the picture is 32 x 96; this data set is 64 x 96"


def spoil_absent_picture(folder: Path) -> str:
    (folder / "test_images" / "test01.png").unlink()
    return "test01.png"


def spoil_absent_folder(folder: Path) -> str:
    (folder / "test_images").rename(folder / "test")
    return "test_images: holds no picture to segment"


def spoil_absent_table(folder: Path) -> str:
    (folder / "train.csv").unlink()
    return "train.csv: no such file"


def spoil_dataset(folder: Path) -> str:
    edit(folder / "dataset.toml", "[64, 96]", "[64]")
    return "dataset.toml: image_shape is [64]"


SPOILERS = [value for name, value in sorted(globals().items()) if name.startswith("spoil_")]


@pytest.mark.parametrize("spoil", SPOILERS, ids=lambda spoil: spoil.__name__[6:])
def test_bad_input_ends_in_one_line_and_harms_nothing(
    spoil: Callable, command: Callable, small_input: Path, tiny_recipe: Path
) -> None:
    Path("submissions").mkdir()
    Path("submissions/submission.csv").write_text("an earlier result")
    expected = spoil(small_input)
    assert expected in the_line(command("run", tiny_recipe, "--input", small_input))
    assert Path("submissions/submission.csv").read_text() == "an earlier result"
    assert not list(Path().rglob(".severstal-*"))


@pytest.mark.parametrize("change", [lambda text: "\ufeff" + text, lambda text: text.replace("\n", "\r\n")])
def test_byte_order_marks_and_windows_line_ends_are_read(
    change: Callable, command: Callable, small_input: Path
) -> None:
    before = open_job("smoke", small_input).labels
    for name in ("train.csv", "sample_submission.csv", "test_labels.csv"):
        path = small_input / name
        path.write_bytes(change(path.read_text()).encode())
    job = open_job("smoke", small_input)
    pd.testing.assert_frame_equal(job.labels, before)
    assert job.sample.images == tuple(f"test0{k}.png" for k in range(4))
    assert pipeline.check_input(job)["masks"] == len(before)


@pytest.mark.parametrize(
    ("recipe", "expected"),
    [
        ("smok", "recipe 'smok' is unknown"),
        ("absent.toml", "absent.toml: no such recipe"),
        ("[data]\nfold = 3\n", "the nearest known one is 'data.folds'"),
        ("[training]\nepochs = -1\n", "training.epochs is -1: give 1 to 10000"),
        ('[model]\narchitecture = "unett"\nencoder_weights = "none"\n', "the nearest known one is 'unet'"),
        ('[model]\nencoder_name = "resnet19"\nencoder_weights = "none"\n', "resnet19"),
        ('[model]\nencoder_weights = "weights.pth"\n', "weights.pth"),
        ('[model]\nencoder_weights = "absent.safetensors"\n', "absent.safetensors"),
        ("[loss]\nmasks = {dise = 1.0}\n", "'dice'"),
    ],
)
def test_bad_recipes_end_in_one_line(
    recipe: str, expected: str, command: Callable, small_input: Path
) -> None:
    if "\n" in recipe:
        Path("mine.toml").write_text(recipe)
        recipe = "mine.toml"
    assert expected in the_line(command("run", recipe, "--input", small_input))


def test_missing_places_are_named(command: Callable, small_input: Path, tiny_recipe: Path) -> None:
    assert "nowhere: no such folder" in the_line(command("run", tiny_recipe, "--input", "nowhere"))
    assert "not a run" in the_line(command("predict", "nowhere"))
    assert "name it with --input" in the_line(command("check", "a.csv"))


def test_what_is_to_be_predicted_or_segmented_must_be_named(command: Callable) -> None:
    assert "no run is named: give" in the_line(command("predict"))
    assert "no picture is named: give" in the_line(command("segment", "runs/tiny-small", "--output", "out"))
    assert not list(Path().iterdir())


def test_a_name_cannot_leave_the_runs(command: Callable, small_input: Path, tiny_recipe: Path) -> None:
    for name in ("../elsewhere", "/tmp/elsewhere", ".."):
        assert "--name" in the_line(command("train", tiny_recipe, "--input", small_input, "--name", name))


def test_damaged_results_are_named(command: Callable, small_input: Path, tiny_recipe: Path) -> None:
    assert command("train", tiny_recipe, "--input", small_input)[0] == 0
    (Path("runs/tiny-small") / "recipe.toml").write_text("epochs = ")
    assert "recipe.toml: not TOML" in the_line(command("predict", "runs/tiny-small"))


@pytest.mark.slow
def test_results_emptied_by_hand_are_one_line_or_made_again(
    command: Callable, small_input: Path, tiny_recipe: Path
) -> None:
    assert command("run", tiny_recipe, "--input", small_input)[0] == 0
    run = Path("runs/tiny-small")
    for path in [run / "stages" / "rules.json", *Path("runs/pictures").rglob("pictures.json")]:
        path.write_text("{}")
    for name in ("state", "model", "last"):
        (run / "fold0" / f"{name}.safetensors").write_text("x")
    assert "fold0/model.safetensors was changed" in the_line(command("submit", run))
    assert command("run", tiny_recipe, "--input", small_input)[0] == 0
    assert command("submit", run)[0] == 0
    (run / "input.json").write_text("{}")
    assert "input.json: 'name' is missing" in the_line(command("submit", run))
    assert "input.json: 'name' is missing" in the_line(command("segment", run, "a.png", "--output", "out"))


def test_a_recipe_that_is_a_folder_is_one_line(command: Callable, small_input: Path) -> None:
    Path("d.toml").mkdir()
    assert "d.toml: cannot be read" in the_line(command("train", "d.toml", "--input", small_input))


def test_a_full_disk_is_one_line(
    command: Callable, small_input: Path, tiny_recipe: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert command("train", tiny_recipe, "--input", small_input)[0] == 0
    before = Path("runs/tiny-small/fold0/model.safetensors").read_bytes()

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    edit(tiny_recipe, "epochs = 2", "epochs = 3")
    line = the_line(command("train", tiny_recipe, "--input", small_input))
    assert line.endswith("the disk is full: free some space and run the same command again")
    assert Path("runs/tiny-small/fold0/model.safetensors").read_bytes() == before


def test_the_module_is_the_command() -> None:
    shown = subprocess.run(
        [sys.executable, "-m", "severstal", "--help"], capture_output=True, text=True, check=True
    )
    assert all(name in shown.stdout for name in COMMANDS)


@pytest.mark.parametrize(
    ("encoding", "words", "code"),
    [("cp932", ["--help"], 0), ("cp1252", ["doctor", "강판.csv"], 1), ("ascii", ["doctor", "강"], 2)],
)
def test_any_code_page_prints_help_and_names_of_any_script(
    encoding: str, words: list[str], code: int, tmp_path: Path
) -> None:
    rows = "ImageId,ClassId,EncodedPixels\nété-강.jpg,1,5 0\n"
    (tmp_path / "강판.csv").write_text(rows, encoding="utf-8")
    shown = subprocess.run(
        [sys.executable, "-m", "severstal", *words],
        capture_output=True,
        check=False,
        cwd=tmp_path,
        env={**os.environ, "PYTHONIOENCODING": encoding, "PYTHONUTF8": "1"},
    )
    assert shown.returncode == code
    assert b"Traceback" not in shown.stderr
    assert ("강".encode("ascii", "backslashreplace") in shown.stdout + shown.stderr) == (code > 0)
