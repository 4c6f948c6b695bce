"""Which files a folder, a pattern or a list stands for."""

import logging
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from severstal.deploy.sources.several import is_many, open_many, picture_paths
from severstal.errors import SeverstalError


def save(path: Path) -> None:
    """Save a small grey picture."""
    path.parent.mkdir(exist_ok=True)
    Image.fromarray(np.full((4, 6), 90, np.uint8)).save(path)


def test_linked_subfolders_are_passed_over_and_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    save(tmp_path / "a.png")
    save(tmp_path / "below" / "b.png")
    (tmp_path / "below" / "back").symlink_to("..")
    (tmp_path / "linked").symlink_to("below")
    with caplog.at_level(logging.INFO, "severstal"):
        found = picture_paths(tmp_path, recursive=True)
    assert found == [(tmp_path / "a.png", ""), (tmp_path / "below" / "b.png", "below")]
    assert [record.getMessage() for record in caplog.records] == [
        f"{tmp_path}: passed over: 1 folder, whose pictures are not read (linked)",
        f"{tmp_path / 'below'}: passed over: 1 folder, whose pictures are not read (back)",
    ]


def test_what_cannot_be_opened_keeps_its_place_among_the_others(tmp_path: Path) -> None:
    save(tmp_path / "a.png")
    sources = [tmp_path / "a.png", 5, None, tmp_path / "*.bmp", np.zeros((4, 6), np.uint8)]
    names, errors = [], []
    for found in open_many(sources):
        if isinstance(found, tuple):
            names.append(found[0])
            errors.append(str(found[1]))
        else:
            names.append(found.name)
    assert names == ["a", "picture-000001", "picture-000002", str(tmp_path / "*.bmp"), "picture-000004"]
    assert errors == [
        "the source is int: give a path, bytes, an array, a picture of Pillow, or a list of such",
        "the source is None, as OpenCV gives for a file that it cannot read: give a path, bytes, an array, a "
        "picture of Pillow, or a list of such",
        f"{tmp_path / '*.bmp'}: matches no file: correct the pattern",
    ]


@pytest.mark.parametrize("column", [np.array, pd.Series, lambda names: np.array(names, object)])
def test_a_column_of_paths_stands_for_its_pictures(tmp_path: Path, column: type) -> None:
    for name in ("a.png", "b.png"):
        save(tmp_path / name)
    source = column([str(tmp_path / "b.png"), str(tmp_path / "a.png")])
    assert is_many(source)
    assert [found.name for found in open_many(source)] == ["b", "a"]
    assert not is_many(pd.DataFrame(np.zeros((4, 6))))


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("", "the path is empty"),
        ("a\0.png", "holds a null character"),
        ("https://example.com/a.png", "an address on a network: download the file"),
        ("a" * 300, "File name too long: correct the path"),
        ("loop", "Too many levels of symbolic links: correct the path"),
    ],
)
def test_a_path_that_the_system_refuses_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str, message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    save(tmp_path / "a.png")  # the empty path must not stand for the folder that holds it
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(SeverstalError, match=message):
        is_many(path)
    _, kept = open_many([path, "a.png"])
    assert not isinstance(kept, tuple)
    assert kept.name == "a"
