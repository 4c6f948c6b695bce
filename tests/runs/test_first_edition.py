"""Runs of the first edition (commit e37e563) are still read, scored and submitted, and never retrained."""

import hashlib
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import severstal
from severstal import pipeline
from severstal.cli import main
from severstal.files import read_json
from severstal.pipeline import training
from severstal.runs.combining import open_runs
from severstal.runs.listing import list_runs, load_scored

EARLIER = Path(__file__).parents[1] / "fixtures" / "first_edition"
RUNS = ("first-small", "second-small", "strong-small")


@pytest.fixture(autouse=True)
def here(small_input: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The runs in a folder of their own, on the input that they were made on; training is out of reach."""
    shutil.copytree(EARLIER / "runs", tmp_path / "runs")
    for path in (tmp_path / "runs").glob("*/input.json"):
        path.write_text(path.read_text().replace("INPUT", small_input.as_posix()))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(training, "fit", lambda *_: pytest.fail("trained"))
    return tmp_path


def call(*words: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(list(words))
    return ended.value.code or 0


def weights() -> dict[str, str]:
    return {
        path.as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(Path("runs").rglob("*.safetensors"))
    }


def test_earlier_runs_are_listed_with_their_scores() -> None:
    rows = {row.name: row for row in list_runs().runs}
    assert set(rows) == {*RUNS, "even", "both"}
    assert {rows[name].score_of for name in (*RUNS, "even")} == {"out of fold"}
    assert rows["even"].members == rows["both"].members == ("first-small", "second-small")
    for name in RUNS:
        then = read_json(EARLIER / "runs" / name / "scorecard.json")["oof"]["score"]
        assert rows[name].score == pytest.approx(then)
        assert load_scored(Path("runs", name)).score.score == pytest.approx(then)


@pytest.mark.parametrize("run", RUNS)
def test_earlier_runs_give_the_same_submission_byte_for_byte(run: str, capsys: pytest.CaptureFixture) -> None:
    before = weights()
    assert call("score", f"runs/{run}") == 0
    assert f"{run}: out of fold, cross-fitted" in capsys.readouterr().out
    for part in ("oof", "test"):
        then, now = (
            read_json(root / "runs" / run / "scorecard.json")[part]["score"] for root in (EARLIER, Path())
        )
        assert now == pytest.approx(then, abs=1e-12)
    assert call("submit", f"runs/{run}", "--output", "again.csv") == 0
    assert Path("again.csv").read_bytes() == (EARLIER / f"{run.removesuffix('-small')}.csv").read_bytes()
    assert call("tune", f"runs/{run}") == 0
    assert weights() == before


def test_the_mean_of_earlier_runs_is_scored_and_submitted() -> None:
    """By rules searched again: a class whose gain is not significant is no longer drawn."""
    before = weights()
    assert call("submit", "runs/even", "--output", "again.csv") == 0
    assert {row.name: row.score_of for row in list_runs().runs}["even"] == "out of fold"
    assert weights() == before


def test_weights_selected_on_all_folds_are_selected_again_without_each(capsys: pytest.CaptureFixture) -> None:
    before = weights()
    assert {row.name: row.score_of for row in list_runs().runs}["both"] is None  # it was judged by a leak
    assert call("submit", "runs/both", "--output", "again.csv") == 0
    assert {row.name: row.score_of for row in list_runs().runs}["both"] == "out of fold"
    assert len(read_json("runs/both/combiner.json")["weights"]) == 2
    assert weights() == before


def test_maps_predicted_again_are_unchanged() -> None:
    shutil.rmtree("runs/second-small/oof")
    shutil.rmtree("runs/second-small/test")
    trained, found = pipeline.find_rules(open_runs(["runs/second-small"]))
    then = np.load(EARLIER / "runs" / "second-small" / "oof" / "maps-00000.npy").astype(int)
    now = np.stack([found.oof.maps[index] for index in range(len(then))]).astype(int)
    assert np.abs(now - then).max() <= 1  # another machine may round otherwise
    masks = pipeline.segment_test(found, trained)
    assert len(masks.table) == len(pd.read_csv(EARLIER / "second.csv").dropna())


def test_a_finished_run_is_not_trained_again(small_input: Path) -> None:
    before = weights()
    pipeline.run("runs/first-small/recipe.toml", small_input, "again.csv", "first-small")
    assert weights() == before


def test_earlier_runs_segment_pictures(small_input: Path) -> None:
    result = severstal.load("runs/second-small")(small_input / "test_images" / "test02.png")
    assert result.mask.shape == (64, 96)
