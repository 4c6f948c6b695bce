"""Faults planted in the masks of pictures of many sizes are found and repaired, each in its own frame."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest

from severstal.competition.rle import decode, encode
from severstal.data.pictures import read_picture
from severstal.doctor import examine, write_repair

SHAPES = ((60, 90), (150, 70), (40, 120), (128, 200))
COLUMNS = ["ImageId", "ClassId", "EncodedPixels"]
Change = Callable[[np.ndarray], np.ndarray]


def rolled_text(mask: np.ndarray) -> np.ndarray:
    return np.roll(mask.ravel("F"), 1).reshape(mask.shape, order="F")


PLANTS: dict[str, tuple[str, Change]] = {
    "flipped left to right": ("flip", lambda mask: mask[:, ::-1]),
    "flipped top to bottom": ("flip", lambda mask: mask[::-1]),
    "written row by row": ("by rows", lambda mask: mask.ravel().reshape(mask.shape, order="F")),
    "shifted down by a pixel along": ("shift", rolled_text),
    "shifted right by a pixel": ("shift", lambda mask: np.roll(mask, 1, axis=1)),
}


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, np.ndarray]]:
    """Pictures of four sizes with one bright blob each, many of which are cut by a border."""
    folder, rng, masks = tmp_path_factory.mktemp("many"), np.random.default_rng(0), {}
    (folder / "dataset.toml").write_text('name = "tiles"\nclasses = ["bright"]\n')
    (folder / "train_images").mkdir()
    for index in range(160):
        height, width = SHAPES[index % 4]
        centre = rng.uniform(-0.02, 0.45) * width, rng.uniform(-0.02, 0.45) * height
        if index % 3 == 0:
            centre = width - centre[0] / 8, height - centre[1] / 8
        blob = np.zeros((height, width), np.uint8)
        cv2.ellipse(blob, (centre, (width / 3, height / 3), rng.uniform(0, 180)), 1, -1)
        picture = rng.normal(100, 8, (height, width)) + 90 * blob
        name = f"{index:03d}.png"
        cv2.imwrite(str(folder / "train_images" / name), picture.clip(0, 255).astype(np.uint8))
        if blob.any():
            masks[name] = blob
    return folder, masks


def write(folder: Path, masks: dict[str, np.ndarray], change: Change = np.asarray) -> None:
    rows = [(name, 1, encode(change(mask))) for name, mask in masks.items()]
    pd.DataFrame(rows, columns=COLUMNS).to_csv(folder / "train.csv", index=False)


def findings(folder: Path) -> list:
    return list(examine(folder, read_picture).findings)


def test_sound_masks_are_clean(drawn: tuple[Path, dict[str, np.ndarray]]) -> None:
    write(*drawn)
    report = examine(drawn[0], read_picture)
    assert not report.findings
    assert "train_images: 160 pictures of 4 sizes, 40 x 120 to 128 x 200" in " ".join(report.looked_at)


@pytest.mark.parametrize("fault", PLANTS)
def test_a_displacement_is_found_and_undone(
    drawn: tuple[Path, dict[str, np.ndarray]], tmp_path: Path, fault: str
) -> None:
    folder, masks = drawn
    kind, change = PLANTS[fault]
    write(folder, masks, change)
    report = examine(folder, read_picture)
    (found,) = report.findings
    assert (found.kind, found.certain) == (kind, True)
    assert fault.removeprefix("shifted ").removeprefix("written ") in found.what
    write_repair(report, tmp_path / "repaired.csv")
    repaired = pd.read_csv(tmp_path / "repaired.csv")
    for name, runs in zip(repaired["ImageId"], repaired["EncodedPixels"], strict=True):
        assert np.array_equal(decode(runs, masks[name].shape), masks[name])


def test_a_run_past_its_own_picture_is_named(drawn: tuple[Path, dict[str, np.ndarray]]) -> None:
    folder, masks = drawn
    write(folder, masks)
    table = pd.read_csv(folder / "train.csv")
    table.loc[0, "EncodedPixels"] = "5399 9"  # 60 x 90
    table.to_csv(folder / "train.csv", index=False)
    (found,) = findings(folder)
    assert found.what == "masks have runs past the last pixel"
    assert "row 1: image 000.png: run 1 (`5399 9`) ends past pixel 5400" in found.examples[0]
    write(folder, masks)


def test_a_table_without_its_pictures_is_examined_as_far_as_it_goes(
    drawn: tuple[Path, dict[str, np.ndarray]], tmp_path: Path
) -> None:
    folder, masks = drawn
    write(folder, masks)
    (tmp_path / "dataset.toml").write_text((folder / "dataset.toml").read_text())
    alone = tmp_path / "train.csv"
    alone.write_bytes((folder / "train.csv").read_bytes())
    report = examine(alone, read_picture)
    assert not report.findings
    assert not examine(alone, read_picture, folder / "train_images").findings
