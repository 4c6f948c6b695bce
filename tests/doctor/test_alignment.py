"""Drawn pictures match the masks that they were drawn with, and none turned."""

import numpy as np
import pytest

from severstal.doctor.alignment import match_mask, measure_turns, turns_of
from severstal.doctor.displacements import undo_displacement

SHAPE = (64, 160)


def draw(random: np.random.Generator, shape: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    picture = random.integers(90, 110, shape).astype(np.uint8)
    mask = np.zeros(shape, np.uint8)
    top, left = random.integers(2, shape[0] // 2), random.integers(2, shape[1] // 2)
    mask[top : top + 9, left : left + 25] = 1
    picture[mask > 0] += 70
    return picture, mask


@pytest.mark.parametrize("shape", [SHAPE, (80, 80)])
def test_the_planted_turn_has_the_largest_mean(shape: tuple[int, int]) -> None:
    random = np.random.default_rng(0)
    pairs = [draw(random, shape) for _ in range(60)]
    sound = measure_turns([match_mask(*pair) for pair in pairs], shape)
    assert all(weight.sigma < -5 for weight in sound.values())
    inverse = {"turned left": "turned right", "turned right": "turned left"}
    for turn in turns_of(shape):
        planted = inverse.get(turn, turn)  # undoing a turn to the left is what turning right plants
        weights = measure_turns(
            [
                match_mask(picture, np.ascontiguousarray(undo_displacement(planted, mask)))
                for picture, mask in pairs
            ],
            shape,
        )
        assert max(weights, key=lambda name: weights[name].mean) == turn
        assert weights[turn].certainty == 1


def test_masks_that_say_nothing_are_left_out() -> None:
    picture = np.full(SHAPE, 100, np.uint8)
    assert match_mask(picture, np.zeros(SHAPE, np.uint8)) is None
    assert match_mask(picture, np.ones(SHAPE, np.uint8)) is None


def test_pictures_without_contrast_give_no_evidence() -> None:
    mask = np.zeros(SHAPE, np.uint8)
    mask[5:20, 5:40] = 1
    for grey in (0, 100, 255):
        match = match_mask(np.full(SHAPE, grey, np.uint8), mask)
        assert np.isfinite(match).all()
        assert not any(weight.certainty for weight in measure_turns([match] * 50, SHAPE).values())
