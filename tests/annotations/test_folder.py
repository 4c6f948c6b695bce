"""The files of a folder of labels."""

from severstal.annotations.folder import files_of


def test_other_files_are_passed_over(tmp_path, fault):
    assert "holds no .png file" in fault(files_of, tmp_path, ".png")
    for name in ("b.PNG", "a.png", "labels.txt", ".hidden.png"):
        (tmp_path / name).touch()
    assert [file.name for file in files_of(tmp_path, ".png")] == ["a.png", "b.PNG"]
