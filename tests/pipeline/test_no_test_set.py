"""Training, tuning and scoring need no test set: neither pictures nor a sample submission."""

import shutil
from pathlib import Path

import nbformat
import pandas as pd
import pytest

from severstal import pipeline
from severstal.cli import main
from severstal.notebooks import NOTEBOOKS


def call(*words: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(list(words))
    return ended.value.code or 0


@pytest.fixture
def bare_input(small_input: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An input folder without a test set, with pictures of one of its two classes."""
    monkeypatch.chdir(tmp_path)
    shutil.rmtree(small_input / "test_images")
    (small_input / "sample_submission.csv").unlink()
    (small_input / "test_labels.csv").unlink()
    table = pd.read_csv(small_input / "train.csv")
    table[table["ClassId"] == 1].to_csv(small_input / "train.csv", index=False)
    return small_input


def test_a_run_without_a_test_set_is_trained_tuned_and_scored(
    bare_input: Path, tiny_recipe: Path, capsys: pytest.CaptureFixture
) -> None:
    truth = bare_input / "train.csv"
    assert call("train", str(tiny_recipe), "--input", str(bare_input), "--name", "mine") == 0
    assert "no image in use has class 2, dark: it is never drawn" in capsys.readouterr().err
    assert call("predict", "runs/mine") == 0
    assert "there are no test pictures" in capsys.readouterr().out
    assert call("tune", "runs/mine", "--explain") == 0
    assert "dark: never drawn" in capsys.readouterr().out
    assert call("score", "runs/mine", "--html", "card.html") == 0
    assert "mine: out of fold, cross-fitted" in capsys.readouterr().out
    assert call("metrics", "runs/mine") == 0
    masks = ("runs/mine/oof/masks.csv", "--truth", str(truth), "--input", str(bare_input))
    assert call("score", *masks) == 0
    assert "all 18 train images" in capsys.readouterr().out
    assert call("diff", masks[0], str(truth), "--input", str(bare_input)) in (0, 1)
    assert call("submit", "runs/mine", "--output", "mine.csv") == 2
    assert "holds no picture to segment" in capsys.readouterr().err
    assert not Path("mine.csv").exists()
    assert call("check", masks[0], "--input", str(bare_input)) == 2
    assert "holds no picture to segment" in capsys.readouterr().err


@pytest.mark.slow
def test_the_notebooks_show_a_data_set_without_a_test_set(bare_input: Path, tiny_recipe: Path) -> None:
    pipeline.train(pipeline.prepare(tiny_recipe, bare_input))
    for name in ("01_eda", "02_folds", "03_train", "04_thresholds", "06_errors"):
        notebook = nbformat.read(NOTEBOOKS / f"{name}.ipynb", as_version=4)
        cells = [cell for cell in notebook.cells if cell.cell_type == "code" and "%pip" not in cell.source]
        known: dict[str, object] = {}
        for cell in cells:
            exec(compile(cell.source, name, "exec"), known)
            if "parameters" in cell.metadata.get("tags", []):
                known.update(recipe=str(tiny_recipe), input_folder=str(bare_input))


def test_test_pictures_alone_are_segmented(
    small_input: Path, tiny_recipe: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (small_input / "sample_submission.csv").unlink()
    assert call("run", str(tiny_recipe), "--input", str(small_input), "--output", "mine.csv") == 0
    assert len(pd.read_csv("mine.csv")["ImageId"].unique()) == 4
    assert call("check", "mine.csv", "--input", str(small_input)) == 0


def test_an_input_folder_of_any_name_has_a_run(
    small_input: Path, tiny_recipe: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    spaced = small_input.rename(tmp_path / "my données (2)")
    assert call("train", str(tiny_recipe), "--input", str(spaced)) == 0
    assert Path("runs/tiny-my-données-2").is_dir()
