"""Pictures are listed; other files beside them are skipped and logged."""

import logging
import os
from pathlib import Path

import cv2
import numpy as np
import pytest

from severstal.competition.listing import FolderListing, list_folder, list_images
from severstal.errors import SeverstalError


def save(path: Path, pixels: np.ndarray, *options: int) -> None:
    path.write_bytes(cv2.imencode(path.suffix, pixels, options)[1].tobytes())


def steel(number: int) -> np.ndarray:
    """A noisy picture with a black border, as strips have beside the steel."""
    random = np.random.default_rng(number)
    picture = random.normal(120, 9, (64, 96)).clip(1, 255).astype(np.uint8)
    picture[:, :30] = 0
    return picture


def mask(number: int) -> np.ndarray:
    """Nothing, or an ellipse of class 1 or 2."""
    drawn = np.zeros((64, 96), np.uint8)
    if number % 3:
        cv2.ellipse(drawn, (40 + number, 30), (20, 9 + number % 4), 20, 0, 360, number % 3, cv2.FILLED)
    return drawn


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for number in range(12):
        save(tmp_path / f"tr{number:03}.jpg", steel(number), cv2.IMWRITE_JPEG_QUALITY, 90)
    return tmp_path


def black_and_white(number: int) -> np.ndarray:
    return np.where(mask(number) > 0, 255, 0).astype(np.uint8)


MASKS = {
    "class numbers": mask,
    "black and white": black_and_white,
    "white background": lambda number: np.where(mask(number) > 0, 0, 255).astype(np.uint8),
    "grey background": lambda number: (90 + 60 * mask(number)).astype(np.uint8),
    "smoothed": lambda number: cv2.GaussianBlur(
        np.where(mask(number) > 0, 255, 0).astype(np.uint8), (3, 3), 0
    ),
    "colours": lambda number: np.stack([0 * mask(number), 60 * mask(number), 120 * mask(number)], axis=2),
}


@pytest.mark.parametrize("kind", MASKS)
@pytest.mark.parametrize("name", ["tr{:03}.png", "tr{:03}_mask.png", "tr{:03}-GT.bmp", "tr{:03} label.tif"])
def test_masks_beside_their_pictures_are_distinguished_from_them(kind: str, name: str, folder: Path) -> None:
    for number in range(12):
        save(folder / name.format(number), MASKS[kind](number))
    listing = list_folder(folder)
    assert listing.pictures == tuple(f"tr{number:03}.jpg" for number in range(12))
    assert listing.masks == tuple(sorted(name.format(number) for number in range(12)))


def test_masks_that_were_compressed_as_jpeg_are_masks(folder: Path) -> None:
    for number in range(12):
        large = cv2.resize(
            MASKS["black and white"](number), None, fx=8, fy=8, interpolation=cv2.INTER_NEAREST
        )
        save(folder / f"tr{number:03}_mask.jpg", large, cv2.IMWRITE_JPEG_QUALITY, 85)
    assert len(list_folder(folder).masks) == 12


def test_pictures_that_share_a_stem_or_are_called_masks_stay(folder: Path) -> None:
    for number in range(12):
        save(folder / f"tr{number:03}.png", steel(100 + number))
        save(folder / f"tr{number:03}_mask.jpg", steel(200 + number))
    save(folder / "mask.png", mask(1))
    save(folder / "other_mask.png", mask(1))  # there is no picture named `other`
    listing = list_folder(folder)
    assert len(listing.pictures) == 38
    assert listing.masks == ()


def test_what_is_no_picture_is_passed_over_by_ending_and_content(tmp_path: Path) -> None:
    save(tmp_path / "a.png", steel(0))
    (tmp_path / "content.dat").write_bytes((tmp_path / "a.png").read_bytes())
    (tmp_path / "named.JPG").write_bytes(b"cut short")
    for name in ("Thumbs.db", "a.json", "README", "labels.csv", ".DS_Store"):
        (tmp_path / name).write_bytes(b"\xd0\xcf\x11\xe0 or anything")
    (tmp_path / "empty").mkdir()
    (tmp_path / "batch2").mkdir()
    save(tmp_path / "batch2" / "b.png", steel(1))
    assert list_folder(tmp_path) == FolderListing(
        pictures=("a.png", "content.dat", "named.JPG"),
        others=("README", "Thumbs.db", "a.json", "labels.csv"),
        folders=("batch2",),
    )


def test_dangling_links_and_pipes_are_told_and_not_opened(tmp_path: Path) -> None:
    save(tmp_path / "a.png", steel(0))
    (tmp_path / "link.png").symlink_to("a.png")
    (tmp_path / "dangling.png").symlink_to("nowhere.png")
    os.mkfifo(tmp_path / "pipe")  # whoever opened it would wait for a writer
    expected = FolderListing(pictures=("a.png", "link.png"), others=("dangling.png", "pipe"))
    assert list_folder(tmp_path) == expected


def test_names_are_sorted_by_their_letters(tmp_path: Path) -> None:
    for name in ("b.jpg", "a.png", "B.jpg"):
        (tmp_path / name).touch()
    assert list_images(tmp_path) == ["B.jpg", "a.png", "b.jpg"]


def test_what_is_passed_over_is_reported_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    for name in ("a.jpg", "Thumbs.db", "x.json"):
        (tmp_path / name).touch()
    with caplog.at_level(logging.INFO, "severstal"):
        assert list_images(tmp_path) == list_images(tmp_path) == ["a.jpg"]
    assert [record.getMessage() for record in caplog.records] == [
        f"{tmp_path}: passed over: 2 files that are no pictures (Thumbs.db, ...)"
    ]


def test_a_folder_without_pictures_is_refused(tmp_path: Path) -> None:
    (tmp_path / "Thumbs.db").touch()
    with pytest.raises(SeverstalError, match="holds no picture"):
        list_images(tmp_path)


def test_real_pictures_are_no_masks(real_data: Path) -> None:
    for name, count in (("severstal", 60), ("magnetic_tile", 933), ("neu_seg", 798)):
        listing = list_folder(real_data / name / "train_images")
        assert (len(listing.pictures), listing.masks, listing.others) == (count, (), ())
