"""Bare steel: grey levels, black bands, and what tells the test set's roll from the train set's."""

import numpy as np

from severstal.data.sample.plan import stream
from severstal.data.sample.steel import ROLLS, draw_steel


def test_black_lies_beside_the_steel_only() -> None:
    bands = 0
    for index in range(24):
        steel = draw_steel(stream(0, "train", index), ROLLS["train"])
        black = steel.grey.mean(0) < 12
        assert not black[steel.left : steel.right].any()
        assert (black.any()) == (steel.right - steel.left < 1600)
        bands += black.any()
    assert 1 <= bands <= 12  # about a fifth of the real pictures


def test_dark_steel_is_darker_as_a_whole() -> None:
    dark, usual = (
        np.mean([draw_steel(stream(0, "train", k), ROLLS["train"], dark).grey.mean() for k in range(16)])
        for dark in (True, False)
    )
    assert dark < 0.75 * usual
    assert 60 < usual < 115  # the real mean is 87


def test_the_test_roll_is_darker_and_rougher() -> None:
    train, test = (
        [draw_steel(stream(0, "train", k), roll).grey[:, 600:1000] for k in range(16)]
        for roll in ROLLS.values()
    )
    assert np.mean(test) < np.mean(train)
    roughness = [
        np.mean([np.diff(grey, axis=1).std() / grey.mean() for grey in batch if grey.mean() > 30])
        for batch in (train, test)
    ]
    assert roughness[1] > roughness[0]


def test_the_grain_is_that_of_the_real_pictures() -> None:
    fine = []
    for index in range(12):
        steel = draw_steel(stream(1, "train", index), ROLLS["train"])
        fine.append(np.diff(steel.grey[:, steel.left + 80 : steel.right - 80], axis=1).std())
    assert 3 < np.mean(fine) < 14  # 60 real pictures: 3.3 to 18, mean 8.6
