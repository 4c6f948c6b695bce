"""What a score says of near-duplicates between what was trained on and what is scored."""

import json
import re
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest

from severstal.cli import main
from severstal.competition.rle import decode, encode
from severstal.runs.leaks import leaking_images

COPIES = [("train00.png", "train17.png")]


def call(*words: object) -> int:
    with pytest.raises(SystemExit) as ended:
        main(list(map(str, words)))
    return ended.value.code or 0


def grey(path: Path) -> np.ndarray:
    return cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)


@pytest.fixture
def copied_input(small_input: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The last train picture is the first, brightened; a test picture is a train picture upside down."""
    monkeypatch.chdir(tmp_path)
    pictures, table = small_input / "train_images", pd.read_csv(small_input / "train.csv")
    cv2.imwrite(str(pictures / "train17.png"), grey(pictures / "train00.png") + 1)
    table = table[table["ImageId"] != "train17.png"]
    table.to_csv(small_input / "train.csv", index=False)
    cv2.imwrite(str(small_input / "test_images" / "test00.png"), grey(pictures / "train01.png")[::-1, ::-1])
    [runs] = table.loc[table["ImageId"] == "train01.png", "EncodedPixels"]
    truth = pd.read_csv(small_input / "test_labels.csv")
    truth = truth[truth["ImageId"] != "test00.png"]
    turned = encode(decode(runs, (64, 96))[::-1, ::-1])
    truth.loc[len(truth) + 10] = ["test00.png", 1, turned]
    truth.to_csv(small_input / "test_labels.csv", index=False)
    names = [f"train{row:02d}.png" for row in range(18)]
    pd.DataFrame({"ImageId": names, "fold": np.arange(18) // 9}).to_csv("mine.csv", index=False)
    return small_input


def test_a_scorecard_tells_copies_and_scores_the_control(
    copied_input: Path, tiny_recipe: Path, capsys: pytest.CaptureFixture
) -> None:
    words = (tiny_recipe, "--input", copied_input, "--output", "out.csv", "--folds", "mine.csv")
    assert call("run", *words) == 0
    told = " ".join(capsys.readouterr().out.split())
    # Each copy is labelled by the other: both pairs with a mask are right, and so are all empty ones.
    labels = pd.read_csv(copied_input / "train.csv")
    masked = set(zip(labels["ImageId"], labels["ClassId"], strict=True))
    agree = sum((a, k) in masked and (b, k) in masked for a, b in COPIES for k in (1, 2))
    alone = sum(((a, k) in masked) != ((b, k) in masked) for a, b in COPIES for k in (1, 2))
    empty = 36 - len(masked)
    assert (
        "2 of 18 images are near-duplicates of images in another fold, which their networks were trained on: "
        "the score is too high there; the control that copies the mask of the nearest one scores "
        f"{(empty - alone + 2 * agree) / 36:.4f}, the all-empty baseline {empty / 36:.4f}"
    ) in told
    truth = pd.read_csv(copied_input / "test_labels.csv")
    # Of 4 pictures with 2 classes each: both pairs of the copy are right, and the empty ones of the others.
    empty = 8 - len(truth)
    right = (empty + 1) / 8
    assert (
        "1 of 4 test pictures is a near-duplicate of training pictures: the control that copies the mask of "
        f"the nearest one scores {right:.4f}, the all-empty baseline {empty / 8:.4f}"
    ) in told
    scores = json.loads(Path("runs/tiny-small/scorecard.json").read_text())
    assert any("in another fold" in note for note in scores["oof"]["notes"])
    assert any("the control that copies" in note for note in scores["test"]["notes"])

    listed = (("tune", "runs/tiny-small"), ("metrics", "runs/tiny-small"), ("runs",))
    for words in (*listed, ("compare-runs", "runs/tiny-small", "runs/tiny-small")):
        assert call(*words) == 0
        told = capsys.readouterr().out
        assert re.search("2 of 18 (held-out )?images are near-duplicates of images in another fold", told)
    assert leaking_images("runs/tiny-small") == (2, 18)
    Path("runs/tiny-small/duplicates.csv").unlink()
    assert leaking_images("runs/tiny-small") == (0, 0)

    assert call("lookup", "--input", copied_input, "--output", "lookup.csv") == 0
    told = capsys.readouterr().out
    assert told.startswith("1 of 4 test pictures is also in the training set")
    assert f"score                {right:.4f}" in told
    assert "is not searched for here" not in told
    assert call("score", "out.csv", "--truth", copied_input / "test_labels.csv", "--input", copied_input) == 0
    assert (
        "which of these images are also in the training set is not searched for here"
        in capsys.readouterr().out
    )
    assert (
        call(
            "score",
            "runs/tiny-small/oof/masks.csv",
            "--truth",
            copied_input / "train.csv",
            "--input",
            copied_input,
        )
        == 0
    )
    assert "is not searched for here" not in capsys.readouterr().out
