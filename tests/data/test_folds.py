"""Folds hold every image once and every class in proportion; a bounded draw does too."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from severstal.data.folds import draw_images, load_folds, make_folds, save_folds
from severstal.errors import SeverstalError


def labelled(images: int, seed: int = 0) -> tuple[list[str], np.ndarray]:
    rng = np.random.default_rng(seed)
    presence = rng.random((images, 4)) < [0.07, 0.02, 0.41, 0.06]  # the real shares of the classes
    return [f"{index:04d}.jpg" for index in range(images)], presence


def test_every_image_is_in_one_fold() -> None:
    names, presence = labelled(1000)
    folds = make_folds(names, presence, 5)
    assert folds["ImageId"].tolist() == names
    assert sorted(folds["fold"].unique()) == [0, 1, 2, 3, 4]


def test_classes_are_spread_evenly() -> None:
    names, presence = labelled(1000)
    fold = make_folds(names, presence, 5)["fold"].to_numpy()
    counts = np.array([presence[fold == number].sum(0) for number in range(5)])
    assert (np.ptp(counts, axis=0) <= 2).all(), counts
    assert np.ptp(np.bincount(fold)) <= 8


def test_the_seed_alone_decides() -> None:
    names, presence = labelled(100)
    first, again, other = (make_folds(names, presence, 5, seed) for seed in (1, 1, 2))
    assert first.equals(again)
    assert not first.equals(other)


def test_the_draw_is_bounded_and_in_proportion() -> None:
    names, presence = labelled(3000)
    drawn = draw_images(names, presence, 240)
    assert 200 <= len(drawn) <= 240
    assert drawn == sorted(set(drawn))
    share = presence[np.isin(names, drawn)].mean(0)
    assert np.abs(share - presence.mean(0)).max() < 0.02


def test_all_images_are_drawn_when_they_are_few() -> None:
    names, presence = labelled(30)
    assert draw_images(names, presence, 240) == draw_images(names, presence, 0) == names


def test_too_few_images_are_an_error() -> None:
    names, presence = labelled(3)
    with pytest.raises(SeverstalError, match="3 labelled images cannot fill 5 folds"):
        make_folds(names, presence, 5)


def test_folds_survive_the_file(tmp_path: Path) -> None:
    folds = pd.DataFrame({"ImageId": ["NA", "b_1.jpg"], "fold": [1, 0]})
    save_folds(folds, tmp_path / "folds.csv")
    pd.testing.assert_frame_equal(load_folds(tmp_path / "folds.csv"), folds, check_dtype=False)


def test_a_broken_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "folds.csv"
    with pytest.raises(SeverstalError, match="no such file"):
        load_folds(path)
    path.write_text("ImageId,fold\na,x\n")
    with pytest.raises(SeverstalError, match="not a table of ImageId,fold"):
        load_folds(path)
