"""Malformed files by the hundred: each one line, none a crash, nothing half-written, the others done."""

import io
import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from fixtures.bright_model import BrightModel, bright_predictor, steel
from PIL import Image

from severstal.deploy.predictor import Predictor
from severstal.deploy.segment.run import segment_files
from severstal.errors import SeverstalError

ENDINGS = (".png", ".jpg", ".bmp", ".tif", ".gif", ".webp", ".pgm")


def encoded(ending: str) -> bytes:
    data = io.BytesIO()
    kind = {".jpg": "JPEG", ".tif": "TIFF", ".pgm": "PPM"}.get(ending, ending[1:].upper())
    Image.fromarray(steel()).save(data, kind)
    return data.getvalue()


def png_of(width: int, height: int, rows: bytes, depth: int = 8) -> bytes:
    """A PNG whose header says what one likes."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, depth, 0, 0, 0, 0)
    parts = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + parts


def malformed(rng: np.random.Generator) -> dict[str, bytes]:
    """Some 250 files: noise, cut, with bytes changed, empty, and headers that lie."""
    files = {}
    for ending in ENDINGS:
        whole = encoded(ending)
        for number in range(10):
            files[f"noise {number}{ending}"] = rng.bytes(int(rng.integers(1, 3000)))
            files[f"cut {number}{ending}"] = whole[: int(rng.integers(1, len(whole)))]
            changed = bytearray(whole)
            for place in rng.integers(0, len(whole), 1 + number):
                changed[place] = int(rng.integers(0, 256))
            files[f"changed {number}{ending}"] = bytes(changed)
            files[f"magic {number}{ending}"] = whole[:12] + rng.bytes(200)
        files[f"empty{ending}"] = b""
    files["bomb.png"] = png_of(60_000, 60_000, b"")
    files["bomb of zeros.png"] = png_of(50_000, 50_000, bytes(10_000))
    files["no width.png"] = png_of(0, 10, b"")
    files["huge side.png"] = png_of(2**31 - 1, 1, b"")
    files["pbm bomb.pgm"] = b"P5 99999999 99999999 255\n"
    files["nan.tif"] = float_tiff(np.full((4, 4), np.nan, np.float32))
    return files


def float_tiff(values: np.ndarray) -> bytes:
    data = io.BytesIO()
    Image.fromarray(values, "F").save(data, "TIFF")
    return data.getvalue()


def test_malformed_files_end_in_one_line_each(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    files = malformed(np.random.default_rng(0))
    assert len(files) >= 200
    for name, data in files.items():
        (folder / name).write_bytes(data)
    cv2.imwrite(str(folder / "whole.png"), steel(3))
    predictor, readable, said = bright_predictor(), 0, list[str]()
    for name, data in files.items():
        for source in (folder / name, data):
            try:
                found = predictor(source)
                results = [found] if not hasattr(found, "__next__") else list(found)
            except SeverstalError as error:
                said.append(str(error))
                continue
            readable += len(results)
            assert all(result.mask.shape == result.image_shape for result in results)
    assert not [line for line in said if "\n" in line]
    assert len(said) >= 200
    assert readable  # some changes hurt nobody

    done = segment_files(predictor, [str(folder)], tmp_path / "out", ("overlay", "mask", "json", "csv"))
    assert done.pictures >= 1
    assert len(done.unreadable) >= 100
    assert all("\n" not in line for line in done.unreadable)
    assert (tmp_path / "out" / "whole.overlay.png").is_file()
    stems = {path.name.split(".overlay")[0] for path in (tmp_path / "out").glob("*.overlay.png")}
    masks = {path.name.split(".mask")[0] for path in (tmp_path / "out").glob("*.mask.png")}
    assert stems == masks
    for path in (tmp_path / "out").glob("*.png"):
        assert cv2.imread(str(path), cv2.IMREAD_UNCHANGED) is not None


@pytest.mark.parametrize("shape", [(1, 1), (1, 50_000), (50_000, 1), (2, 2)])
def test_extreme_shapes(shape: tuple[int, int], tmp_path: Path) -> None:
    picture = np.full(shape, 127, np.uint8)
    picture[-1, -1] = 255
    path = tmp_path / "a.png"
    Image.fromarray(picture).save(path)
    result = bright_predictor(threshold=0.5)(path)
    assert result.image_shape == shape
    (defect,) = result.defects
    assert defect.area == 1
    assert defect.box == (shape[1] - 1, shape[0] - 1, 1, 1)
    assert result.overlay().shape[2] == 3


def test_animations_and_pages_are_frames(tmp_path: Path) -> None:
    pages = [Image.fromarray(steel(number, seed=number)) for number in range(3)]
    for name in ("a.tif", "a.gif", "a.webp"):
        path = tmp_path / name
        pages[0].save(path, save_all=True, append_images=pages[1:])
        results = list(bright_predictor()(path))
        assert [result.name for result in results] == ["a-000000", "a-000001", "a-000002"]
        assert [result.frame for result in results] == [0, 1, 2]
    whole = (tmp_path / "a.tif").read_bytes()
    (tmp_path / "cut.tif").write_bytes(whole[: len(whole) // 2])
    done = segment_files(Predictor(BrightModel()), [str(tmp_path)], tmp_path.with_name("out"), ("mask",))
    assert done.pictures >= 9
    assert any("cut.tif" in line for line in done.unreadable)


def test_a_video_that_ends_early_is_told_and_its_frames_are_done(tmp_path: Path) -> None:
    video = cv2.VideoWriter(str(tmp_path / "a.avi"), cv2.VideoWriter_fourcc(*"MJPG"), 10, (48, 32), False)
    for number in range(30):
        video.write(steel(number, seed=number))
    video.release()
    data = (tmp_path / "a.avi").read_bytes()
    (tmp_path / "cut.avi").write_bytes(data[: len(data) // 2])
    (tmp_path / "noise.avi").write_bytes(b"RIFF" + bytes(500))
    done = segment_files(
        Predictor(BrightModel()), [str(tmp_path / "cut.avi"), str(tmp_path / "noise.avi")], tmp_path / "out"
    )
    assert len(done.unreadable) >= 1
    assert "noise.avi: not a video that OpenCV reads" in done.unreadable[-1]
