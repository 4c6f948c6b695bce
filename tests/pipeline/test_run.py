"""The whole job on a small data set: what it leaves, what it skips, what a break costs."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.torch import load_file

from severstal import pipeline
from severstal.competition.masks import Masks
from severstal.competition.metric import class_areas, score_pairs
from severstal.competition.submission import check_submission
from severstal.competition.tables import read_submission
from severstal.decision.draw import apply
from severstal.decision.rules import Rules
from severstal.errors import SeverstalError
from severstal.inference.maps import MapReader
from severstal.models.from_recipe import load_network
from severstal.notebooks import run_all
from severstal.recipe import load_recipe, save_recipe
from severstal.runs.job import Job
from severstal.runs.opening import open_job


@pytest.fixture
def job(small_input: Path, tiny_recipe: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Job:
    monkeypatch.chdir(tmp_path)
    return open_job(tiny_recipe, small_input)


@pytest.fixture
def finished(job: Job, tiny_recipe: Path, small_input: Path) -> Job:
    """A finished run of the test's own, to change."""
    pipeline.run(tiny_recipe, small_input)
    return job


@pytest.fixture
def shared(finished_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Job:
    """A finished run that other tests look at too."""
    monkeypatch.chdir(finished_folder)
    return open_job("tiny.toml", finished_folder / "small")


def stamps(job: Job) -> dict[str, int]:
    return {str(path): path.stat().st_mtime_ns for path in sorted(job.folder.rglob("*")) if path.is_file()}


def test_the_run_folder_holds_all_that_was_promised(shared: Job) -> None:
    assert shared.folder == Path("runs/tiny-small")
    for name in (
        "recipe.toml",
        "environment.json",
        "folds.csv",
        "fold0/model.safetensors",
        "fold0/last.safetensors",
        "fold1/history.jsonl",
        "oof/maps.json",
        "test/maps.json",
        "rules.json",
        "oof/pairs.csv",
        "oof/masks.csv",
        "scorecard.json",
        "scorecard.html",
        "submission.csv",
    ):
        assert (shared.folder / name).is_file(), name
    assert load_recipe(shared.folder / "recipe.toml") == shared.recipe
    history = (shared.folder / "fold1" / "history.jsonl").read_text().splitlines()
    assert [json.loads(line)["epoch"] for line in history] == [1, 2]


def test_the_submission_passes_the_checker(shared: Job) -> None:
    assert check_submission(pipeline.SUBMISSION, shared.sample, shared.spec) == []
    assert pipeline.SUBMISSION.read_bytes() == (shared.folder / "submission.csv").read_bytes()


def test_the_submission_is_rules_on_test_maps(shared: Job) -> None:
    maps = MapReader(shared.folder / "test")
    rules = Rules.load(shared.folder / "rules.json", shared.spec)
    table = read_submission(pipeline.SUBMISSION, shared.spec)
    assert len(table)
    drawn = Masks(table, shared.spec)
    for index, name in enumerate(maps.names):
        bits = apply(maps.full(index), rules, shared.spec, maps.class_probability[index])
        assert np.array_equal(drawn[name], bits)


def test_test_maps_are_the_mean_of_folds_and_flips(shared: Job) -> None:
    maps = MapReader(shared.folder / "test")
    views = []
    for fold in (0, 1):
        network = load_network(shared.recipe, shared.spec, shared.weights(fold))
        picture = pipeline_input(shared, maps.names[0])
        with torch.inference_mode():
            views += [network(picture).masks.sigmoid(), network(picture.flip(-1)).masks.sigmoid().flip(-1)]
    expected = torch.stack(views).mean(0)[0].numpy() * 255
    assert np.abs(maps[0].astype(float) - expected).max() <= 0.51


def pipeline_input(job: Job, name: str) -> torch.Tensor:
    from severstal.data.inputs import to_inputs

    return to_inputs(job.test_pictures.picture(name)[None], job.recipe.data, "cpu")


def test_each_oof_map_comes_from_the_network_that_never_saw_the_image(shared: Job) -> None:
    from severstal.data.inputs import to_inputs

    maps = MapReader(shared.folder / "oof")
    assert sorted(maps.names) == sorted(shared.images)
    folds = pipeline.open_folds(shared).fold_of
    networks = [load_network(shared.recipe, shared.spec, shared.weights(k)) for k in (0, 1)]
    for index, name in enumerate(maps.names[:6]):
        picture = to_inputs(shared.train_pictures.picture(name)[None], shared.recipe.data, "cpu")
        with torch.inference_mode():
            views = [
                (net(picture).masks.sigmoid() + net(picture.flip(-1)).masks.sigmoid().flip(-1))[0] / 2
                for net in networks
            ]
        apart = [np.abs(maps[index] - view.numpy() * 255).max() for view in views]
        assert apart[folds[name]] <= 0.51
        assert apart[1 - folds[name]] > 0.51


def test_the_scorecard_scores_what_it_says(shared: Job) -> None:
    card = json.loads((shared.folder / "scorecard.json").read_text())
    submitted = Masks(read_submission(pipeline.SUBMISSION, shared.spec), shared.spec)
    truth = Masks(shared.truth, shared.spec)
    areas = [class_areas(submitted[name], truth[name], 2) for name in shared.sample.images]
    score = score_pairs(*np.moveaxis(np.array(areas), 1, 0), shared.spec)
    assert card["test"]["score"] == pytest.approx(score.score)
    found = pipeline.find_rules(shared)[1]
    oof = Masks(found.masks, shared.spec)
    areas = [class_areas(oof[name], shared.masks[name], 2) for name in shared.images]
    score = score_pairs(*np.moveaxis(np.array(areas), 1, 0), shared.spec)
    assert card["oof"]["score"] == pytest.approx(score.score)
    assert found.pairs.score.score == pytest.approx(score.score)


def test_each_oof_mask_comes_from_rules_that_never_saw_the_image(shared: Job) -> None:
    maps = MapReader(shared.folder / "oof")
    _, found = pipeline.find_rules(shared)
    folds = pipeline.open_folds(shared).fold_of
    oof = Masks(found.masks, shared.spec)
    for index, name in enumerate(maps.names):
        rules = found.fitted.rules[folds[name]]
        bits = apply(maps.full(index), rules, shared.spec, maps.class_probability[index])
        assert np.array_equal(oof[name], bits)


def test_a_second_run_does_nothing_again(finished: Job, small_input: Path, tiny_recipe: Path) -> None:
    before = stamps(finished)
    pipeline.run(tiny_recipe, small_input)
    assert stamps(finished) == before


def test_a_lost_file_is_made_again_and_nothing_before_it(
    finished: Job, small_input: Path, tiny_recipe: Path
) -> None:
    before = stamps(finished)
    expected = (finished.folder / "submission.csv").read_bytes()
    (finished.folder / "test" / "maps-00000.npy").unlink()
    pipeline.run(tiny_recipe, small_input)
    after = stamps(finished)
    for name in ("fold0/model.safetensors", "fold1/model.safetensors", "oof/maps.json", "rules.json"):
        path = str(finished.folder / name)
        assert before[path] == after[path], name
    assert (finished.folder / "submission.csv").read_bytes() == expected


@pytest.mark.slow
def test_a_corrected_label_is_trained_again(finished: Job, small_input: Path, tiny_recipe: Path) -> None:
    before = stamps(finished)
    table = pd.read_csv(small_input / "train.csv")
    table.iloc[1:].to_csv(small_input / "train.csv", index=False)
    pipeline.run(tiny_recipe, small_input)
    path = str(finished.folder / "fold0" / "model.safetensors")
    assert stamps(finished)[path] != before[path]


@pytest.mark.slow
def test_other_rules_of_drawing_need_no_training(finished: Job, small_input: Path, tiny_recipe: Path) -> None:
    before = stamps(finished)
    tiny_recipe.write_text(tiny_recipe.read_text().replace('["none", "horizontal"]', '["none"]'))
    pipeline.run(tiny_recipe, small_input)
    after = stamps(finished)
    weights, maps = (str(finished.folder / name) for name in ("fold0/model.safetensors", "test/maps.json"))
    assert before[weights] == after[weights]
    assert before[maps] != after[maps]


@pytest.mark.slow
def test_two_runs_are_identical(job: Job, small_input: Path, tiny_recipe: Path) -> None:
    pipeline.run(tiny_recipe, small_input, name="one", output="one.csv")
    pipeline.run(tiny_recipe, small_input, name="two", output="two.csv")
    for fold in (0, 1):
        one, two = (load_file(f"runs/{name}/fold{fold}/last.safetensors") for name in ("one", "two"))
        assert all(torch.equal(one[key], two[key]) for key in one)
    assert Path("one.csv").read_bytes() == Path("two.csv").read_bytes()


@pytest.mark.slow
def test_a_bounded_recipe_uses_some_and_predicts_all(job: Job, small_input: Path, tiny_recipe: Path) -> None:
    tiny_recipe.write_text(tiny_recipe.read_text().replace("[data]", "[data]\nmax_images = 8"))
    pipeline.run(tiny_recipe, small_input, name="bounded")
    assert len(MapReader("runs/bounded/oof")) == 6  # a stratified third of 18
    assert len(MapReader("runs/bounded/test")) == 4


@pytest.mark.slow
def test_overfit_learns_its_batch_by_heart(job: Job, small_input: Path, tmp_path: Path) -> None:
    recipe = load_recipe("overfit")
    save_recipe(recipe, tmp_path / "overfit.toml")
    job = open_job(tmp_path / "overfit.toml", small_input)
    history = pipeline.train(job)[0].histories[0]
    assert history[-1]["loss"] < 0.3 * history[0]["loss"]
    assert history[-1]["dice_on_defects"] > 0.8


SCRIPT = """
import sys
from severstal import pipeline
arm()
pipeline.run(sys.argv[1], sys.argv[2], name=sys.argv[3], output=sys.argv[3] + ".csv")
"""


@pytest.mark.slow
def test_a_run_killed_anywhere_resumes_to_the_same_result(
    job: Job, small_input: Path, tiny_recipe: Path, run_and_kill: Callable[..., None]
) -> None:
    """SIGKILL at moments spread over the run; the same command then ends with the same bytes."""
    tiny_recipe.write_text(tiny_recipe.read_text().replace("epochs = 2", "epochs = 4"))
    run_and_kill(SCRIPT, tiny_recipe, small_input, whole="whole", broken="broken", kills=6)
    for fold in (0, 1):
        whole, broken = (
            load_file(f"runs/{name}/fold{fold}/model.safetensors") for name in ("whole", "broken")
        )
        assert all(torch.equal(whole[key], broken[key]) for key in whole)
    assert Path("whole.csv").read_bytes() == Path("broken.csv").read_bytes()


@pytest.mark.parametrize("name", ["mine.json", "leaderboard.csv"])
def test_an_invalid_output_is_refused_before_any_work(
    job: Job, small_input: Path, tiny_recipe: Path, name: str
) -> None:
    for command in (pipeline.run, run_all):
        with pytest.raises(SeverstalError, match=rf"out/{name}: "):
            command(str(tiny_recipe), small_input, f"out/{name}")
    assert not Path("runs").exists()
    assert not Path("out").exists()


@pytest.mark.slow
def test_kaggle_s_2019_tables_run_too(job: Job, small_input: Path, tiny_recipe: Path) -> None:
    table = pd.read_csv(small_input / "train.csv")
    runs = {(row.ImageId, row.ClassId): row.EncodedPixels for row in table.itertuples()}
    names = sorted(os.listdir(small_input / "train_images"))
    old = [(f"{name}_{k}", runs.get((name, k), "")) for name in names for k in (1, 2)]
    columns = ["ImageId_ClassId", "EncodedPixels"]
    pd.DataFrame(old, columns=columns).to_csv(small_input / "train.csv", index=False)
    tests = [(f"test{index:02d}.png_{k}", "1 1") for index in range(4) for k in (1, 2)]
    pd.DataFrame(tests, columns=columns).to_csv(small_input / "sample_submission.csv", index=False)
    pipeline.run(tiny_recipe, small_input, name="old")
    written = pd.read_csv(pipeline.SUBMISSION, keep_default_na=False)
    assert list(written.columns) == columns
    assert written["ImageId_ClassId"].tolist() == [name for name, _ in tests]
    shutil.rmtree("runs/old")
