"""A data set that keeps its colours, in which a grey picture shows no defect: trained, segmented, packed."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from conftest import TINY_RECIPE
from fixtures.colours import draw_colours_input
from PIL import Image

import severstal
from severstal.cli import main
from severstal.inference.maps import MapReader
from severstal.runs.opening import open_run

COLOURS = TINY_RECIPE.replace("scale = 2", "scale = 2\nmean = [0.4, 0.4, 0.4]\nstd = [0.2, 0.2, 0.2]")


def call(*words: object) -> int:
    with pytest.raises(SystemExit) as ended:
        main(list(map(str, words)))
    return ended.value.code or 0


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("colours")
    draw_colours_input(folder / "hues")
    (folder / "tiny.toml").write_text(COLOURS.replace("epochs = 2", "epochs = 4"))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        assert call("run", "tiny.toml", "--input", "hues", "--name", "mine", "--output", "mine.csv") == 0
    return folder


@pytest.fixture
def run(finished: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(finished)
    return Path("runs/mine")


def test_defects_that_grey_does_not_show_are_found(run: Path, capsys: pytest.CaptureFixture) -> None:
    job, reader = open_run(run), MapReader(run / "oof")
    assert job.train_pictures.picture("train01.png").shape == (64, 96, 3)
    assert job.train_pictures.picture("train01.png")[..., 0].max() > 160
    inside, outside = [], []
    for row, name in enumerate(reader.names):
        for index, plane in enumerate(reader.full(row)):
            true = (job.masks[name] >> index & 1).astype(bool)
            inside += [plane[true].mean()] if true.any() else []
            outside.append(plane[~true].mean())
    assert np.mean(inside) > 3 * np.mean(outside)
    assert call("check", "mine.csv", "--input", "hues") == 0
    assert call("doctor", "hues") == 0
    assert call("metrics", run) == 0


def test_a_loaded_run_sees_colours(run: Path) -> None:
    predictor, written = severstal.load(run), pd.read_csv("mine.csv", keep_default_na=False)
    for path in sorted(Path("hues/test_images").iterdir()):
        found = predictor(path)
        assert found.picture.shape == (64, 96, 3)
        assert found.overlay().shape[2] == 3
        rows = written[(written["ImageId"] == path.name) & (written["EncodedPixels"] != "")]
        assert found.to_rle() == dict(zip(rows["ClassId"], rows["EncodedPixels"], strict=True))
        array = np.array(Image.open(path))
        assert np.array_equal(predictor(array).mask, found.mask)
        assert np.array_equal(predictor(Image.open(path)).mask, found.mask)
        grey = np.array(Image.open(path).convert("L"))
        assert np.array_equal(predictor(grey).picture, np.repeat(grey[..., None], 3, axis=2))
    tiled = severstal.load(run, tile=(64, 64))("hues/test_images/test01.png")
    assert tiled.picture.shape == (64, 96, 3)


def test_a_release_of_onnx_sees_colours(run: Path) -> None:
    pytest.importorskip("onnxscript")
    pytest.importorskip("onnxruntime")
    assert call("pack", run, "--output", "release", "--onnx", "--input", "hues") == 0
    first, second = severstal.load(run), severstal.load("release")
    for path in sorted(Path("hues/test_images").iterdir()):
        assert np.array_equal(first(path).mask, second(path).mask)
        assert np.abs(first(path).probabilities - second(path).probabilities).max() <= 2.5 / 255


def test_every_augmentation_takes_colours_of_many_sizes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    draw_colours_input(tmp_path / "hues", images=9, many_sizes=True)
    switches = "".join(f"{name} = 0.5\n" for name in ("blackout", "copy_paste", "cyclic_shift", "roll_shift"))
    more = "jpeg = 0.5\nmulti_scale = 0.2\nmixup = 0.4\nblack_aware = true\n"
    recipe = COLOURS.replace("[augment]\n", f"[augment]\n{switches}{more}")
    recipe = recipe.replace("epochs = 2", "epochs = 1").replace("epoch_images = 48", "epoch_images = 16")
    Path("all.toml").write_text(recipe)
    assert call("run", "all.toml", "--input", "hues", "--name", "all", "--output", "all.csv") == 0
    assert call("check", "all.csv", "--input", "hues") == 0


def test_three_means_are_refused_for_grey(
    small_input: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("tiny.toml").write_text(COLOURS)
    assert call("train", "tiny.toml", "--input", small_input) == 2
    said = "recipe tiny: data.mean or data.std has 3 values, and the pictures are read as grey: give one"
    assert said in capsys.readouterr().err
