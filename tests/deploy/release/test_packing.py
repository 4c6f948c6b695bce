"""A release answers as its run does, where neither the run nor its data is, and tells no secrets."""

import shutil
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

import severstal
from severstal.competition.spec import read_spec
from severstal.data.pictures import read_picture
from severstal.deploy.opening import open_model
from severstal.deploy.release.packing import pack_release
from severstal.errors import SeverstalError
from severstal.models.checkpoint import read_tensors, write_tensors
from severstal.pipeline import find_rules
from severstal.recipe import load_recipe, save_recipe
from severstal.runs.combining import open_runs

RUN = "runs/tiny-small"


def pictures(work: Path) -> list[np.ndarray]:
    return [
        read_picture(path, read_spec(work / "small"))
        for path in sorted((work / "small/test_images").iterdir())
    ]


def test_a_release_answers_as_its_run(work: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    some = pictures(work)
    run = open_model(RUN, "cpu")
    before = [run.probabilities(picture[None]) for picture in some]
    pack_release([RUN], tmp_path / "elsewhere" / "release")
    shutil.rmtree(work)
    monkeypatch.chdir(tmp_path / "elsewhere")
    release = open_model("release", "cpu")
    assert release.description == run.description
    for picture, said in zip(some, before, strict=True):
        for ours, theirs in zip(release.probabilities(picture[None]), said, strict=True):
            assert (ours == theirs).all()


def test_an_ensemble_is_found_by_its_members(work: Path, tmp_path: Path) -> None:
    shutil.copytree(RUN, "runs/second")
    with pytest.raises(SeverstalError, match="no tuned ensemble of these runs lies beside them"):
        pack_release([RUN, "runs/second"], tmp_path / "release")
    assert not (tmp_path / "release").exists()
    find_rules(open_runs([RUN, "runs/second"], weights=(3.0, 1.0), name="both"))
    packed = pack_release(["runs/second", RUN], tmp_path / "release")
    assert packed.networks == 4
    shutil.move("runs", "gone")
    ensemble, release = open_model("gone/both", "cpu"), open_model(tmp_path / "release", "cpu")
    assert [member.name for member in release.description.members] == ["tiny-small", "second"]
    for picture in pictures(work):
        for ours, theirs in zip(
            release.probabilities(picture[None]), ensemble.probabilities(picture[None]), strict=True
        ):
            assert (ours == theirs).all()


def test_no_path_and_no_picture_is_in_a_release(work: Path, tmp_path: Path) -> None:
    recipe = load_recipe(Path(RUN, "recipe.toml"))
    encoder, folds = (tmp_path / "secret-folder" / name for name in ("encoder.safetensors", "folds.csv"))
    recipe = replace(recipe, data=replace(recipe.data, folds_file=str(folds)))
    save_recipe(
        replace(recipe, model=replace(recipe.model, encoder_weights=str(encoder))), Path(RUN, "recipe.toml")
    )
    pack_release([RUN], tmp_path / "release")
    shown = [str(tmp_path), str(work), str(Path.home()), "secret-folder", "test00.png", "train00.png"]
    samples = [path.read_bytes()[200:264] for path in (work / "small").rglob("*.png")]
    for path in (tmp_path / "release").iterdir():
        data = path.read_bytes()
        assert not [text for text in shown if text.encode() in data], path
        assert not any(sample in data for sample in samples), path
        assert cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED) is None, path


def test_fp16_halves_the_weights_and_states_the_change(work: Path, tmp_path: Path) -> None:
    whole = pack_release([RUN], tmp_path / "whole")
    half = pack_release([RUN], tmp_path / "half", fp16=True)
    assert half.size < 0.6 * whole.size
    assert whole.fp16 is None
    assert half.fp16.pictures == 4
    assert str(half.fp16) in (tmp_path / "half" / "README.md").read_text()
    first, second = (open_model(tmp_path / name, "cpu") for name in ("whole", "half"))
    assert first.description.key != second.description.key
    picture = pictures(work)[0][None]
    apart = np.abs(first.probabilities(picture).maps.astype(int) - second.probabilities(picture).maps)
    assert apart.max() <= 3
    assert {parameter.dtype for parameter in second.members[0].networks[0].parameters()} == {torch.float32}


def test_without_pictures_the_change_is_reported_to_be_unknown(work: Path, tmp_path: Path) -> None:
    shutil.rmtree("small")
    assert pack_release([RUN], tmp_path / "half", fp16=True).fp16 is None
    assert "not measured, as no pictures were at hand" in (tmp_path / "half" / "README.md").read_text()


def test_weights_beyond_fp16_are_refused(work: Path, tmp_path: Path) -> None:
    path = Path(RUN, "fold0/model.safetensors")
    tensors, metadata = read_tensors(path)
    name = next(name for name, tensor in tensors.items() if tensor.is_floating_point())
    tensors[name] = torch.full_like(tensors[name], 1e5)
    write_tensors(tensors, path, metadata)
    with pytest.raises(SeverstalError, match="exceeds the range of fp16: leave out --fp16"):
        pack_release([RUN], tmp_path / "release", fp16=True)
    assert not (tmp_path / "release").exists()


def test_a_folder_with_something_in_it_is_refused(work: Path, tmp_path: Path) -> None:
    (tmp_path / "release").mkdir()
    (tmp_path / "release" / "mine.txt").touch()
    with pytest.raises(SeverstalError, match="holds something already"):
        pack_release([RUN], tmp_path / "release")


def test_pictures_of_another_data_set_are_refused(work: Path, tmp_path: Path) -> None:
    toml = Path("small/dataset.toml")
    toml.write_text(toml.read_text().replace("bright", "grey"))
    with pytest.raises(SeverstalError, match="small: other classes, sizes or channels than the run's"):
        pack_release([RUN], tmp_path / "release", input="small")


def test_a_run_without_rules_is_refused(work: Path, tmp_path: Path) -> None:
    Path(RUN, "rules.json").unlink()
    with pytest.raises(SeverstalError, match=r"rules\.json"):
        pack_release([RUN], tmp_path / "release")


def test_load_opens_a_release(release: Path, work: Path) -> None:
    severstal.load(release)
