"""A job: what is read from the input folder, and how the run folder is named and found again."""

import shutil
from pathlib import Path

import pytest
import torch

from severstal import pipeline
from severstal.data import build
from severstal.data.images import PictureFolder
from severstal.errors import SeverstalError
from severstal.pipeline import training
from severstal.runs import opening
from severstal.runs.environment import environment
from severstal.runs.opening import open_job, open_run


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SEVERSTAL_INPUT", raising=False)


def test_auto_is_smoke_without_a_gpu_and_baseline_with_one(
    small_input: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert open_job("auto", small_input).recipe.name == "smoke"
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda: "a GPU")
    assert open_job("auto", small_input).recipe.name == "baseline"


def test_without_an_input_the_sample_is_drawn(monkeypatch: pytest.MonkeyPatch, small_input: Path) -> None:
    drawn = []
    monkeypatch.setattr(opening, "draw_sample", lambda root: drawn.append(small_input.rename(root)))
    Path("input").mkdir()
    assert open_job("smoke").folder == Path("runs/smoke-sample")
    assert drawn == [Path("input/sample")]


def test_the_environment_names_an_input(small_input: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEVERSTAL_INPUT", str(small_input))
    assert open_job("smoke").data.root == small_input


def test_a_run_is_opened_again_by_its_folder(small_input: Path, tiny_recipe: Path) -> None:
    job = open_job(tiny_recipe, small_input, "mine")
    job.record()
    pipeline.prepare_folds(job)
    again = open_run("runs/mine")
    assert again.recipe == job.recipe
    assert again.labels.equals(job.labels)
    with pytest.raises(SeverstalError, match="not a run"):
        open_run("runs/other")


def test_a_clean_image_is_one_that_no_row_names(small_input: Path, tiny_recipe: Path) -> None:
    job = open_job(tiny_recipe, small_input)
    assert len(job.images) == 18
    assert job.masks.presence(job.images).any(1).sum() == 12


def test_a_test_image_of_the_sample_that_is_missing(small_input: Path, tiny_recipe: Path) -> None:
    (small_input / "test_images" / "test02.png").unlink()
    with pytest.raises(SeverstalError, match=r"image 3: test02\.png is not in .*: put it there, or take"):
        _ = open_job(tiny_recipe, small_input).sample


def test_the_environment_is_what_results_depend_on() -> None:
    facts = environment()
    assert facts["packages"]["torch"] == torch.__version__.split("+")[0]
    assert facts["cpus"] >= 1


def test_a_run_on_another_input_is_not_overwritten(small_input: Path, tiny_recipe: Path) -> None:
    open_job(tiny_recipe, small_input).record()
    other = Path("other/small")
    shutil.copytree(small_input, other)
    with pytest.raises(SeverstalError, match=r"holds a run on .*: give this one another name"):
        open_job(tiny_recipe, other)
    assert open_job(tiny_recipe, other, "mine").folder == Path("runs/mine")


def test_a_faulty_input_changes_nothing_of_an_earlier_run(small_input: Path, tiny_recipe: Path) -> None:
    job = pipeline.prepare(tiny_recipe, small_input)
    pipeline.prepare_folds(job)
    before = {path: path.read_bytes() for path in job.folder.rglob("*") if path.is_file()}
    (small_input / "train_images" / "train00.png").write_text("no picture")
    tiny_recipe.write_text(tiny_recipe.read_text().replace("epochs = 2", "epochs = 3"))
    with pytest.raises(SeverstalError, match="not a picture"):
        pipeline.prepare(tiny_recipe, small_input)
    assert {path: path.read_bytes() for path in job.folder.rglob("*") if path.is_file()} == before


def test_all_runs_share_the_decoded_pictures(
    small_input: Path, tiny_recipe: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = open_job(tiny_recipe, small_input, "whole").train_pictures
    monkeypatch.setattr(build, "decode_picture", lambda *_: pytest.fail("decoded again"))
    tiny_recipe.write_text(tiny_recipe.read_text().replace("[data]", "[data]\nmax_images = 8"))
    bounded = open_job(tiny_recipe, small_input, "bounded").train_pictures
    assert set(bounded.names) < set(whole.names)
    assert all((bounded.picture(name) == whole.picture(name)).all() for name in bounded.names)
    assert len(list(Path("runs/pictures").iterdir())) == 1


def test_where_the_disk_is_too_small_no_stage_sees_a_difference(
    small_input: Path, tiny_recipe: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipeline.train(open_job(tiny_recipe, small_input))
    shutil.rmtree("runs/pictures")
    monkeypatch.setattr(build.shutil, "disk_usage", lambda _: type("", (), {"free": 100}))
    monkeypatch.setattr(training, "fit", lambda *_: pytest.fail("trained again"))
    job = open_job(tiny_recipe, small_input)
    assert isinstance(job.train_pictures, PictureFolder)
    pipeline.train(job)
