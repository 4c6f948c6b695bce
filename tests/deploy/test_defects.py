"""Defects: every pixel of a mask is in one, and their measures are those of an independent library."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.measure import label, regionprops

from severstal.competition.spec import Spec
from severstal.deploy.defects import find_defects
from severstal.deploy.planes import ProbabilityPlanes

SPEC = Spec("tiny", (4, 6), ("scratch", "hole"))


@settings(deadline=None, max_examples=60)
@given(height=st.integers(1, 25), width=st.integers(1, 25), band=st.integers(1, 30), seed=st.integers(0, 99))
def test_measures_are_those_of_scikit_image(height: int, width: int, band: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    bits = (rng.random((height, width)) < 0.3).astype(np.uint8) | (
        rng.random((height, width)) < 0.2
    ) * np.uint8(2)
    maps = rng.integers(0, 256, (2, height, width)).astype(np.uint8)
    found = find_defects(bits, SPEC, ProbabilityPlanes(maps, (height, width)), mm_per_pixel=2.0, band=band)
    drawn = np.zeros((2, height, width), int)
    for defect in found:
        left, top, across, down = defect.box
        drawn[defect.class_id - 1, top : top + down, left : left + across] += defect.mask
    assert np.array_equal(drawn[0], bits & 1)
    assert np.array_equal(drawn[1], bits >> 1 & 1)
    expected = []
    for index in range(2):
        for region in regionprops(label(bits >> index & 1, connectivity=2), maps[index]):
            top, left, bottom, right = region.bbox
            edge = top == 0 or left == 0 or bottom == height or right == width
            y, x = region.centroid
            values = region.image_intensity[region.image]
            box = left, top, right - left, bottom - top
            probabilities = round(float(values.mean()) / 255, 4), round(int(values.max()) / 255, 4)
            expected.append(
                (index + 1, box, int(region.area), edge, round(x, 6), round(y, 6), *probabilities)
            )
    said = []
    for each in found:
        x, y = each.centroid
        probabilities = each.mean_probability, each.highest_probability
        said.append(
            (each.class_id, each.box, each.area, each.touches_edge, round(x, 6), round(y, 6), *probabilities)
        )
    assert sorted(said) == sorted(expected)
    assert [each.id for each in found] == list(range(1, len(found) + 1))
    assert all(each.area_mm2 == 4 * each.area for each in found)


def test_length_and_width_follow_a_turned_line() -> None:
    bits = np.zeros((200, 200), np.uint8)
    for step in range(100):
        bits[50 + step : 53 + step, 50 + step] = 1
    planes = ProbabilityPlanes(np.zeros((2, 200, 200), np.uint8), (200, 200))
    (defect,) = find_defects(bits, SPEC, planes)
    assert defect.length == pytest.approx(100 * 2**0.5, rel=0.03)
    assert defect.width == pytest.approx(2.4, abs=0.6)
