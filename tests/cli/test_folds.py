"""severstal duplicates."""

from pathlib import Path

import cv2
import pandas as pd

from severstal.cli.folds import duplicates, lookup


def test_pairs_are_printed_written_and_drawn(small_input: Path, tmp_path: Path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    images = small_input / "train_images"
    twin = cv2.imread(str(images / "train04.png"), cv2.IMREAD_GRAYSCALE)
    cv2.imwrite(str(images / "train99.png"), cv2.convertScaleAbs(twin, alpha=0.9, beta=4))
    duplicates(small_input, tmp_path / "out" / "pairs.csv", tmp_path / "pictures")
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "19 pictures, 1 pair of near-duplicates in 1 group, 1 pair labelled differently"
    assert lines[1] == "group of 2: train04.png train99.png"
    assert lines[2].startswith("labelled differently: train04.png has class 1, train99.png is clean")
    table = pd.read_csv(tmp_path / "out" / "pairs.csv")
    assert table[["first", "second", "shift_y", "shift_x"]].to_numpy().tolist() == [
        ["train04.png", "train99.png", 0, 0]
    ]
    drawn = cv2.imread(str(tmp_path / "pictures" / "train04-train99.png"))
    assert drawn is not None
    assert not (tmp_path / "runs" / "default-small").exists()  # looking makes no run


def leak(small_input: Path) -> None:
    """Put a train picture, mirrored, into the test set."""
    first = sorted((small_input / "test_images").iterdir())[0]
    twin = cv2.imread(str(small_input / "train_images" / "train04.png"), cv2.IMREAD_GRAYSCALE)
    cv2.imwrite(str(first), cv2.flip(twin, 1))


def test_test_pictures_that_are_in_the_training_set_are_reported(
    small_input: Path, tmp_path: Path, monkeypatch, capsys
) -> None:
    monkeypatch.chdir(tmp_path)
    leak(small_input)
    duplicates(small_input, test=True)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("1 of ")
    assert lines[0].endswith("1 of 18 train pictures is also in the test set")
    assert "train train04.png, mirrored left-right (agreement " in lines[1]


def test_the_nearest_masks_are_looked_up(small_input: Path, tmp_path: Path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    leak(small_input)
    (small_input / "test_labels.csv").unlink()
    lookup(small_input, tmp_path / "lookup.csv")
    assert "not scored" in capsys.readouterr().out
    table = pd.read_csv(tmp_path / "lookup.csv", dtype=str, keep_default_na=False)
    marked = table[table["EncodedPixels"] != ""]
    assert marked["ClassId"].tolist() == ["1"]
    truth = tmp_path / "truth.csv"
    marked.to_csv(truth, index=False)
    lookup(small_input, tmp_path / "lookup.csv", truth)
    assert "1.0000" in capsys.readouterr().out
