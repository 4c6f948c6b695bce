"""Masks as PNG: read by Pillow, and read as other programs save them."""

import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from severstal.annotations import png
from severstal.annotations.labels import gather
from severstal.annotations.target import Target
from severstal.competition.masks import Masks
from severstal.competition.spec import Spec


@pytest.fixture
def read(tmp_path, target):
    def run(picture, name="a.png"):
        picture.save(tmp_path / name, "PNG")
        return gather(png.read(tmp_path, target), target)

    return run


def square(value=1):
    indices = np.zeros((6, 9), np.uint8)
    indices[1:3, 2:5] = value
    return indices


def test_pillow_reads_what_is_written(labels, tmp_path):
    png.write(labels, tmp_path / "out")
    masks = Masks(labels.table, labels.spec)
    for image, name in zip(labels.images, ("a.png", "b.png", "clean.png"), strict=True):
        picture = Image.open(tmp_path / "out" / name)
        assert picture.mode == "P"
        assert picture.getpalette()[3:6] == [128, 0, 0]
        indices = np.asarray(picture)
        bits = np.where(indices > 0, 1 << np.maximum(indices, 1).astype(int) - 1, 0)
        np.testing.assert_array_equal(bits, masks[image])


def test_one_folder_per_class_is_black_and_white(labels, tmp_path):
    png.write_classes(labels, tmp_path / "out")
    assert sorted(folder.name for folder in (tmp_path / "out").iterdir()) == ["1", "2", "3"]
    masks = Masks(labels.table, labels.spec)
    for k in labels.spec.class_ids:
        picture = np.asarray(Image.open(tmp_path / "out" / str(k) / "a.png"))
        np.testing.assert_array_equal(picture, (masks["a.jpg"] >> k - 1 & 1) * 255)


def palette_picture(indices):
    picture = Image.fromarray(indices)
    picture.putpalette([9, 9, 9, 0, 0, 255] + [1] * 762)
    return picture


@pytest.mark.parametrize("make", [Image.fromarray, palette_picture, lambda i: Image.fromarray(i > 0)])
def test_grey_palette_and_bits_are_read(make, read):
    assert read(make(square())).table.to_numpy().tolist() == [["a.jpg", 1, "14 2 20 2 26 2"]]


@pytest.mark.parametrize(
    ("picture", "name", "message"),
    [
        (Image.fromarray(square(4)), "a.png", "index 4 is not one of the classes 1 to 3"),
        (Image.fromarray(square(255)), "a.png", "index 255 is not one of the classes"),
        (Image.fromarray(square()).convert("RGB"), "a.png", "keeps colours (RGB)"),
        (Image.fromarray(square().astype(np.uint16)), "a.png", "keeps colours (I;16)"),
        (Image.fromarray(square().T), "a.png", "the mask is 9 x 6, larger"),
        (Image.fromarray(square()[:5]), "a.png", "the picture is 5 x 9; this data set is 6 x 9"),
        (Image.fromarray(square()), "x.png", "picture 'x' is not among the data set's"),
    ],
)
def test_faults_are_one_line(picture, name, message, read, fault):
    assert message in fault(read, picture, name)


def test_a_cut_file_is_one_line(tmp_path, target, fault):
    Image.fromarray(square()).save(tmp_path / "a.png")
    data = (tmp_path / "a.png").read_bytes()
    (tmp_path / "a.png").write_bytes(data[: len(data) // 2])
    assert "a.png: damaged, or not a PNG" in fault(lambda: gather(png.read(tmp_path, target), target))


def test_a_picture_bomb_is_not_decoded(tmp_path, target, fault):
    Image.new("1", (8, 8)).save(tmp_path / "a.png")
    data = bytearray((tmp_path / "a.png").read_bytes())
    data[16:24] = struct.pack(">II", 100_000, 100_000)
    data[29:33] = struct.pack(">I", zlib.crc32(data[12:29]))
    (tmp_path / "a.png").write_bytes(data)
    message = fault(lambda: gather(png.read(tmp_path, target), target))
    assert "a.png: the mask is 100000 x 100000, larger than its picture" in message


def test_no_folder_of_a_class_is_one_line(tmp_path, target, fault):
    assert "holds no folder named 1" in fault(lambda: list(png.read_classes(tmp_path, target)))


ONE = Spec("tiny", (6, 9), ("hole",))


@pytest.mark.parametrize(
    ("background", "value", "classes"),
    [
        (0, 1, {}),
        (0, 255, {}),
        (0, 2, {"2": 1}),
        (255, 0, {"255": 0, "0": 1}),
        (255, 1, {"255": 0}),
        (7, 1, {"7": 0}),
    ],
)
def test_values_and_backgrounds_of_other_tools(background, value, classes, tmp_path):
    indices = np.full((6, 9), background, np.uint8)
    indices[1:3, 2:5] = value
    Image.fromarray(indices).save(tmp_path / "a.png")
    target = Target(["a.jpg"], ONE, classes)
    assert gather(png.read(tmp_path, target), target).table.to_numpy().tolist() == [
        ["a.jpg", 1, "14 2 20 2 26 2"]
    ]


def test_an_unknown_value_is_reported_with_the_option_that_names_it(tmp_path, target, fault):
    Image.fromarray(square(255)).save(tmp_path / "a.png")
    message = fault(lambda: gather(png.read(tmp_path, target), target))
    assert "index 255 is not one of the classes" in message
    assert message.endswith("--classes 255=1, or 255=0 for background")


@pytest.mark.parametrize("white", [False, True])
def test_greys_between_black_and_white_belong_to_the_nearer(white, tmp_path):
    indices = square(255)
    indices[0, 0], indices[0, 1] = 9, 120  # as JPEG compression and smoothing leave them
    indices[1, 2] = 200
    (tmp_path / "1").mkdir()
    Image.fromarray(255 - indices if white else indices).save(tmp_path / "1" / "a.png")
    target = Target(["a.jpg"], ONE, {"255": 0} if white else {})
    imported = gather(png.read_classes(tmp_path, target), target)
    assert imported.table["EncodedPixels"].tolist() == ["14 2 20 2 26 2"]


def test_small_values_are_all_set_in_a_mask_without_white(tmp_path, target):
    indices = square(3)
    indices[1, 2] = 1
    (tmp_path / "1").mkdir()
    Image.fromarray(indices).save(tmp_path / "1" / "a.png")
    assert gather(png.read_classes(tmp_path, target), target).table["EncodedPixels"].tolist() == [
        "14 2 20 2 26 2"
    ]
