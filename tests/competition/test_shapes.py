"""The shape of each picture: from its file, once, and never from outside the folders."""

import pickle
from pathlib import Path

import pytest
from PIL import Image

from severstal.competition import shapes as module
from severstal.competition.shapes import Shapes
from severstal.errors import SeverstalError


@pytest.fixture
def folders(tmp_path: Path) -> list[Path]:
    found = [tmp_path / "train_images", tmp_path / "test_images"]
    for folder in found:
        folder.mkdir()
    Image.new("L", (30, 20)).save(found[0] / "a.png")
    Image.new("L", (7, 9)).save(found[1] / "b.png")
    for folder in found:
        Image.new("L", (5, 4)).save(folder / "both.png")
    return found


def test_shapes_are_those_of_the_files(folders: list[Path]) -> None:
    shapes = Shapes(folders)
    assert [shapes.of(name) for name in ("a.png", "b.png", "both.png")] == [(20, 30), (9, 7), (4, 5)]
    assert shapes.only(["b.png"]).find("a.png") is None
    assert pickle.loads(pickle.dumps(shapes)).of("a.png") == (20, 30)


def test_a_header_is_read_once(folders: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    read, shapes = [], Shapes(folders)
    monkeypatch.setattr(module, "read_shape", lambda path: read.append(path) or (1, 2))
    assert shapes.of("a.png") == shapes.of("a.png") == (1, 2)
    assert len(read) == 1


def test_two_pictures_of_one_name_must_agree(folders: list[Path]) -> None:
    Image.new("L", (5, 5)).save(folders[1] / "both.png")
    with pytest.raises(SeverstalError, match="two pictures of one name must agree in size: rename") as caught:
        Shapes(folders).of("both.png")
    assert "is 5 x 5, " in str(caught.value)
    assert "is 4 x 5: " in str(caught.value)


@pytest.mark.parametrize("name", ["c.png", "../train_images/a.png", "", ".", "train_images/a.png"])
def test_a_name_that_is_no_picture_is_told(folders: list[Path], name: str) -> None:
    shapes = Shapes(folders)
    with pytest.raises(SeverstalError, match="as there is no such picture in train_images or test_images"):
        shapes.of(name)
    assert shapes.find(name) is None


def test_a_picture_of_too_many_pixels_is_refused(
    folders: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "read_shape", lambda path: (40_000, 30_000))
    with pytest.raises(SeverstalError, match="is 40,000 x 30,000: cut the picture to at most 1,073,"):
        Shapes(folders).of("a.png")


def test_a_remembered_shape_counts_while_its_file_is_unchanged(
    folders: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    status, read = (folders[0] / "a.png").stat(), []
    monkeypatch.setattr(module, "read_shape", lambda path: read.append(path.name) or (20, 30))
    for size, time in ((status.st_size, status.st_mtime_ns), (status.st_size, 1), (1, status.st_mtime_ns)):
        shapes = Shapes(folders)
        shapes.remember(folders[0], {"a.png": (size, time, (7, 8))})
        unchanged = (size, time) == (status.st_size, status.st_mtime_ns)
        assert shapes.of("a.png") == ((7, 8) if unchanged else (20, 30))
    assert read == ["a.png", "a.png"]
