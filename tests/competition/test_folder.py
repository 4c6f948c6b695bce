"""The input folder is looked for in several places, in their order."""

import pytest

from severstal.competition import folder
from severstal.competition.folder import COMPETITION, locate_input, open_input
from severstal.competition.listing import list_images
from severstal.competition.spec import SEVERSTAL
from severstal.errors import SeverstalError


@pytest.fixture
def places(tmp_path, monkeypatch):
    """Every place that is searched, in its order, all there."""
    monkeypatch.chdir(tmp_path)
    mounts = (tmp_path / "kaggle" / "input", tmp_path / "kaggle" / "input" / "competitions")
    monkeypatch.setattr(folder, "KAGGLE_MOUNTS", mounts)
    monkeypatch.setenv("SEVERSTAL_INPUT", str(tmp_path / "variable"))
    found = [
        tmp_path / "given",
        tmp_path / "variable",
        tmp_path / "input" / COMPETITION,
        *(mount / COMPETITION for mount in mounts),
        tmp_path / "input" / "sample",
    ]
    for place in found:
        place.mkdir(parents=True)
    return found


@pytest.fixture
def layout(tmp_path):
    """Kaggle's layout with a picture each."""
    for name in ("train_images", "test_images"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.jpg").touch()
    for name in ("train.csv", "sample_submission.csv"):
        (tmp_path / name).touch()
    return tmp_path


def test_the_first_place_that_is_there_is_taken(places, tmp_path, monkeypatch):
    assert locate_input(places[0]) == places[0]
    assert locate_input() == places[1]
    monkeypatch.delenv("SEVERSTAL_INPUT")
    for place in places[2:]:
        assert (tmp_path / locate_input()) == place
        place.rmdir()
    assert locate_input() is None


def test_an_empty_variable_is_none(places, monkeypatch):
    monkeypatch.setenv("SEVERSTAL_INPUT", "")
    assert locate_input().resolve() == places[2].resolve()


def test_a_place_that_is_named_must_be_there(places, tmp_path, monkeypatch):
    with pytest.raises(SeverstalError, match=r"^nowhere: no such folder: correct --input$"):
        locate_input("nowhere")
    monkeypatch.setenv("SEVERSTAL_INPUT", "elsewhere")
    with pytest.raises(SeverstalError, match=r"^elsewhere: no such folder: correct SEVERSTAL_INPUT$"):
        locate_input()
    (tmp_path / "file").touch()
    with pytest.raises(SeverstalError, match=r"^file: no such folder: correct --input$"):
        locate_input("file")


def test_a_whole_layout_opens(layout):
    opened = open_input(layout)
    assert opened.spec == SEVERSTAL
    assert opened.train_names() == opened.test_names() == ["a.jpg"]
    assert not opened.truth_csv.exists()


def test_the_real_folders_open(real_data):
    steel, tile = open_input(real_data / "severstal"), open_input(real_data / "magnetic_tile")
    assert (len(steel.train_names()), len(steel.test_names())) == (60, 10)
    assert (len(tile.train_names()), len(tile.test_names())) == (933, 411)
    assert (tile.spec.image_shape, len(tile.spec.classes)) == ((256, 512), 5)


def test_missing_labels_are_named(layout):
    (layout / "train.csv").unlink()
    with pytest.raises(SeverstalError, match=r"train\.csv: no such file: give Kaggle's layout with"):
        open_input(layout)


def test_a_test_set_may_be_absent_and_is_named_where_it_is_needed(layout):
    assert open_input(layout).has_test
    open_input(layout).check_test()
    (layout / "sample_submission.csv").unlink()
    assert open_input(layout).has_test
    (layout / "test_images" / "a.jpg").unlink()
    data = open_input(layout)
    assert not data.has_test
    (layout / "test_images").rmdir()
    assert not data.has_test
    with pytest.raises(SeverstalError, match=r"test_images: holds no picture to segment: put pictures there"):
        data.check_test()


def test_a_missing_folder_of_pictures_is_named(layout):
    name = "train_images"
    (layout / name / "a.jpg").unlink()
    with pytest.raises(SeverstalError, match=rf"{name}: holds no picture: unpack the data set here$"):
        list_images(layout / name)
    (layout / name).rmdir()
    for look in (lambda: open_input(layout), lambda: list_images(layout / name)):
        with pytest.raises(
            SeverstalError, match=rf"{name}: no such folder: give Kaggle's layout with --input$"
        ):
            look()
    (layout / name).touch()
    with pytest.raises(SeverstalError, match=rf"{name}: no such folder"):
        list_images(layout / name)
