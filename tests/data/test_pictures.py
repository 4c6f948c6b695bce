"""Picture files are read by content and checked."""

import struct
import tracemalloc
import zlib
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image, ImageOps

from severstal.competition.spec import SEVERSTAL, Spec
from severstal.data import available
from severstal.data.pictures import decode_picture, read_picture
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
    cut, text, large, deep = (tmp_path / name for name in ("cut.jpg", "text.jpg", "large.png", "deep.tif"))
    cut.write_bytes(whole.read_bytes()[:-200])
    text.write_text("<html>not found</html>")
    Image.fromarray(np.zeros((128, 800), np.uint8)).save(large)
    Image.fromarray(np.zeros(SPEC.image_shape, np.float32)).save(deep)
    (tmp_path / "empty.jpg").touch()
    expected = {
        tmp_path / "absent.jpg": "no such picture: put it back or take its rows out of the tables",
        tmp_path / "empty.jpg": "not a picture: replace the file",
        text: "not a picture: replace the file",
        deep: "has more than 16 bits per pixel: save it as 8-bit or 16-bit grey",
        large: "the picture is 128 x 800; this data set is 24 x 40: "
        "resize it, or leave image_shape out of dataset.toml so that each picture keeps its own size",
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


@pytest.mark.parametrize("number", range(1, 9))
def test_the_orientation_of_the_camera_is_applied(tmp_path: Path, number: int) -> None:
    path = tmp_path / "a.png"
    stored = picture(0) if number < 5 else np.ascontiguousarray(picture(0).T)
    exif = Image.Exif()
    exif[0x0112] = number
    Image.fromarray(stored).save(path, exif=exif)
    upright = np.asarray(ImageOps.exif_transpose(Image.open(path)))  # an independent implementation
    read, turned = decode_picture(path, SPEC)
    assert np.array_equal(read, upright)
    assert turned == (number > 1)


def test_grey_of_16_bits_is_divided_by_256(tmp_path: Path) -> None:
    deep = picture(0).astype(np.uint16) * 256 + picture(1)
    for name in ("a.png", "a.tif"):
        cv2.imwrite(str(tmp_path / name), deep)
        assert np.array_equal(read_picture(tmp_path / name, SPEC), picture(0))


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "LA", "P", "CMYK", "1"])
def test_every_colour_becomes_its_luma(tmp_path: Path, mode: str) -> None:
    colours = np.stack([picture(seed) for seed in range(3)], -1)
    image = Image.fromarray(colours).convert(mode)
    if mode in ("RGBA", "LA"):
        image.putalpha(7)  # nearly transparent, and no less grey for it
    path = tmp_path / ("a.tif" if mode == "CMYK" else "a.png")
    image.save(path)
    red, green, blue = np.moveaxis(np.asarray(image.convert("RGB")).astype(float), -1, 0)
    assert np.abs(read_picture(path, SPEC) - (0.299 * red + 0.587 * green + 0.114 * blue)).max() <= 1


def test_a_large_picture_is_read_where_the_data_set_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)  # Pillow refuses 960 pixels
    Image.fromarray(picture(0)).save(tmp_path / "a.png")
    with pytest.raises(Image.DecompressionBombError):
        Image.open(tmp_path / "a.png")
    assert np.array_equal(read_picture(tmp_path / "a.png", SPEC), picture(0))
    assert Image.MAX_IMAGE_PIXELS == 100


def test_a_header_that_cannot_be_true_is_not_decoded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Image.fromarray(picture(0)).save(tmp_path / "a.png")
    data = bytearray((tmp_path / "a.png").read_bytes())
    data[16:24] = struct.pack(">II", 20_000, 20_000)
    data[29:33] = struct.pack(">I", zlib.crc32(data[12:29]))
    (tmp_path / "a.png").write_bytes(data)
    monkeypatch.setattr(Image.Image, "convert", None)  # nothing comes so far
    large = Spec("large", (20_000, 20_000), ("scratch",))
    with pytest.raises(
        SeverstalError, match=r"a\.png: claims 20,000 x 20,000 pixels in [\d,]+ bytes: damaged"
    ):
        read_picture(tmp_path / "a.png", large)


def test_a_picture_larger_than_the_memory_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(available, "_SMALL", 100)
    monkeypatch.setattr(available, "available_memory", lambda: 1000)
    Image.fromarray(picture(0)).save(tmp_path / "a.png")
    with pytest.raises(SeverstalError, match=r"a\.png: \d+ x \d+ pixels take 0\.0 GB of memory, 0\.0 GB are"):
        read_picture(tmp_path / "a.png", SPEC)


COLOURS = Spec("tiny", (24, 40), ("a", "b"), channels=3)


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "I;16", "CMYK", "1"])
def test_a_data_set_of_colours_keeps_them(tmp_path: Path, mode: str) -> None:
    rgb, plain = np.stack([picture(seed) for seed in range(3)], axis=2), picture(0)
    if mode == "I;16":
        saved, shown = Image.fromarray(plain.astype(np.uint16) * 256 + 7), Image.fromarray(plain)
    else:
        saved = shown = Image.fromarray(plain if mode in ("L", "1") else rgb).convert(mode)
    saved.save(tmp_path / "a.tif")
    expected = np.array(shown.convert("RGB"))
    read = read_picture(tmp_path / "a.tif", COLOURS)
    assert read.dtype == np.uint8
    assert np.array_equal(read, expected)
    luma = expected @ np.array([0.299, 0.587, 0.114])
    assert np.abs(read_picture(tmp_path / "a.tif", SPEC) - luma).max() <= 1


@pytest.mark.parametrize("turn", range(1, 9))
def test_colours_are_turned_upright(tmp_path: Path, turn: int) -> None:
    rgb = np.random.default_rng(0).integers(0, 256, (24, 40, 3), np.uint8)
    exif = Image.Exif()
    exif[0x0112] = turn
    Image.fromarray(rgb).save(tmp_path / "a.png", exif=exif)
    with Image.open(tmp_path / "a.png") as opened:
        shown = np.array(ImageOps.exif_transpose(opened))
    read, turned = decode_picture(tmp_path / "a.png", replace(COLOURS, image_shape=shown.shape[:2]))
    assert np.array_equal(read, shown)
    assert turned == (turn > 1)
