"""Picture files are read by content and checked."""

import struct
import tracemalloc
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from severstal.competition.spec import SEVERSTAL, Spec
from severstal.data.pictures import read_picture
from severstal.errors import SeverstalError

SPEC = Spec("tiny", (24, 40), ("a", "b"))


def picture(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, SPEC.image_shape, np.uint8)


def test_pictures_are_read_by_content_not_by_name(tmp_path: Path) -> None:
    Image.fromarray(picture(0)).convert("RGB").save(tmp_path / "a.jpg", format="PNG")
    assert np.array_equal(read_picture(tmp_path / "a.jpg", SPEC), picture(0))


def test_a_jpeg_of_three_equal_channels_is_its_grey(tmp_path: Path) -> None:
    grey = cv2.GaussianBlur(picture(0), (0, 0), 4)
    cv2.imwrite(str(tmp_path / "a.jpg"), cv2.merge([grey] * 3), [cv2.IMWRITE_JPEG_QUALITY, 95])
    read = read_picture(tmp_path / "a.jpg", SPEC)
    assert np.abs(read.astype(int) - cv2.imread(str(tmp_path / "a.jpg"), cv2.IMREAD_GRAYSCALE)).max() <= 1


def test_real_pictures_equal_an_independent_decoder(real_data: Path) -> None:
    folder = real_data / "severstal" / "train_images"
    for path in sorted(folder.iterdir())[:12]:
        expected = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
        assert np.abs(read_picture(path, SEVERSTAL).astype(int) - expected).max() <= 2  # two JPEG decoders


def test_bad_pictures_are_named(tmp_path: Path) -> None:
    whole = tmp_path / "whole.jpg"
    Image.fromarray(picture(0)).save(whole)
    cut, text, large, deep = (tmp_path / name for name in ("cut.jpg", "text.jpg", "large.png", "deep.png"))
    cut.write_bytes(whole.read_bytes()[:-200])
    text.write_text("<html>not found</html>")
    Image.fromarray(np.zeros((128, 800), np.uint8)).save(large)
    cv2.imwrite(str(deep), np.zeros(SPEC.image_shape, np.uint16))
    (tmp_path / "empty.jpg").touch()
    expected = {
        tmp_path / "absent.jpg": "no such picture: put it back or take its rows out of the tables",
        tmp_path / "empty.jpg": "not a picture: replace the file",
        text: "not a picture: replace the file",
        deep: "has more than 8 bits a channel: save it as 8-bit grey",
        large: "the picture is 128 x 800; this data set is 24 x 40: "
        "resize it or set image_shape in dataset.toml",
    }
    for path, message in expected.items():
        with pytest.raises(SeverstalError) as caught:
            read_picture(path, SPEC)
        assert str(caught.value) == f"{path}: {message}"
    with pytest.raises(SeverstalError, match=r"cut\.jpg: damaged or cut short .*: replace the file"):
        read_picture(cut, SPEC)


@pytest.mark.parametrize("sides", [(9_500, 9_500), (20_000, 20_000), (1_000_000, 1_000_000)])
def test_a_huge_picture_is_refused_by_its_header(tmp_path: Path, sides: tuple[int, int]) -> None:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", *sides, 8, 0, 0, 0, 0))
    path = tmp_path / "bomb.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(bytes(1_000_000))))
    tracemalloc.start()
    with pytest.raises(SeverstalError, match=r"bomb\.png: (damaged|the picture is)") as caught:
        read_picture(path, SEVERSTAL)
    assert tracemalloc.get_traced_memory()[1] < 10_000_000
    tracemalloc.stop()
    assert "\n" not in str(caught.value)
