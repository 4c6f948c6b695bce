"""A data set whose pictures differ in size, from its folder to a checked submission, against brute force."""

import io
import json
from pathlib import Path

import cv2
import nbformat
import numpy as np
import pandas as pd
import pytest
from conftest import TINY_RECIPE
from fixtures.sizes import SIZES, draw_sizes_input

import severstal
from severstal import pipeline
from severstal.cli import main
from severstal.competition import shapes
from severstal.decision.mask_table import draw_masks
from severstal.decision.rules import plain_rules
from severstal.decision.summary import Summary
from severstal.device import make_accelerator
from severstal.inference.maps import MapReader
from severstal.inference.predict import predict_batch
from severstal.models.from_recipe import load_network
from severstal.notebooks import NOTEBOOKS
from severstal.runs.opening import open_run


def call(*words: object) -> int:
    with pytest.raises(SystemExit) as ended:
        main(list(map(str, words)))
    return ended.value.code or 0


def decode(runs: str, shape: tuple[int, int]) -> np.ndarray:
    """The mask of run lengths, pixel by pixel."""
    flat = np.zeros(shape[0] * shape[1], bool)
    numbers = list(map(int, str(runs).split()))
    for start, length in zip(numbers[::2], numbers[1::2], strict=True):
        assert start >= 1
        assert start - 1 + length <= flat.size
        flat[start - 1 : start - 1 + length] = True
    return flat.reshape(shape, order="F")


def dice(prediction: np.ndarray, truth: np.ndarray) -> float:
    total = prediction.sum() + truth.sum()
    return 1.0 if not total else 2 * (prediction & truth).sum() / total


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, np.ndarray]]:
    """The folder in which a run was trained for an epoch and tuned, and the true masks by picture."""
    folder = tmp_path_factory.mktemp("sizes")
    truth = draw_sizes_input(folder / "sizes")
    (folder / "tiny.toml").write_text(TINY_RECIPE.replace("epochs = 2", "epochs = 1"))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        assert call("run", "tiny.toml", "--input", "sizes", "--output", "mine.csv") == 0
    return folder, truth


@pytest.fixture
def run(finished: tuple[Path, dict[str, np.ndarray]], monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(finished[0])
    return Path("runs/tiny-sizes")


def test_each_map_is_that_of_its_picture_alone(run: Path) -> None:
    job = open_run(run)
    reader = MapReader(run / "test")
    networks = [load_network(job.recipe, job.spec, job.weights(fold)).eval() for fold in (0, 1)]
    assert {reader[row].shape[1:] for row in range(len(reader))} != {reader[0].shape[1:]}
    for row, name in enumerate(reader.names):
        picture = cv2.imread(f"sizes/test_images/{name}", cv2.IMREAD_GRAYSCALE)
        assert picture.shape == SIZES[int(name[4:6]) % 5] == reader.spec.shape_of(name)
        shape = tuple(-(-side // job.recipe.inference.map_scale) for side in picture.shape)
        alone, present = predict_batch(networks, picture[None], job.recipe, make_accelerator("fp32"), shape)
        assert reader[row].shape == (2, *shape)
        assert np.abs(reader[row].astype(int) - alone[0]).max() <= 1
        assert np.abs(reader.class_probability[row].astype(int) - present[0]).max() <= 1
        assert reader.full(row).shape == (2, *picture.shape)


def test_areas_are_counted_in_each_picture(run: Path, finished: tuple[Path, dict[str, np.ndarray]]) -> None:
    summary, reader = Summary.load(open_run(run).files.summary), MapReader(run / "oof")
    assert summary.pixels == 128 * 200
    for row, name in enumerate(summary.names):
        full, true = reader.full(reader.names.index(name)), finished[1][name]
        for level in (0, 13, 64, 128, 250):
            assert (summary.areas[row, :, level] == (full >= level).sum((1, 2))).all()
            assert (summary.intersections[row, :, level] == ((full >= level) & true).sum((1, 2))).all()
        assert (summary.true[row] == true.sum((1, 2))).all()


def test_masks_are_run_lengths_of_their_own_picture(run: Path) -> None:
    job, reader = open_run(run), MapReader(run / "oof")
    table = draw_masks(reader, plain_rules(job.spec), job.spec)
    drawn = {(row.ImageId, row.ClassId): row.EncodedPixels for row in table.itertuples()}
    for row, name in enumerate(reader.names):
        for index, plane in enumerate(reader.full(row)):
            mask = decode(drawn.get((name, index + 1), ""), plane.shape)
            assert np.array_equal(mask, plane >= 128)


def test_the_submission_is_sound_and_scored_as_numpy_scores_it(
    run: Path, finished: tuple[Path, dict[str, np.ndarray]], capsys: pytest.CaptureFixture
) -> None:
    assert call("check", "mine.csv", "--input", "sizes") == 0
    written = pd.read_csv("mine.csv", keep_default_na=False)
    masks = {(row.ImageId, row.ClassId): row.EncodedPixels for row in written.itertuples()}
    each = []
    for name, true in finished[1].items():
        if name.startswith("test"):
            for index, plane in enumerate(true):
                each.append(dice(decode(masks.get((name, index + 1), ""), plane.shape), plane))
    words = ("--truth", "sizes/test_labels.csv", "--input", "sizes", "--json", "score.json")
    assert call("score", "mine.csv", *words) == 0
    assert json.loads(Path("score.json").read_text())["score"] == pytest.approx(np.mean(each), abs=1e-6)
    assert call("diff", "mine.csv", "sizes/test_labels.csv", "--input", "sizes", "--output", "apart") in (
        0,
        1,
    )
    assert call("metrics", run) == 0
    capsys.readouterr()
    assert call("doctor", "sizes") == 0
    assert "train_images: 24 pictures of 5 sizes, 1 x 50 to 128 x 200" in capsys.readouterr().out


def test_a_run_beyond_its_own_picture_is_refused(run: Path, capsys: pytest.CaptureFixture) -> None:
    lines = Path("mine.csv").read_text().splitlines()
    place = next(number for number, line in enumerate(lines) if line.startswith("test03.png"))
    lines[place] = "test03.png,7 45,1"  # 1 x 50
    Path("beyond.csv").write_text("\n".join(lines) + "\n")
    capsys.readouterr()
    assert call("check", "beyond.csv", "--input", "sizes") == 1
    said = f"row {place}: image test03.png: run 1 (`7 45`) ends past pixel 50, the last: correct it"
    assert f"{said}, or the shape 1 x 50" in capsys.readouterr().out


def test_a_loaded_run_draws_what_was_submitted(run: Path) -> None:
    predictor = severstal.load(run)
    assert predictor.tile == (150, 200)
    written = pd.read_csv("mine.csv", keep_default_na=False)
    for path in sorted(Path("sizes/test_images").iterdir()):
        found = predictor(path)
        rows = written[(written["ImageId"] == path.name) & (written["EncodedPixels"] != "")]
        for index in (0, 1):
            runs = rows.loc[rows["ClassId"] == index + 1, "EncodedPixels"]
            mask = decode(runs.iloc[0] if len(runs) else "", found.mask.shape)
            assert np.array_equal(found.mask >> index & 1, mask)
    assert call("pack", run, "--output", "release") == 0
    assert severstal.load("release").tile == (150, 200)


def test_pictures_of_one_size_need_no_stated_shape(
    small_input: Path, tiny_recipe: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert call("run", tiny_recipe, "--input", small_input, "--name", "stated", "--output", "a.csv") == 0
    spec = small_input / "dataset.toml"
    spec.write_text("".join(line for line in io.StringIO(spec.read_text()) if "image_shape" not in line))
    assert call("run", tiny_recipe, "--input", small_input, "--name", "own", "--output", "b.csv") == 0
    assert Path("a.csv").read_bytes() == Path("b.csv").read_bytes()
    for part in ("oof", "test"):
        stated, own = MapReader(f"runs/stated/{part}"), MapReader(f"runs/own/{part}")
        assert all(np.array_equal(*both) for both in zip(stated, own, strict=True))


def test_headers_are_read_once(tmp_path: Path, tiny_recipe: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    truth = draw_sizes_input(tmp_path / "sizes", images=8, test_images=2)
    read, own = [], shapes.read_shape
    monkeypatch.setattr(shapes, "read_shape", lambda path: read.append(path.name) or own(path))
    for _ in range(2):
        run = pipeline.prepare(tiny_recipe, "sizes")
        assert all(run.masks[name].shape == truth[name].shape[1:] for name in run.images)
    assert sorted(read) == sorted(truth)


def test_a_picture_that_changed_its_size_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.chdir(tmp_path)
    truth = draw_sizes_input(tmp_path / "sizes", images=8)
    recipe = tmp_path / "tiny.toml"
    recipe.write_text(TINY_RECIPE)
    pipeline.prepare(recipe, "sizes")
    larger = np.full((70, 96), 100, np.uint8)
    cv2.imwrite("sizes/train_images/train00.png", larger)  # a clean one
    run = pipeline.prepare(recipe, "sizes")
    assert np.array_equal(run.train_pictures.picture("train00.png"), larger)
    assert run.masks["train00.png"].shape == (70, 96)
    assert run.masks["train01.png"].shape == truth["train01.png"].shape[1:]
    cv2.imwrite("sizes/train_images/train01.png", np.full((2, 9), 100, np.uint8))
    assert call("train", recipe, "--input", "sizes") == 2
    assert "train.csv row 1: image train01.png: run 1" in capsys.readouterr().err


def test_an_unreadable_picture_is_named(
    tmp_path: Path, tiny_recipe: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.chdir(tmp_path)
    draw_sizes_input(tmp_path / "sizes", images=8)
    Path("sizes/train_images/train01.png").write_bytes(b"\x89PNG\r\n\x1a\nno more")
    assert call("train", tiny_recipe, "--input", "sizes") == 2
    assert "train01.png: not a picture: replace the file" in capsys.readouterr().err
    assert call("doctor", "sizes") == 1
    assert "pictures cannot be used: not a picture" in capsys.readouterr().out


def test_whole_pictures_are_overfitted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    draw_sizes_input(tmp_path / "sizes", images=8)
    Path("tiny.toml").write_text(TINY_RECIPE.replace("[training]", "[training]\noverfit_images = 4"))
    assert call("train", "tiny.toml", "--input", "sizes", "--name", "mine") == 0


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["01_eda", "02_folds", "03_train", "04_thresholds", "05_submission", "06_errors"]
)
def test_the_notebooks_show_such_a_data_set(run: Path, name: str) -> None:
    notebook = nbformat.read(NOTEBOOKS / f"{name}.ipynb", as_version=4)
    cells = [cell for cell in notebook.cells if cell.cell_type == "code" and "%pip" not in cell.source]
    known: dict[str, object] = {}
    for cell in cells:
        exec(compile(cell.source, name, "exec"), known)
        if "parameters" in cell.metadata.get("tags", []):
            known.update(recipe=str(Path("tiny.toml").resolve()), input_folder=str(Path("sizes").resolve()))
