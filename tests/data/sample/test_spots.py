"""Pits are small and upright, seams thin, upright and at the columns where real ones are."""

import numpy as np
import pytest

from severstal.data.sample.spots import SEAM_COLUMNS, pit, seam


@pytest.mark.parametrize("area", [300, 900, 3000, 12_000])
def test_pits_have_about_the_area_asked_for(area: int) -> None:
    stamps = [pit(np.random.default_rng(k), area) for k in range(40)]
    areas = np.array([stamp.mask.sum() for stamp in stamps])
    assert 0.75 * area < np.median(areas) < 1.35 * area
    assert all(stamp.relief.min() < -0.25 for stamp in stamps)
    assert np.mean([stamp.mask.shape[0] > stamp.mask.shape[1] for stamp in stamps]) > 0.9


def test_what_shows_of_a_pit_lies_in_its_mask() -> None:
    for k in range(40):
        stamp = pit(np.random.default_rng(k), 1000)
        shows = np.abs(stamp.relief) > 0.3
        assert (stamp.mask[shows] == 1).mean() > 0.9


@pytest.mark.parametrize("area", [600, 3000, 8000])
def test_seams_are_thin_and_upright(area: int) -> None:
    for k in range(30):
        stamp = seam(np.random.default_rng(k), area, (0, 1600))
        width = stamp.mask.sum(1).max()
        assert stamp.mask.shape[0] > 1.5 * width
        assert 0.4 * area < stamp.mask.sum() < 1.7 * area
        assert 0 <= stamp.top <= 256 - stamp.mask.shape[0]


def test_seams_stand_at_their_columns_where_these_are_steel() -> None:
    for span in ((0, 1600), (1300, 1600), (0, 300)):
        for k in range(30):
            stamp = seam(np.random.default_rng(k), 3000, span)
            centre = stamp.left + stamp.mask.shape[1] / 2
            inside = [column for column in SEAM_COLUMNS if span[0] + 20 < column[0] < span[1] - 20]
            assert min(abs(centre - column) / spread for column, spread, _ in inside) < 4


def test_seams_find_a_place_on_steel_without_such_a_column() -> None:
    for k in range(20):
        stamp = seam(np.random.default_rng(k), 3000, (600, 800))
        assert 600 <= stamp.left + stamp.mask.shape[1] / 2 <= 800
