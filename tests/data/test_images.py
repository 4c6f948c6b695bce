"""Pictures are read by content and checked; the store gives back just what the files hold."""

import os
import pickle
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from severstal.competition.spec import SEVERSTAL, Spec
from severstal.data import images
from severstal.data.images import ImageStore, build_store, read_picture
from severstal.errors import SeverstalError

SPEC = Spec("tiny", (24, 40), ("a", "b"))


def picture(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, SPEC.image_shape, np.uint8)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "train_images"
    folder.mkdir()
    for seed in range(5):
        Image.fromarray(picture(seed)).save(folder / f"{seed}.png")
    return folder


NAMES = [f"{seed}.png" for seed in range(5)]


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


def test_the_store_holds_the_pictures_at_one_byte_a_pixel(folder: Path, tmp_path: Path) -> None:
    names = NAMES[::-1]
    store = build_store(folder, names, SPEC, tmp_path / "store")
    assert store.names == names
    assert len(store) == 5
    for row, name in enumerate(names):
        assert np.array_equal(store[row], picture(int(name[0])))
        assert np.array_equal(store.picture(name), store[row])
    assert (tmp_path / "store" / images.PIXELS).stat().st_size == 5 * SPEC.pixels


def test_a_store_is_built_once(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = build_store(folder, NAMES, SPEC, tmp_path / "store")
    monkeypatch.setattr(images, "read_picture", lambda *_: pytest.fail("decoded again"))
    assert build_store(folder, NAMES, SPEC, tmp_path / "store").digest == first.digest


def test_a_changed_picture_is_seen(folder: Path, tmp_path: Path) -> None:
    first = build_store(folder, NAMES, SPEC, tmp_path / "store")
    Image.fromarray(picture(9)).save(folder / "3.png")
    os.utime(folder / "3.png", ns=(1, 1))
    second = build_store(folder, NAMES, SPEC, tmp_path / "store")
    assert np.array_equal(second[3], picture(9))
    assert first.digest != second.digest


def test_touching_a_file_changes_no_digest(folder: Path, tmp_path: Path) -> None:
    first = build_store(folder, NAMES, SPEC, tmp_path / "store")
    os.utime(folder / "3.png", ns=(1, 1))
    assert build_store(folder, NAMES, SPEC, tmp_path / "store").digest == first.digest


def test_a_bad_picture_leaves_no_store(folder: Path, tmp_path: Path) -> None:
    (folder / "2.png").write_text("no picture")
    with pytest.raises(SeverstalError, match=r"2\.png: not a picture"):
        build_store(folder, NAMES, SPEC, tmp_path / "store")
    assert not list((tmp_path / "store").iterdir())


def test_a_small_disk_is_said_beforehand(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(images.shutil, "disk_usage", lambda _: type("", (), {"free": 100}))
    with pytest.raises(SeverstalError, match=r"the pictures need 0\.0 GB, the disk has 0\.0 GB: free more"):
        build_store(folder, NAMES, SPEC, tmp_path / "store")


def test_a_store_travels_to_worker_processes(folder: Path, tmp_path: Path) -> None:
    store = build_store(folder, NAMES, SPEC, tmp_path / "store")
    sent = pickle.dumps(store)
    assert len(sent) < 2000  # the pixels stay on disk
    assert np.array_equal(pickle.loads(sent)[4], store[4])


def test_blocks_keep_the_order(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(images, "BLOCK", 2)
    store = build_store(folder, NAMES, SPEC, tmp_path / "store")
    assert isinstance(store, ImageStore)
    assert all(np.array_equal(store[seed], picture(seed)) for seed in range(5))
