"""The size of a picture is read from its header, as it is displayed."""

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps

from severstal.competition import headers
from severstal.competition.headers import read_shape
from severstal.data.pictures import decode_bytes
from severstal.errors import SeverstalError


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


@pytest.mark.parametrize("turn", range(1, 9))
@pytest.mark.parametrize("ending", ["jpg", "png", "tif", "webp"])
def test_the_size_is_that_of_the_displayed_picture(tmp_path: Path, ending: str, turn: int) -> None:
    grey = np.random.default_rng(0).integers(0, 256, (20, 30), np.uint8)
    path, exif = tmp_path / f"a.{ending}", Image.Exif()
    exif[0x0112] = turn
    Image.fromarray(grey).save(path, exif=exif)
    with Image.open(io.BytesIO(path.read_bytes())) as opened:
        turned = opened if ending == "tif" else ImageOps.exif_transpose(opened)  # Pillow turns a TIFF itself
        shown = np.array(turned.convert("L"))
    decoded, _ = decode_bytes(path.read_bytes(), "a")
    assert read_shape(path) == shown.shape == decoded.shape
    assert np.abs(decoded.astype(int) - shown).max() <= 3


def test_exif_behind_the_pixels_of_a_png_is_found(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    file = io.BytesIO()
    Image.new("L", (30, 20)).save(file, "PNG")
    whole = file.getvalue()
    (tmp_path / "a.png").write_bytes(whole[:-12] + chunk(b"eXIf", exif.tobytes()[6:]) + whole[-12:])
    assert read_shape(tmp_path / "a.png") == (30, 20)


def test_no_pixel_is_decoded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for ending in ("jpg", "png", "tif"):
        Image.new("L", (30, 20)).save(tmp_path / f"a.{ending}")
    monkeypatch.setattr(headers.Image.Image, "load", lambda self: pytest.fail("decoded"))
    assert {read_shape(path) for path in tmp_path.iterdir()} == {(20, 30)}


def test_what_is_no_picture_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_text("no picture")
    with pytest.raises(SeverstalError, match=r"a\.jpg: not a picture: replace the file"):
        read_shape(tmp_path / "a.jpg")
    with pytest.raises(SeverstalError, match=r"b\.jpg: no such picture: put it back"):
        read_shape(tmp_path / "b.jpg")
