"""The valid contents of dataset.toml."""

import json

import numpy as np
import pytest
from PIL import Image

from severstal.competition.spec import SEVERSTAL, Spec, read_spec
from severstal.errors import SeverstalError

GOOD = {"name": '"tiles"', "image_shape": "[256, 512]", "classes": '["hole", "crack"]'}


def write(folder, **changes):
    lines = [f"{key} = {value}" for key, value in {**GOOD, **changes}.items() if value is not None]
    (folder / "dataset.toml").write_text("\n".join(lines), encoding="utf-8")


def test_without_the_file_it_is_the_competition(tmp_path):
    assert read_spec(tmp_path) == SEVERSTAL
    assert SEVERSTAL.pixels == 409_600
    assert list(SEVERSTAL.class_ids) == [1, 2, 3, 4]


def test_the_file_is_read(tmp_path):
    write(tmp_path)
    assert read_spec(tmp_path) == Spec("tiles", (256, 512), ("hole", "crack"))
    text = (tmp_path / "dataset.toml").read_text()
    (tmp_path / "dataset.toml").write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    assert read_spec(tmp_path) == Spec("tiles", (256, 512), ("hole", "crack"))


def test_the_real_file_is_read(real_data):
    spec = read_spec(real_data / "magnetic_tile")
    assert spec == Spec("magnetic-tile", (256, 512), ("blowhole", "break", "crack", "fray", "uneven"))


@pytest.mark.parametrize(
    ("classes", "dtype"), [(1, np.uint8), (8, np.uint8), (9, np.uint16), (16, np.uint16)]
)
def test_masks_have_a_bit_for_each_class(classes, dtype):
    assert Spec("s", (2, 2), tuple(map(str, range(classes)))).mask_dtype == dtype


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": None}, "key 'name' is missing: add"),
        ({"classes": None}, "key 'classes' is missing: add"),
        ({"colours": "3"}, "key 'colours' is unknown: keep"),
        ({"channels": "2"}, "channels is 2: give 1 for grey, or 3 for red, green and blue"),
        ({"channels": "true"}, "channels is True: give 1"),
        ({"name": '""'}, "name is '': give"),
        ({"name": "3"}, "name is 3: give"),
        ({"image_shape": "[256]"}, "image_shape is [256]: give"),
        ({"image_shape": "[256, 512, 3]"}, "image_shape is [256, 512, 3]: give"),
        ({"image_shape": "[256, 0]"}, "image_shape is [256, 0]: give"),
        ({"image_shape": "[256, 1.5]"}, "image_shape is [256, 1.5]: give"),
        ({"image_shape": "[256, true]"}, "image_shape is [256, True]: give"),
        ({"image_shape": "256"}, "image_shape is 256: give"),
        ({"classes": "[]"}, "classes is []: give 1 to 16 different names"),
        ({"classes": '["a", "a"]'}, "classes is ['a', 'a']: give"),
        ({"classes": '["a", ""]'}, "classes is ['a', '']: give"),
        ({"classes": "[1, 2]"}, "classes is [1, 2]: give"),
        ({"classes": '"a"'}, "classes is 'a': give"),
        ({"classes": str([str(k) for k in range(17)])}, "classes is ['0', '1'"),
        ({"name": "tiles"}, "not TOML ("),
        ({"name": '"a\\u001b[2J"'}, r"'a\x1b[2J' contains control characters: give a one-line name"),
        ({"classes": '["a", "b\\nc"]'}, r"'b\nc' contains control characters: give"),
        (
            {"image_shape": "[1000000, 1000000]"},
            "image_shape is [1000000, 1000000]: cut the pictures to at m",
        ),
        (
            {"image_shape": "[32768, 32769]"},
            "image_shape is [32768, 32769]: cut the pictures to at most 1,073,741,824",
        ),
        ({"image_shape": "[" * 5000 + "]" * 5000}, "nested more than 16 deep"),
        ({"image_shape": "[256, " + "9" * 5000 + "]"}, "not TOML (Exceeds the limit"),
    ],
)
def test_a_fault_is_named_with_its_repair(tmp_path, changes, message):
    write(tmp_path, **changes)
    with pytest.raises(SeverstalError) as caught:
        read_spec(tmp_path)
    assert str(caught.value).startswith(f"{tmp_path / 'dataset.toml'}: {message}")
    assert "\n" not in str(caught.value)


def test_a_file_of_bytes_is_named(tmp_path):
    (tmp_path / "dataset.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SeverstalError, match=r"dataset\.toml: not TOML"):
        read_spec(tmp_path)


def test_without_a_shape_each_picture_has_its_own(tmp_path):
    write(tmp_path, image_shape=None)
    for folder, size in (("train_images", (30, 20)), ("test_images", (7, 9))):
        (tmp_path / folder).mkdir()
        Image.new("L", size).save(tmp_path / folder / f"{folder}.png")
    spec = read_spec(tmp_path)
    assert spec.image_shape is None
    assert spec.shape_of("train_images.png") == (20, 30)
    assert spec.shape_of("test_images.png") == (9, 7)
    assert spec.find_shape("absent.png") is None
    assert spec.largest_shape(["train_images.png", "test_images.png"]) == (20, 30)
    assert spec.typical_shape(["train_images.png", "test_images.png"]) == (14, 18)
    assert spec == Spec("tiles", None, ("hole", "crack"))
    with pytest.raises(SeverstalError, match=r"a\.png: its size is not known, as dataset\.toml has no"):
        Spec("tiles", None, ("hole",)).shape_of("a.png")
    kept = spec.with_shapes_of(["test_images.png"])
    assert (kept.find_shape("train_images.png"), kept.shape_of("test_images.png")) == (None, (9, 7))
    assert Spec.from_facts("tiles", json.loads(json.dumps(spec.facts()))) == spec
