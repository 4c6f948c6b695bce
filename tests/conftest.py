"""What all tests share: the real data, and a small data set that is drawn in a blink."""

from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest

from severstal import pipeline
from severstal.competition.rle import encode

ROOT = Path(__file__).parents[1]

TINY_RECIPE = """
description = "As small as a recipe can be."

[data]
folds = 2
train_folds = 2
scale = 2

[model]
architecture = "unet"
encoder_name = "tu-mobilenetv3_small_050"
encoder_weights = "none"
options = {decoder_channels = [16, 16, 8, 8, 8]}

[augment]
crop = [64, 64]

[training]
epochs = 2
epoch_images = 48
batch_size = 4
learning_rate = 1e-2

[inference]
flips = ["none", "horizontal"]
"""


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real data beside the checkout; tests that need it skip where it is absent."""
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"real data is not at {folder}")
    return folder


@pytest.fixture
def small_input(tmp_path: Path) -> Path:
    """An input folder in Kaggle's layout: 64 x 96 pictures, two classes, 18 + 4 images, truth included."""
    return draw_small_input(tmp_path / "small")


@pytest.fixture
def tiny_recipe(tmp_path: Path) -> Path:
    """The recipe file that trains two folds in a few seconds."""
    path = tmp_path / "tiny.toml"
    path.write_text(TINY_RECIPE)
    return path


@pytest.fixture(scope="session")
def finished_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where `tiny.toml` was run on `small`, once for all tests that only look at what a run leaves."""
    folder = tmp_path_factory.mktemp("finished")
    (folder / "tiny.toml").write_text(TINY_RECIPE)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        pipeline.run("tiny.toml", draw_small_input(folder / "small"))
    return folder


def draw_small_input(folder: Path, images: int = 18, test_images: int = 4) -> Path:
    """Grey noise; a bright bar is class 1, a dark one class 2; every third picture is clean."""
    folder.mkdir()
    (folder / "dataset.toml").write_text(
        'name = "small"\nimage_shape = [64, 96]\nclasses = ["bright", "dark"]\n'
    )
    rng = np.random.default_rng(0)
    for split, count, table in (
        ("train", images, "train.csv"),
        ("test", test_images, "test_labels.csv"),
    ):
        (folder / f"{split}_images").mkdir()
        rows = []
        for index in range(count):
            name = f"{split}{index:02d}.png"
            picture = rng.integers(80, 120, (64, 96)).astype(np.uint8)
            if index % 3:
                top, left = rng.integers(0, 40), rng.integers(0, 60)
                mask = np.zeros((64, 96), bool)
                mask[top : top + 20, left : left + 30] = True
                picture[mask] = 230 if index % 3 == 1 else 10
                rows.append((name, index % 3, encode(mask)))
            cv2.imwrite(str(folder / f"{split}_images" / name), picture)
        columns = ["ImageId", "ClassId", "EncodedPixels"]
        pd.DataFrame(rows, columns=columns).to_csv(folder / table, index=False)
    names = [f"test{index:02d}.png" for index in range(test_images)]
    sample = pd.DataFrame({"ImageId": names, "EncodedPixels": f"1 {64 * 96}", "ClassId": 0})
    sample.to_csv(folder / "sample_submission.csv", index=False)
    return folder
