"""Outlines hit the area asked for, touch the edges asked for, and look like an annotator's polygon."""

import numpy as np
import pytest
from scipy import ndimage

from severstal.synthetic.facts import AREAS
from severstal.synthetic.outlines import HEIGHT, WIDTH, across, outline


@pytest.mark.parametrize("class_id", [1, 2, 3, 4])
@pytest.mark.parametrize("rank", [1, 3, 5, 7, 9])
def test_areas_are_hit(class_id: int, rank: int) -> None:
    area = AREAS[class_id][rank]
    close = []
    for seed in range(30):
        mask = outline(np.random.default_rng(seed), class_id, area, (), WIDTH, (seed + 0.5) / 30)
        assert mask.dtype == np.uint8
        assert set(np.unique(mask)) <= {0, 1}
        close.append(abs(int(mask.sum()) - area) < 0.06 * area + 30)
        assert mask.shape[0] <= HEIGHT
        assert mask.shape[1] <= WIDTH
        assert mask.any(0).all()
        assert mask.any(1).all()
        assert ndimage.label(mask, np.ones((3, 3)))[1] == 1
        assert ndimage.binary_fill_holes(mask).sum() - mask.sum() < 0.05 * area
    assert np.mean(close) > 0.7  # the others are too slender or too flat for their area


def test_an_edge_cuts_a_piece_flat() -> None:
    cuts = [
        outline(np.random.default_rng(seed), 4, 20_000, {"top", "left"}, WIDTH, 0.5) for seed in range(30)
    ]
    whole = [outline(np.random.default_rng(seed), 4, 20_000, (), WIDTH, 0.5) for seed in range(30)]
    for axis in (0, 1):
        flat = [np.median([mask.take(0, axis).sum() for mask in masks]) for masks in (cuts, whole)]
        assert flat[0] > 20
        assert flat[1] < 0.5 * flat[0]


def test_a_narrow_strip_keeps_pieces_narrow() -> None:
    for seed in range(20):
        assert outline(np.random.default_rng(seed), 3, 20_000, (), 130, 0.5).shape[1] <= 130


def test_seams_are_upright_and_small_pieces_of_class_4_are_not() -> None:
    masks = {
        k: [outline(np.random.default_rng(s), k, 3000, (), WIDTH, (s + 0.5) / 40) for s in range(40)]
        for k in (2, 4)
    }
    slender = {k: np.median([m.shape[0] / m.shape[1] for m in group]) for k, group in masks.items()}
    assert slender[2] > 6
    assert 0.6 < slender[4] < 1.3


def test_across_follows_a_leaning_outline() -> None:
    y, x = np.mgrid[:100, :60]
    mask = ((x >= 0.3 * y) & (x < 0.3 * y + 20)).astype(np.uint8)
    place, width = across(mask)
    assert np.allclose(width[10:-10], 20, atol=1)
    assert np.abs(place[mask > 0]).max() < 1.3
    middle = np.abs(place).argmin(1)
    assert np.abs(middle - (0.3 * np.arange(100) + 10))[10:-10].max() < 2
