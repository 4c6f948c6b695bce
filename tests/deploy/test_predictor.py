"""A run's predictor: its masks are those of the run's submission, and it needs no data to load."""

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import severstal
from severstal import pipeline
from severstal.competition.masks import Masks
from severstal.competition.spec import read_spec
from severstal.competition.tables import read_labels, read_submission
from severstal.data.pictures import read_picture
from severstal.deploy.segment import segment_files
from severstal.errors import SeverstalError

RUN = Path("runs/tiny-small")


@pytest.fixture(autouse=True)
def run(small_input: Path, tiny_recipe: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    pipeline.run(tiny_recipe, small_input)


def test_it_draws_what_was_submitted(small_input: Path) -> None:
    spec = read_spec(small_input)
    table = read_submission(pipeline.SUBMISSION, spec)
    assert len(table)
    submitted, predictor = Masks(table, spec), severstal.load(RUN)
    for path in sorted((small_input / "test_images").iterdir()):
        assert np.array_equal(predictor(path), submitted[path.name])
        assert np.array_equal(predictor(read_picture(path, spec)), submitted[path.name])


def test_files_become_outlines_and_a_table(small_input: Path) -> None:
    spec, paths = read_spec(small_input), sorted((small_input / "test_images").iterdir())
    count = segment_files(severstal.load(RUN), paths, "out")
    table = pd.read_csv("out/masks.csv")
    assert len(table) == count > 0
    assert all((Path("out") / path.name).is_file() for path in paths)
    kept = read_labels("out/masks.csv", spec, [path.name for path in paths])
    assert len(kept) == count


def test_it_needs_no_data(small_input: Path) -> None:
    picture = read_picture(small_input / "test_images" / "test01.png", read_spec(small_input))
    shutil.rmtree(small_input)
    assert severstal.load(RUN)(picture).shape == (64, 96)


def test_missing_weights_are_an_error_and_never_a_random_network() -> None:
    (RUN / "fold1" / "model.safetensors").unlink()
    with pytest.raises(
        SeverstalError, match=r"fold1.model\.safetensors: no such weights: train the fold first"
    ):
        severstal.load(RUN)
    with pytest.raises(SeverstalError, match="not a run"):
        severstal.load("runs")


def test_bad_pictures_are_named(small_input: Path) -> None:
    predictor = severstal.load(RUN)
    with pytest.raises(SeverstalError, match=r"a picture of \(3, 4\) uint8: this run takes \(64, 96\) uint8"):
        predictor(np.zeros((3, 4), np.uint8))
    with pytest.raises(SeverstalError, match=r"absent\.png: no such picture"):
        segment_files(predictor, [Path("absent.png")], "out")
    twice = [small_input / "test_images" / "test00.png"] * 2
    with pytest.raises(SeverstalError, match="another picture of this name was given"):
        segment_files(predictor, twice, "out")
