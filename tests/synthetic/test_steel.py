"""Bare steel: grey levels, black bands, paint, and the difference of the rolls of test and train set."""

from dataclasses import replace

import numpy as np

from severstal.synthetic.facts import SPLITS
from severstal.synthetic.plan import stream
from severstal.synthetic.steel import ROLLS, draw_steel, steel_level

TRAIN = ROLLS["train"]


def test_black_lies_beside_the_steel_only() -> None:
    for index, (left, right) in enumerate([(0, 1600), (300, 1600), (0, 500), (0, 1590), (1400, 1600)]):
        grey = draw_steel(stream(0, "train", index), TRAIN, left, right, 90, marked=False)
        assert grey.shape == (256, 1600)
        assert np.isfinite(grey).all()
        black = grey.mean(0) < 12
        assert black[: max(left - 10, 0)].all()
        assert black[right + 10 :].all()
        assert not black[left + 10 : right - 10].any()


def test_the_level_is_kept() -> None:
    for level in (30, 90, 180):
        grey = draw_steel(stream(0, "train", 1), TRAIN, 0, 1600, level, marked=False)
        assert abs(grey.mean() - level) < 1


def test_paint_dazzles_but_only_where_it_may_be() -> None:
    roll = replace(TRAIN, marks=1.0)
    bare, painted = (
        [(draw_steel(stream(0, "train", k), roll, 0, 1600, 80, marked) > 250).mean() for k in range(8)]
        for marked in (False, True)
    )
    assert np.median(painted) > 0.003
    assert max(painted) < 0.2
    assert np.median(bare) < 0.001


def test_brightness_by_class_is_the_real_one() -> None:
    lights = (np.arange(200) + 0.5) / 200
    level = {k: np.array([steel_level(TRAIN, k, light) for light in lights]) for k in ((), (2,), (4,))}
    assert abs(level[()].std() - 31) < 5
    assert level[(4,)].mean() > level[()].mean() > level[(2,)].mean() - 5
    assert all((np.diff(levels) >= 0).all() for levels in level.values())
    assert steel_level(TRAIN, (3, 4), 0.5) == steel_level(TRAIN, (4,), 0.5)


def test_the_test_roll_is_darker_and_rougher() -> None:
    assert steel_level(ROLLS["test"], (), 0.5) < steel_level(TRAIN, (), 0.5)
    roughness = [
        np.mean(
            [
                np.diff(draw_steel(stream(0, "train", k), ROLLS[split], 0, 1600, 80, False), axis=1).std()
                for k in range(8)
            ]
        )
        for split in SPLITS
    ]
    assert roughness[1] > roughness[0]


def test_the_grain_is_that_of_the_calmer_real_pictures() -> None:
    grain = {0: [], 1: []}
    for index in range(12):
        grey = draw_steel(stream(1, "train", index), TRAIN, 0, 1600, 95, marked=False)
        for axis, values in grain.items():
            values.append(np.diff(grey, axis=axis).std())
    # 60 real pictures: 4.2 to 18, mean 9.3. Calmer on purpose, so that a small network learns in minutes.
    assert 4.2 < np.mean(grain[1]) < 9.3
    assert 1.0 < np.mean(grain[0]) / np.mean(grain[1]) < 1.4  # 60 real pictures: 1.12
