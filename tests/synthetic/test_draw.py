"""The sample on disk: Kaggle's layout, true tables, the same bytes from the same seed, whole or not there."""

import errno
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import pytest

from severstal.competition import rle
from severstal.competition.folder import open_input
from severstal.competition.masks import Masks
from severstal.competition.spec import SEVERSTAL
from severstal.competition.tables import read_labels, read_sample
from severstal.errors import SeverstalError
from severstal.synthetic import draw, draw_image, draw_sample
from severstal.synthetic.plan import Order, image_name, plan_pictures

IMAGES, TEST_IMAGES = 16, 8


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("steel with space") / "sample"
    draw_sample(folder, IMAGES, TEST_IMAGES)
    return folder


def content(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_layout_is_kaggles(sample: Path) -> None:
    data = open_input(sample)
    assert data.spec == SEVERSTAL
    assert len(data.train_names()) == IMAGES
    assert len(data.test_names()) == TEST_IMAGES
    assert not set(data.train_names()) & set(data.test_names())
    names = data.train_names() + data.test_names()
    assert all(re.fullmatch(r"[0-9a-f]{9}\.jpg", name) for name in names)
    assert sorted(path.name for path in sample.parent.iterdir()) == ["sample"]


def test_pictures_are_jpegs_of_three_equal_channels(sample: Path) -> None:
    for path in sample.rglob("*.jpg"):
        assert path.read_bytes()[:3] == b"\xff\xd8\xff"
        assert 15_000 < path.stat().st_size < 250_000
        picture = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
        assert picture.shape == (256, 1600, 3)
        assert (picture == picture[..., :1]).all()


def test_tables_are_in_kaggles_form_and_order(sample: Path) -> None:
    data = open_input(sample)
    for path, names in ((data.train_csv, data.train_names()), (data.truth_csv, data.test_names())):
        text = path.read_bytes().decode()
        assert text.startswith("ImageId,ClassId,EncodedPixels\n")
        assert "\r" not in text
        table = read_labels(path, SEVERSTAL, names)
        pairs = list(zip(table["ImageId"], table["ClassId"], strict=True))
        assert pairs == sorted(pairs)
        assert set(table["ClassId"]) == {1, 2, 3, 4}
    listing = read_sample(data.sample_csv, SEVERSTAL)
    assert list(listing.images) == data.test_names()
    assert listing.form == "today"
    lines = data.sample_csv.read_text().splitlines()
    assert lines[0] == "ImageId,EncodedPixels,ClassId"
    assert lines[1] == f"{data.test_names()[0]},1 409600,0"


def test_labels_are_the_masks_that_were_drawn(sample: Path) -> None:
    data = open_input(sample)
    for split, path, count in (("train", data.train_csv, IMAGES), ("test", data.truth_csv, TEST_IMAGES)):
        table = read_labels(path, SEVERSTAL)
        masks = Masks(table, SEVERSTAL)
        for index, order in enumerate(plan_pictures(count, 0, split)):
            name = image_name(0, split, index)
            rows = table[table["ImageId"] == name]
            assert tuple(rows["ClassId"]) == order.classes
            assert all(rle.decode(text, (256, 1600)).any() for text in rows["EncodedPixels"])
            assert np.array_equal(masks[name], draw_image(0, split, index, order)[1])


def test_files_show_the_pictures_that_were_drawn(sample: Path) -> None:
    for index, order in enumerate(plan_pictures(TEST_IMAGES, 0, "test")):
        stored = cv2.imread(str(sample / "test_images" / image_name(0, "test", index)), cv2.IMREAD_GRAYSCALE)
        drawn = draw_image(0, "test", index, order)[0]
        assert np.abs(stored.astype(int) - drawn).mean() < 4


def test_the_same_seed_gives_the_same_bytes_with_any_number_of_workers(sample: Path, tmp_path: Path) -> None:
    draw_sample(tmp_path / "again", IMAGES, TEST_IMAGES, workers=1)
    assert content(tmp_path / "again") == content(sample)
    draw_sample(tmp_path / "other", 8, 8, seed=1, workers=3)
    assert not content(tmp_path / "other").keys() & {
        name for name in content(sample) if name.endswith(".jpg")
    }


def test_a_whole_sample_is_left_alone(sample: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in sample.rglob("*")}
    draw_sample(sample, IMAGES, TEST_IMAGES)
    assert {path: path.stat().st_mtime_ns for path in sample.rglob("*")} == before


def test_something_else_in_the_folder_is_an_error(sample: Path, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("precious")
    (tmp_path / "file").write_text("precious")
    for folder, seed in ((tmp_path / "mine", 0), (tmp_path / "file", 0), (sample, 1)):
        with pytest.raises(
            SeverstalError, match=rf"{folder.name}: holds something other .* remove it or name"
        ):
            draw_sample(folder, IMAGES, TEST_IMAGES, seed)
    assert (tmp_path / "mine" / "thesis.txt").read_text() == "precious"
    assert len(content(sample)) == IMAGES + TEST_IMAGES + 3


def test_an_empty_folder_is_filled(tmp_path: Path) -> None:
    draw_sample(tmp_path, 8, 8)
    assert len(content(tmp_path)) == 19


@pytest.mark.parametrize(
    ("numbers", "message"),
    [
        ({"images": 7}, "images is 7: give a whole number of at least 8"),
        ({"test_images": 0}, "test_images is 0: give a whole number of at least 8"),
        ({"images": 20_001}, "images is 20001: give a whole number of at most 20000"),
        ({"test_images": 99_999}, "test_images is 99999: give a whole number of at most 20000"),
        ({"seed": -1}, "seed is -1: give a whole number of at least 0"),
    ],
)
def test_impossible_numbers_are_errors(tmp_path: Path, numbers: dict[str, int], message: str) -> None:
    with pytest.raises(SeverstalError, match=message):
        draw_sample(tmp_path / "sample", **numbers)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("error", [KeyboardInterrupt(), RuntimeError("a defect of the code")])
def test_an_interrupt_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    def interrupted(seed: int, split: str, index: int, order: Order) -> tuple[np.ndarray, ...]:
        if index == 5:
            raise error
        return draw_image(seed, split, index, order)

    monkeypatch.setattr(draw, "draw_image", interrupted)
    with pytest.raises(type(error)):
        draw_sample(tmp_path / "sample", 40, 8)
    assert not list(tmp_path.iterdir())


def test_a_full_disk_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, data: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(SeverstalError, match="sample: the disk is full"):
        draw_sample(tmp_path / "sample", 8, 8)
    assert not list(tmp_path.iterdir())


def test_a_killed_draw_leaves_no_folder_and_is_cleaned_up(tmp_path: Path, sample: Path) -> None:
    folder = tmp_path / "sample"
    code = f"from severstal.synthetic import draw_sample; draw_sample({str(folder)!r}, 4000, 8)"
    process = subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.DEVNULL)
    try:
        patience = time.monotonic() + 60
        while len(list(tmp_path.glob(".*.folder/train_images/*.jpg"))) < 3 and time.monotonic() < patience:
            time.sleep(0.02)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert len(list(tmp_path.iterdir())) == 2  # the folder, and the file that bears its lock
    assert not folder.exists()
    draw_sample(folder, IMAGES, TEST_IMAGES)
    assert content(folder) == content(sample)
    assert list(tmp_path.iterdir()) == [folder]


def test_a_folder_that_another_command_or_the_user_made_is_left_alone(tmp_path: Path) -> None:
    thesis = tmp_path / "sample.part" / "thesis" / "a.tex"
    thesis.parent.mkdir(parents=True)
    thesis.write_text("precious")
    draw_sample(tmp_path / "sample", 8, 8)
    assert thesis.read_text() == "precious"
