"""Content that all pictures share is removed at any shift; other content remains."""

import cv2
import numpy as np

from severstal.data.duplicates.common import CommonPicture


def grain(seed: int, sigma: float = 1.5) -> np.ndarray:
    noise = cv2.GaussianBlur(np.random.default_rng(seed).normal(size=(96, 96)), (0, 0), sigma)
    return (noise / noise.std()).astype(np.float32)


def correlation(first: np.ndarray, second: np.ndarray) -> float:
    return float(np.corrcoef(first.ravel(), second.ravel())[0, 1])


BACKGROUND = grain(1000, 2.0)


def test_unlike_pictures_share_nothing() -> None:
    assert CommonPicture.estimate([grain(seed) for seed in range(20)]) is None


def test_copies_of_one_picture_among_others_are_not_what_all_share() -> None:
    assert CommonPicture.estimate([grain(seed // 4) for seed in range(20)]) is None


def test_fewer_than_eight_could_all_be_copies() -> None:
    copies = [BACKGROUND + 0.1 * grain(seed) for seed in range(8)]
    assert CommonPicture.estimate(copies[:7]) is None
    assert CommonPicture.estimate(copies) is not None


def test_a_background_that_moves_and_turns_is_removed() -> None:
    pictures = [np.roll(BACKGROUND, (seed % 5, -seed % 7), (0, 1)) + 0.4 * grain(seed) for seed in range(20)]
    common = CommonPicture.estimate(pictures)
    assert common is not None
    for seed, picture in enumerate(pictures):
        rest = common.remove(np.ascontiguousarray(picture[:, ::-1]))
        own = np.ascontiguousarray(grain(seed)[:, ::-1])
        assert correlation(rest, own) > 0.75
        assert abs(correlation(rest, np.roll(BACKGROUND, (seed % 5, -seed % 7), (0, 1))[:, ::-1])) < 0.15


def test_what_was_zero_stays_zero_and_other_shapes_stay_as_they_are() -> None:
    common = CommonPicture.estimate([BACKGROUND + 0.3 * grain(seed) for seed in range(9)])
    assert common is not None
    banded = BACKGROUND.copy()
    banded[:, 60:] = 0
    assert not common.remove(banded)[:, 60:].any()
    assert np.array_equal(common.remove(grain(1)[:50]), grain(1)[:50])
