"""severstal duplicates."""

from pathlib import Path

import cv2
import pandas as pd

from severstal.cli.folds import duplicates


def test_pairs_are_printed_written_and_drawn(small_input: Path, tmp_path: Path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    images = small_input / "train_images"
    twin = cv2.imread(str(images / "train04.png"), cv2.IMREAD_GRAYSCALE)
    cv2.imwrite(str(images / "train99.png"), cv2.convertScaleAbs(twin, alpha=0.9, beta=4))
    duplicates(small_input, tmp_path / "out" / "pairs.csv", tmp_path / "pictures")
    said = capsys.readouterr().out.splitlines()
    assert said[0] == "19 pictures, 1 pair of near-duplicates in 1 group, 1 pair labelled differently"
    assert said[1] == "group of 2: train04.png train99.png"
    assert said[2].startswith("labelled differently: train04.png has class 1, train99.png is clean")
    table = pd.read_csv(tmp_path / "out" / "pairs.csv")
    assert table[["first", "second", "shift_y", "shift_x"]].to_numpy().tolist() == [
        ["train04.png", "train99.png", 0, 0]
    ]
    drawn = cv2.imread(str(tmp_path / "pictures" / "train04-train99.png"))
    assert drawn is not None
    assert not (tmp_path / "runs" / "default-small").exists()  # looking makes no run
