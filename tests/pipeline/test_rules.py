"""The rules of a run: searched once, never overwritten, and judged by the masks that they draw."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from severstal import pipeline
from severstal.cli import main
from severstal.competition.metric import pair_dice
from severstal.decision.objective import weighted_mean
from severstal.errors import SeverstalError
from severstal.pipeline import rules as module
from severstal.recipe.switches import change
from severstal.runs.job import Job
from severstal.runs.opening import open_job


@pytest.fixture
def job(copy_finished: Callable[[Path], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Job:
    """A finished run of the test's own."""
    folder = copy_finished(tmp_path / "finished")
    monkeypatch.chdir(folder)
    return open_job("tiny.toml", folder / "small")


def test_rules_changed_by_hand_are_not_overwritten(job: Job, tmp_path: Path) -> None:
    path = job.folder / "rules.json"
    kept = path.read_text()
    path.write_text(kept.replace('"bright"', '"dim"'))
    with pytest.raises(SeverstalError, match=r"rules\.json: changed since it was searched: set \[deci"):
        pipeline.find_rules(job)
    with pytest.raises(SystemExit, match="2"):
        main(["submit", str(job.folder), "--output", str(tmp_path / "a.csv")])
    assert '"dim"' in path.read_text()
    assert not (tmp_path / "a.csv").exists()
    path.unlink()
    pipeline.find_rules(job)
    assert path.read_text() == kept


def test_a_class_without_an_image_is_logged_and_does_not_stop(
    small_input: Path,
    tiny_recipe: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.chdir(tmp_path)
    table = pd.read_csv(small_input / "train.csv")
    table[table.ClassId == 1].to_csv(small_input / "train.csv", index=False)
    pipeline.prepare(tiny_recipe, small_input)
    [told] = [record for record in caplog.records if record.levelname == "WARNING"]
    assert "train.csv: no image in use has class 2, dark: it is never drawn" in told.getMessage()
    table[:0].to_csv(small_input / "train.csv", index=False)
    with pytest.raises(SeverstalError, match=r"train\.csv: no image in use has a defect"):
        pipeline.prepare(tiny_recipe, small_input)


@pytest.mark.parametrize("choice", ["flattest", "best", "plain"])
def test_a_class_that_no_image_has_is_never_drawn(
    job: Job, monkeypatch: pytest.MonkeyPatch, choice: str
) -> None:
    """Its maps reach 0.5 here, as those of an untrained channel may."""
    summarised = pipeline.summarise_run(job, pipeline.open_trained(job))
    summary = summarised.summary
    true, inside = summary.true.copy(), summary.intersections.copy()
    true[:, 1], inside[:, 1] = 0, 0
    without = replace(summarised)
    without.__dict__["summary"] = replace(summary, true=true, intersections=inside)
    assert (summary.areas[:, 1, 128] > 0).any()
    found = module.explore_rules(without, choice)
    assert found.fitted.result.rules.rules[1].is_never_drawn(job.spec)
    assert all(rules.rules[1].is_never_drawn(job.spec) for rules in found.fitted.rules.values())
    assert not (found.table["ClassId"] == 2).any()
    assert "dark: no labelled image has this class: it is never drawn" in found.fitted.result.notes


def test_the_weighted_score_is_that_of_the_masks_drawn(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    by_hand = replace(job, recipe=change(job.recipe, {"decision.min_component": 300}))
    weights = np.arange(len(job.images)) + 1.0
    monkeypatch.setattr(module, "_image_weights", lambda settings, folds: weights)
    trained = pipeline.open_trained(job)
    fitted = pipeline.explore_rules(pipeline.summarise_run(by_hand, trained)).fitted
    dice = pair_dice(fitted.intersection, fitted.predicted, fitted.true)
    assert fitted.weighted.found == pytest.approx(weighted_mean(dice, weights))


def test_plain_rules_say_nothing_of_a_search(
    job: Job, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    notes = ["bright: a note"]
    explore = module.explore_rules

    def noting(*arguments) -> module.Explored:
        found = explore(*arguments)
        result = replace(found.fitted.result, notes=notes)
        return replace(found, fitted=replace(found.fitted, result=result))

    monkeypatch.setattr(module, "explore_rules", noting)
    for choice, logged in (("best", True), ("plain", False)):
        (job.folder / "stages" / "rules.json").unlink()
        caplog.clear()
        pipeline.find_rules(replace(job, recipe=change(job.recipe, {"decision.choice": choice})))
        assert (notes[0] in caplog.text) == logged
    (job.folder / "stages" / "rules.json").unlink()
    pipeline.find_rules(job)


@pytest.mark.slow
def test_rules_with_a_crf_are_explained(job: Job, capsys: pytest.CaptureFixture) -> None:
    text = Path("tiny.toml").read_text() + "\n[decision]\ncrf = 1\n"
    Path("refined.toml").write_text(text)
    other = open_job("refined.toml", Path("small").resolve())
    pipeline.train(pipeline.prepare("refined.toml", Path("small").resolve()))
    with pytest.raises(SystemExit) as ended:
        main(["tune", str(other.folder), "--explain"])
    assert not ended.value.code
    output = capsys.readouterr().out
    assert "from refine on as the maps are drawn" in output
    assert "refine" in output.split("worth")[-1]


def test_the_environment_of_a_training_is_not_overwritten(job: Job) -> None:
    path = job.folder / "environment.json"
    kept = path.read_text()
    path.write_text("{}")
    pipeline.prepare_folds(job)
    pipeline.find_rules(job)
    assert path.read_text() == "{}"
    path.write_text(kept)
