"""What is attached is found under every mount, and what is missing is said with what is there."""

import shutil
from pathlib import Path

import pytest

from severstal.deploy.kaggle.places import choose_attached, find_competition, find_runs, on_kaggle
from severstal.errors import SeverstalError


def place(root: Path, source: Path, target: str) -> None:
    shutil.copytree(source, root / "input" / target)


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "input").mkdir()
    monkeypatch.setenv("SEVERSTAL_KAGGLE_ROOT", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize(
    "mount", ["severstal-steel-defect-detection", "competitions/severstal-steel-defect-detection"]
)
def test_the_competition_is_found(mount: str, root: Path, finished_folder: Path) -> None:
    place(root, finished_folder / "small", mount)
    place(root, finished_folder / "small", "datasets/joe/another")
    assert find_competition() == root / "input" / mount


@pytest.mark.parametrize("mount", ["weights", "weights/release", "datasets/jane/weights/release"])
def test_a_release_is_found(mount: str, root: Path, tiny_release: Path) -> None:
    place(root, tiny_release, mount)
    assert choose_attached() == root / "input" / mount


def test_a_run_is_found_where_there_is_no_release(root: Path, finished_folder: Path) -> None:
    place(root, finished_folder / "runs", "datasets/jane/my-runs")
    assert choose_attached() == root / "input/datasets/jane/my-runs/tiny-small"
    assert find_runs() == [choose_attached()]


def test_without_anything_the_line_shows_what_is_there(root: Path, finished_folder: Path) -> None:
    with pytest.raises(SeverstalError, match=r"attach the competition .*there is nothing"):
        find_competition()
    (root / "input/notes").mkdir()
    (root / "input/notes/a.txt").touch()
    with pytest.raises(SeverstalError, match=r"nothing is trained here: .*notes/ a\.txt"):
        choose_attached()


def test_several_releases_are_named(root: Path, tiny_release: Path) -> None:
    place(root, tiny_release, "first")
    place(root, tiny_release, "second")
    with pytest.raises(SeverstalError, match=r"first, .*second: leave one of them"):
        choose_attached()


def test_kaggle_is_known_by_its_working_folder(root: Path) -> None:
    assert not on_kaggle()
    (root / "working").mkdir()
    assert on_kaggle()
