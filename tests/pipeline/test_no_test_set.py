"""Training, tuning and scoring need no test set: neither pictures nor a sample submission."""

import shutil
from pathlib import Path

import pytest

from severstal.cli import main


def call(*words: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(list(words))
    return ended.value.code or 0


def test_a_run_without_a_test_set_is_trained_tuned_and_scored(
    small_input: Path,
    tiny_recipe: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture,
) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.rmtree(small_input / "test_images")
    (small_input / "sample_submission.csv").unlink()
    (small_input / "test_labels.csv").unlink()
    assert call("train", str(tiny_recipe), "--input", str(small_input), "--name", "mine") == 0
    assert call("tune", "runs/mine") == 0
    assert call("score", "runs/mine") == 0
    assert "mine: out of fold, cross-fitted" in capsys.readouterr().out
    assert call("submit", "runs/mine", "--output", "mine.csv") == 2
    assert "holds no picture to segment" in capsys.readouterr().err
    assert not Path("mine.csv").exists()


def test_an_input_folder_of_any_name_has_a_run(
    small_input: Path, tiny_recipe: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    spaced = small_input.rename(tmp_path / "my données (2)")
    assert call("train", str(tiny_recipe), "--input", str(spaced)) == 0
    assert Path("runs/tiny-my-données-2").is_dir()
