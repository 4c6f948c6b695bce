"""Training crops: of the right size, of picture and mask alike, decided by the seed alone."""

import numpy as np
import pytest

from severstal.data.augment import Augment
from severstal.recipe import AugmentSettings

SHAPE = (64, 200)
PLAIN = {"brightness": 0.0, "contrast": 0.0, "horizontal_flip": 0.0, "vertical_flip": 0.0}


def numbered() -> tuple[np.ndarray, np.ndarray]:
    """A picture whose value tells the column, and a mask that is the picture's lowest bit."""
    picture = np.broadcast_to(np.arange(200, dtype=np.uint8), SHAPE).copy()
    return picture, picture & 1


@pytest.mark.parametrize(
    ("crop", "size"),
    [((32, 64), (32, 64)), ((64, 200), (64, 200)), ((256, 512), (64, 200)), ((256, 48), (64, 48))],
)
def test_crops_have_the_size_asked_for_or_the_picture_s(crop: tuple[int, int], size: tuple[int, int]) -> None:
    picture, bits = Augment(AugmentSettings(crop=crop), SHAPE)(*numbered(), seed=0)
    assert picture.shape == bits.shape == size


@pytest.mark.parametrize("non_empty", [0.0, 1.0])
def test_picture_and_mask_are_cut_and_mirrored_together(non_empty: float) -> None:
    settings = AugmentSettings(crop=(32, 48), non_empty=non_empty, brightness=0, contrast=0)
    augment = Augment(settings, SHAPE)
    for seed in range(20):
        picture, bits = augment(*numbered(), seed=seed)
        assert np.array_equal(picture & 1, bits)


def test_the_seed_alone_decides() -> None:
    augment = Augment(AugmentSettings(crop=(32, 64)), SHAPE)
    first = [augment(*numbered(), seed=seed)[0] for seed in range(8)]
    again = [augment(*numbered(), seed=seed)[0] for seed in reversed(range(8))][::-1]
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert len({picture.tobytes() for picture in first}) == 8


def test_crops_come_from_the_whole_picture() -> None:
    augment = Augment(AugmentSettings(crop=(64, 20), non_empty=0.0, **PLAIN), SHAPE)
    lefts = [int(augment(*numbered(), seed=seed)[0][0, 0]) for seed in range(300)]
    assert min(lefts) < 10
    assert max(lefts) > 170


@pytest.mark.parametrize(("share", "low", "high"), [(0.0, 0, 60), (0.5, 130, 270), (1.0, 300, 300)])
def test_the_share_of_non_empty_crops(share: float, low: int, high: int) -> None:
    picture, bits = numbered()[0], np.zeros(SHAPE, np.uint8)
    bits[30:34, 100:104] = 1  # a crop of 32 x 20 rarely meets it by chance
    augment = Augment(AugmentSettings(crop=(32, 20), non_empty=share, **PLAIN), SHAPE)
    hits = sum(bool(augment(picture, bits, seed=seed)[1].any()) for seed in range(300))
    assert low <= hits <= high


def test_a_clean_picture_gives_a_clean_crop() -> None:
    picture, bits = numbered()[0], np.zeros(SHAPE, np.uint16)
    crop, mask = Augment(AugmentSettings(crop=(32, 20), non_empty=1.0), SHAPE)(picture, bits, seed=3)
    assert crop.shape == mask.shape == (32, 20)
    assert mask.dtype == np.uint16
    assert not mask.any()
