"""Areas follow the real quantiles, and each class changes the steel that it lies on."""

from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest

from severstal.data.sample.defects import AREAS, SHARES
from severstal.data.sample.draw import draw_image
from severstal.data.sample.plan import COMBINATIONS


def test_the_quantiles_are_the_real_ones(real_data: Path) -> None:
    table = pd.read_csv(real_data / "severstal/reference/class_area_pct_all.csv")
    for class_id, areas in AREAS.items():
        percent = table[f"class_{class_id}_area_pct"].to_numpy()
        real = np.quantile(percent[percent > 0] * 4096, SHARES[2:-2])
        assert np.allclose(real, areas[2:-2], rtol=0.03, atol=60)  # the table is rounded to 41 pixels


@pytest.mark.parametrize("classes", COMBINATIONS, ids=str)
def test_every_combination_is_drawn_as_asked(classes: tuple[int, ...]) -> None:
    for index in range(4):
        picture, bits = draw_image(7, "train", index, classes)
        assert picture.dtype == bits.dtype == np.uint8
        assert set(np.unique(bits)) - {0} == {
            1 << (class_id - 1) for class_id in classes
        }  # so no two overlap
        assert picture[bits > 0].size == 0 or picture[bits > 0].mean() > 12  # never on the black


@pytest.mark.parametrize("class_id", [1, 2, 3, 4])
def test_defects_are_rougher_than_the_steel_around_them(class_id: int) -> None:
    ratios = []
    for index in range(12):
        picture, bits = draw_image(8, "test", index, (class_id,))
        grey = picture.astype(np.float32)
        detail = grey - cv2.GaussianBlur(grey, (0, 0), 4)
        mask = (bits > 0).astype(np.uint8)
        around = cv2.dilate(mask, np.ones((41, 41), np.uint8)) - cv2.dilate(mask, np.ones((7, 7), np.uint8))
        ratios.append(detail[mask > 0].std() / detail[around > 0].std())
    assert np.median(ratios) > 1.4
    assert np.mean(np.array(ratios) > 1.05) > 0.8


@pytest.mark.slow
@pytest.mark.parametrize("class_id", [1, 2, 3, 4])
def test_areas_are_spread_as_the_real_ones(class_id: int) -> None:
    areas = [np.count_nonzero(draw_image(9, "train", k, (class_id,))[1]) for k in range(80)]
    for share in (0.1, 0.25, 0.5, 0.75, 0.9):
        real = np.interp(share, SHARES, AREAS[class_id])
        assert 0.5 * real < np.quantile(areas, share) < 2 * real
