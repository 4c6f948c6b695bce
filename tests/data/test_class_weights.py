"""Weights of classes: the rarer the heavier, never without a bound."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest

from severstal.competition.masks import Masks
from severstal.competition.rle import encode
from severstal.competition.spec import Spec
from severstal.data.class_weights import rarity_weights

SPEC = Spec("tiny", (16, 24), ("hole", "crack", "dent"))


def masks_of(pictures: Sequence[np.ndarray]) -> tuple[Masks, list[str]]:
    """Masks of pictures of planes, (C, H, W) bool each."""
    rows = [
        (f"{number}.jpg", class_id, encode(plane))
        for number, planes in enumerate(pictures)
        for class_id, plane in enumerate(planes, 1)
        if plane.any()
    ]
    table = pd.DataFrame(rows, columns=["ImageId", "ClassId", "EncodedPixels"])
    return Masks(table, SPEC), [f"{number}.jpg" for number in range(len(pictures))]


@pytest.mark.parametrize(("kind", "power"), [("balanced", 2), ("proportional", 1)])
def test_pixels_times_a_power_of_the_weight_is_the_same_for_every_class(kind: str, power: int) -> None:
    chance = np.array([0.5, 0.1, 0.02])[:, None, None]
    pictures = [np.random.default_rng(seed).random((3, 16, 24)) < chance for seed in range(9)]
    masks, names = masks_of(pictures)
    weights = rarity_weights(masks, names, SPEC, kind)
    pixels = np.sum(pictures, axis=(0, 2, 3))
    assert weights.dtype == np.float64
    assert weights.mean() == pytest.approx(1)
    assert np.ptp(weights**power * pixels) < 1e-9 * pixels.max()
    assert weights[0] < weights[1] < weights[2]


def test_only_the_named_pictures_count() -> None:
    planes = np.zeros((3, 16, 24), bool)
    planes[:, :2] = True
    other = planes.copy()
    other[1] = True
    masks, names = masks_of([planes, other])
    assert rarity_weights(masks, names[:1], SPEC).tolist() == [1, 1, 1]
    assert rarity_weights(masks, names, SPEC)[1] < 1


def test_a_class_without_pixels_weighs_as_the_rarest() -> None:
    planes = np.zeros((3, 16, 24), bool)
    planes[0, :8], planes[1, :2] = True, True
    weights = rarity_weights(*masks_of([planes]), SPEC)
    assert weights[2] == weights[1] == pytest.approx(2 * weights[0])


def test_no_defect_at_all_gives_ones() -> None:
    masks, names = masks_of([np.zeros((3, 16, 24), bool)] * 2)
    assert rarity_weights(masks, names, SPEC).tolist() == [1, 1, 1]
    assert rarity_weights(masks, [], SPEC).tolist() == [1, 1, 1]
