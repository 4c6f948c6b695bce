"""Pictures are found by the names that tools give them, and only where the name is clear."""

import unicodedata

import pytest

from severstal.annotations.matching import PictureNames

HASH = "0a1b2c3d4e5f60718293a4b5c6d7e8f9"
IMAGES = ("tr001.png", "tr001.jpg", "IMG 12 (3).JPG", "été.jpg", "a.b.png", "0a1b2c3d-own.png", "own.png")


@pytest.mark.parametrize(
    ("name", "image"),
    [
        ("tr001.png", "tr001.png"),
        (f"tr001_png.rf.{HASH}.jpg", "tr001.png"),
        (f"tr001_png_jpg.rf.{HASH}.jpg", "tr001.png"),
        (f"tr001_jpg.rf.{HASH}.jpg", "tr001.jpg"),
        (f"IMG-12-3-_JPG.rf.{HASH}.jpg", "IMG 12 (3).JPG"),
        (f"IMG-12-3-_JPG_jpg.rf.{HASH}.jpg", "IMG 12 (3).JPG"),
        ("tr001_png.rf.AbCdEfGhIjKlMnOpQrSt.jpg", "tr001.png"),
        (f"a-b_png.rf.{HASH}.jpg", "a.b.png"),
        ("cb0618f6-tr001.png", "tr001.png"),
        ("cb0618f6-IMG_12_3.JPG", "IMG 12 (3).JPG"),
        ("cb0618f6-%C3%A9t%C3%A9.jpg", "été.jpg"),
        (unicodedata.normalize("NFD", "été.jpg"), "été.jpg"),
        ("IMG%2012%20(3).JPG", "IMG 12 (3).JPG"),
        ("0a1b2c3d-own.png", "0a1b2c3d-own.png"),  # a picture may be called so itself
        ("cb0618f6-0a1b2c3d-own.png", "0a1b2c3d-own.png"),
        ("cb0618f6-own.png", "own.png"),
    ],
)
def test_a_renamed_picture_is_found(name: str, image: str) -> None:
    assert PictureNames(IMAGES).find(name) == [image]


@pytest.mark.parametrize(
    "name",
    [
        "tr002.png",
        "tr001.bmp",
        "cb0618f-tr001.png",
        "CB0618F6-tr001.png",
        f"tr009_png.rf.{HASH}.jpg",
        "",
        "-",
    ],
)
def test_an_unknown_name_finds_nothing(name: str) -> None:
    assert PictureNames(IMAGES).find(name) == []


def test_a_name_that_fits_two_pictures_finds_both() -> None:
    names = PictureNames(["a b.png", "a_b.png"])
    assert names.find("a_b.png") == ["a_b.png"]
    assert names.find("cb0618f6-a_b.png") == ["a b.png", "a_b.png"]
    assert PictureNames(["a.png", "a.jpg"]).find_stem("a") == ["a.png", "a.jpg"]


@pytest.mark.parametrize(
    "stem", [f"tr001_png.rf.{HASH}", f"tr001_png.rf.{HASH}_mask", "cb0618f6-tr001", "tr001"]
)
def test_a_label_file_finds_its_picture(stem: str) -> None:
    assert PictureNames(["tr001.png", "b.png"]).find_stem(stem) == ["tr001.png"]
