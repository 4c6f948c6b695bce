"""Distillation: an ensemble of two tiny networks taught to a third, and what is refused."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from severstal import pipeline
from severstal.data.pseudo import load_labels
from severstal.errors import SeverstalError
from severstal.files import read_json
from severstal.inference.maps import MapReader
from severstal.pipeline import teacher as teacher_maps
from severstal.pipeline import training
from severstal.recipe import load_recipe
from severstal.recipe.switches import change
from severstal.runs.combining import open_runs
from severstal.runs.opening import open_run
from severstal.training.loader import FoldData


@pytest.fixture
def pair(copy_finished: Callable[[Path], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The ensemble of tiny-small and of a second run with other weights on the same folds."""
    monkeypatch.chdir(copy_finished(tmp_path))
    other = change(load_recipe("tiny.toml"), {"seed": 1, "data.fold_seed": 0, "training.epochs": 1})
    pipeline.train(pipeline.prepare(other, "small", "second"))
    ensemble = open_runs(["runs/tiny-small", "runs/second"], name="pair")
    pipeline.find_rules(ensemble)
    return ensemble.folder


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> list[tuple[FoldData, dict[str, np.ndarray]]]:
    """The data of each fold that is trained, with a copy of its maps, which are deleted at the end."""
    found = []
    whole = training.fit

    def watched(data: FoldData, *given: object) -> object:
        maps = {name: data.soft(name).copy() for name in data.train}
        found.append((data, maps))
        return whole(data, *given)

    monkeypatch.setattr(training, "fit", watched)
    return found


def test_a_student_learns_from_out_of_fold_maps_and_is_a_run(pair: Path, seen: list) -> None:
    student = change(load_recipe("tiny.toml"), {"distill.weight": 0.7, "distill.unlabelled": 0.25})
    trained = pipeline.distill(pair, student)
    job = trained.job
    assert job.folder.name == "tiny-distilled-small"
    assert load_recipe(job.files.recipe).distill.weight == 0.7

    ours = open_runs([pair])
    opened = pipeline.open_trained(ours)
    mean = pipeline.combine_oof(ours, [each.folds for each in opened], pipeline.predict_oof(opened)).maps
    rows = {name: row for row, name in enumerate(mean.names)}
    for fold, (data, maps) in enumerate(seen):
        assert set(data.train) == set(trained.folds.training(fold))
        assert not set(data.train) & set(data.held_out)
        for name, found in maps.items():
            np.testing.assert_array_equal(found, mean.full(rows[name]))
        assert set(data.pseudo.names) == set(job.sample.images)  # those without a mask as clean
        assert data.pseudo.soft(data.pseudo.names[0]).shape == (2, 64, 96)
    assert len(seen) == 2
    assert not job.files.teacher.exists()
    assert read_json(job.files.teacher_record)["teacher"] == "pair"

    found = pipeline.find_rules(job)[1]  # it is opened against its records, and tuned
    assert 0 <= found.pairs.score.score <= 1
    seen.clear()
    assert pipeline.distill(pair, student).checksums == trained.checksums
    assert not seen  # nothing is trained twice


def test_the_teacher_changes_the_weights(pair: Path) -> None:
    recipe = change(load_recipe("tiny.toml"), {"training.epochs": 1, "data.train_folds": 1})
    little, much = (
        pipeline.distill(pair, change(recipe, {"distill.weight": weight}), name=name)
        for weight, name in ((0.1, "little"), (0.9, "much"))
    )
    assert little.checksums != much.checksums


def test_other_folds_are_refused(pair: Path) -> None:
    student = change(load_recipe("tiny.toml"), {"data.fold_seed": 7})
    with pytest.raises(SeverstalError, match=r"train\d+.png is in fold \d, and in fold \d of .*pair|small"):
        pipeline.distill(pair, student)
    assert not Path("runs/tiny-distilled-small/fold0").exists()


def test_a_teacher_of_some_folds_or_images_is_refused(
    copy_finished: Callable[[Path], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(copy_finished(tmp_path))
    recipe = load_recipe("tiny.toml")
    partial = change(recipe, {"data.train_folds": 1, "training.epochs": 1})
    pipeline.train(pipeline.prepare(partial, "small", "partial"))
    with pytest.raises(SeverstalError, match=r"no out-of-fold map of .* train all of its folds"):
        pipeline.distill("runs/partial", recipe)
    fewer = change(recipe, {"data.max_images": 12, "training.epochs": 1})
    pipeline.train(pipeline.prepare(fewer, "small", "fewer"))
    with pytest.raises(SeverstalError, match=r"not among the 9 images .* set data.max_images = 12"):
        pipeline.distill("runs/fewer", recipe)


def test_what_is_no_teacher_is_refused(pair: Path, tmp_path: Path) -> None:
    with pytest.raises(SeverstalError, match="members: distill into a recipe of one network"):
        pipeline.distill(pair, "laptop_ensemble")
    with pytest.raises(SeverstalError, match="not a run"):
        pipeline.distill(tmp_path / "nowhere", "tiny.toml")
    Path("runs/second/fold0/model.safetensors").unlink()
    with pytest.raises(SeverstalError, match="second"):
        pipeline.distill(pair, "tiny.toml")


def test_training_without_the_teacher_s_maps_is_refused(pair: Path) -> None:
    student = change(load_recipe("tiny.toml"), {"distill.weight": 0.5})
    with pytest.raises(SeverstalError, match=r"teacher.json is not there: train it by `severstal distill"):
        pipeline.train(pipeline.prepare(student, "small", "alone"))
    trained = pipeline.distill(pair, student)
    job = open_run(trained.job.folder)
    with pytest.raises(SeverstalError, match="the teacher's maps are missing or unfinished"):
        teacher_maps.with_teacher(FoldData(job.train_pictures, job.masks, job.spec, [], []), job, 0)


def test_copies_of_held_out_pictures_are_not_taught(
    copy_finished: Callable[[Path], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(copy_finished(tmp_path))
    job = open_run("runs/tiny-small")
    maps = MapReader(job.files.test)
    job = pipeline.prepare(
        change(job.recipe, {"distill.weight": 0.5, "distill.unlabelled": 0.5}), "small", "student"
    )
    teacher_maps.write_teacher_maps(job, "oof", MapReader("runs/tiny-small/oof"), job.images)
    teacher_maps.write_teacher_maps(job, "test", maps, job.sample.images)
    test = job.test_pictures
    data = FoldData(job.train_pictures, job.masks, job.spec, job.images[1:], job.images[:1])
    monkeypatch.setattr(teacher_maps, "label_rows", lambda name, masks: [(name, 1, "1 5")])
    assert teacher_maps.with_teacher(data, job, 0).pseudo.names == tuple(job.sample.images)
    shown = job.train_pictures.picture(job.images[0])
    whole = type(test).picture
    monkeypatch.setattr(
        type(test), "picture", lambda self, name: shown if name == "test00.png" else whole(self, name)
    )
    assert "test00.png" not in teacher_maps.with_teacher(data, job, 1).pseudo.names
    assert load_labels(job.files.teacher / "fold1.csv", test, job.spec).names
