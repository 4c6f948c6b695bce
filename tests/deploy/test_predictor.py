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
def inside(finished_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(finished_folder)


@pytest.fixture
def pictures(finished_folder: Path) -> list[Path]:
    return sorted((finished_folder / "small" / "test_images").iterdir())


def test_it_draws_what_was_submitted(pictures: list[Path]) -> None:
    spec = read_spec("small")
    table = read_submission(pipeline.SUBMISSION, spec)
    assert len(table)
    submitted, predictor = Masks(table, spec), severstal.load(RUN)
    for path in pictures:
        assert np.array_equal(predictor(path), submitted[path.name])
        assert np.array_equal(predictor(read_picture(path, spec)), submitted[path.name])


def test_files_become_outlines_and_a_table(pictures: list[Path], tmp_path: Path) -> None:
    count = segment_files(severstal.load(RUN), pictures, tmp_path / "out")
    table = pd.read_csv(tmp_path / "out" / "masks.csv")
    assert len(table) == count > 0
    assert all((tmp_path / "out" / path.name).is_file() for path in pictures)
    kept = read_labels(tmp_path / "out" / "masks.csv", read_spec("small"), [path.name for path in pictures])
    assert len(kept) == count


def test_it_needs_no_data(pictures: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    picture = read_picture(pictures[1], read_spec("small"))
    shutil.copytree(RUN, tmp_path / RUN)
    monkeypatch.chdir(tmp_path)
    assert severstal.load(RUN)(picture).shape == (64, 96)


def test_missing_weights_are_an_error_and_never_a_random_network(tmp_path: Path) -> None:
    shutil.copytree(RUN, tmp_path / RUN)
    (tmp_path / RUN / "fold1" / "model.safetensors").unlink()
    with pytest.raises(
        SeverstalError, match=r"fold1.model\.safetensors: no such weights: train the fold first"
    ):
        severstal.load(tmp_path / RUN)
    with pytest.raises(SeverstalError, match="not a run"):
        severstal.load("runs")


def test_bad_pictures_are_named(pictures: list[Path], tmp_path: Path) -> None:
    predictor = severstal.load(RUN)
    with pytest.raises(SeverstalError, match=r"a picture of \(3, 4\) uint8: this run takes \(64, 96\) uint8"):
        predictor(np.zeros((3, 4), np.uint8))
    with pytest.raises(SeverstalError, match=r"absent\.png: no such picture"):
        segment_files(predictor, [Path("absent.png")], tmp_path / "out")
    with pytest.raises(SeverstalError, match="another picture of this name was given"):
        segment_files(predictor, pictures[:1] * 2, tmp_path / "out")
