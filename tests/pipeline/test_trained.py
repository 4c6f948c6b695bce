"""Reading never trains: missing, changed and outdated weights are refused, and the message says which."""

import re
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest

from severstal.cli import main
from severstal.pipeline import training

FIT = training.fit
RUN = Path("runs/tiny-small")
READING = {
    "score": ["score", str(RUN)],
    "metrics": ["metrics", str(RUN)],
    "tune": ["tune", str(RUN)],
    "predict": ["predict", str(RUN)],
    "submit": ["submit", str(RUN), "--output", "again.csv"],
    "propose": ["submit", str(RUN), "--output", "again.csv", "--propose"],
}


@pytest.fixture(autouse=True)
def here(copy_finished: Callable[[Path], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A copy of a finished run; training is out of reach."""
    monkeypatch.chdir(copy_finished(tmp_path))
    monkeypatch.setattr(training, "fit", lambda *_: pytest.fail("trained"))


def flip_a_byte() -> str:
    path = RUN / "fold1" / "model.safetensors"
    data = bytearray(path.read_bytes())
    data[-7] ^= 1
    path.write_bytes(data)
    return r"fold1/model\.safetensors was changed since it was made"


def lose_weights() -> str:
    (RUN / "fold0" / "last.safetensors").unlink()
    return r"fold0/last\.safetensors is missing"


def lose_the_record() -> str:
    (RUN / "stages" / "train-fold1.json").unlink()
    return "fold1 is not trained"


def damage_the_record() -> str:
    (RUN / "stages" / "train-fold1.json").write_text("{")
    return r"fold1 is not trained: .*train-fold1\.json is damaged"


def change_a_setting() -> str:
    path = RUN / "recipe.toml"
    path.write_text(re.sub("learning_rate = .*", "learning_rate = 0.5", path.read_text(), count=1))
    return r"fold0 was trained with other settings: training\.learning_rate is 0\.5 and was 0\.01"


def correct_a_label() -> str:
    table = pd.read_csv("small/train.csv")
    table.iloc[1:].to_csv("small/train.csv", index=False)
    return "fold0 was trained on other data: labels changed since"


def retouch_a_picture() -> str:
    path = "small/train_images/train03.png"
    cv2.imwrite(path, np.flipud(cv2.imread(path, cv2.IMREAD_GRAYSCALE)))
    return "fold0 was trained on other data: pictures changed since"


def lose_the_folds() -> str:
    (RUN / "folds.csv").unlink()
    return r"folds\.csv: not on .*: `severstal train` makes it"


FAULTS = (
    flip_a_byte,
    lose_weights,
    lose_the_record,
    damage_the_record,
    change_a_setting,
    correct_a_label,
    retouch_a_picture,
    lose_the_folds,
)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_every_reading_command_refuses_it(
    fault: Callable[[], str], capsys: pytest.CaptureFixture, caplog: pytest.LogCaptureFixture
) -> None:
    pattern = fault()
    weights = {path: path.read_bytes() for path in RUN.rglob("*.safetensors")}
    for words in READING.values():
        with pytest.raises(SystemExit, match="2"):
            main(words)
        lines = capsys.readouterr().err.splitlines()
        assert re.search(pattern, lines[-1]), words
        assert "severstal train" in lines[-1]
        assert lines[-1].startswith("severstal: ")
    assert {path: path.read_bytes() for path in RUN.rglob("*.safetensors")} == weights
    assert not Path("again.csv").exists()


def test_complete_folders_are_read_by_every_reader(capsys: pytest.CaptureFixture) -> None:
    for words in READING.values():
        with pytest.raises(SystemExit) as ended:
            main(words)
        assert not ended.value.code, capsys.readouterr().err


def test_the_repair_in_the_message_works(
    capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    flip_a_byte()
    with pytest.raises(SystemExit):
        main(READING["tune"])
    command = re.search("`severstal (.*)`", capsys.readouterr().err).group(1)
    monkeypatch.setattr(training, "fit", FIT)
    with pytest.raises(SystemExit) as ended:
        main(command.split())
    assert not ended.value.code
    with pytest.raises(SystemExit) as ended:
        main(READING["tune"])
    assert not ended.value.code
