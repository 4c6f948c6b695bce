"""A folder is whole or not there."""

import pytest

from severstal.annotations.folder import files_of, new_folder


def test_a_broken_off_export_leaves_nothing(tmp_path):
    def stopped():
        with new_folder(tmp_path / "out") as part:
            (part / "a.json").write_text("{}")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stopped()
    assert not list(tmp_path.iterdir())


def test_what_a_killed_try_left_does_not_get_in(tmp_path):
    (tmp_path / "out.part").mkdir()
    (tmp_path / "out.part" / "old.json").write_text("{}")
    with new_folder(tmp_path / "out") as part:
        (part / "a.json").write_text("{}")
    assert [file.name for file in files_of(tmp_path / "out", ".json")] == ["a.json"]


def test_a_file_in_its_place_is_left_alone(tmp_path, fault):
    (tmp_path / "out").write_text("mine")

    def write():
        with new_folder(tmp_path / "out"):
            pass

    assert "holds something already" in fault(write)
    assert (tmp_path / "out").read_text() == "mine"


def test_other_files_are_passed_over(tmp_path, fault):
    assert "holds no .png file" in fault(files_of, tmp_path, ".png")
    for name in ("b.PNG", "a.png", "labels.txt", ".hidden.png"):
        (tmp_path / name).touch()
    assert [file.name for file in files_of(tmp_path, ".png")] == ["a.png", "b.PNG"]
