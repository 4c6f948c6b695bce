"""The masks of 2,000 drawn images have the statistics of the real ones.

Known of all 7,095 real masks, and written down here apart from the tables that the sample is drawn from:
areas by quantile, pieces, edges touched, fill of the bounding box, runs, sizes of pieces.
"""

from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import ndimage

from severstal.competition import rle
from severstal.synthetic.draw import draw_image
from severstal.synthetic.layout import lay_out
from severstal.synthetic.plan import Order, plan_pictures

IMAGES = 2000
SHARES = np.array([0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99])
AREAS = {
    1: [465, 798, 1063, 1762, 3326, 5775, 8987, 11502, 15648],
    2: [574, 989, 1213, 1948, 2944, 4321, 5849, 7148, 10532],
    3: [720, 1829, 2786, 5054, 11954, 29030, 62018, 94011, 193343],
    4: [1991, 5115, 7090, 13114, 25357, 45220, 75203, 98550, 129925],
}
WITH_CLASS = {1: 897, 2: 247, 3: 5150, 4: 801}  # of 12,568 images
PIECES = {1: (3.4, 2, 0.45), 2: (1.3, 1, 0.75), 3: (2.8, 2, 0.30), 4: (2.4, 2, 0.39)}  # mean, median, single
TOUCH_LEVEL = {1: 0.40, 2: 0.77, 3: 0.76, 4: 0.52}
TOUCH_SIDE = {1: 0.0, 2: 0.0, 3: 0.07, 4: 0.09}
FILL = {1: 0.39, 2: 0.65, 3: 0.38, 4: 0.44}
RUNS = {1: 66, 2: 24, 3: 90, 4: 352}  # median
WIDTHS = {1: (18, 26, 43), 2: (12, 19, 32), 3: (17, 33, 182), 4: (39, 126, 350)}  # of pieces: q10, q50, q90
HEIGHTS = {1: (27, 44, 100), 2: (89, 169, 256), 3: (33, 159, 256), 4: (35, 99, 223)}


def measure(masks: list[tuple[int, np.ndarray]]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """One row per mask and one row per piece, measured by SciPy."""
    rows, pieces = [], []
    for class_id, mask in masks:
        labels, number = ndimage.label(mask, np.ones((3, 3)))
        top, bottom, left, right = mask[0].any(), mask[-1].any(), mask[:, 0].any(), mask[:, -1].any()
        box = ndimage.find_objects(mask.astype(np.int32))[0]
        down = np.diff(mask.T.astype(np.int8).ravel(), prepend=0)
        rows.append(
            (class_id, mask.sum(), number, top or bottom, left or right, mask[box].mean(), (down == 1).sum())
        )
        for y, x in ndimage.find_objects(labels):
            pieces.append((class_id, x.stop - x.start, y.stop - y.start, (x.start + x.stop) / 2))
    return (
        pd.DataFrame(rows, columns=["ClassId", "area", "pieces", "level", "side", "fill", "runs"]),
        pd.DataFrame(pieces, columns=["ClassId", "width", "height", "middle"]),
    )


@pytest.fixture(scope="module")
def plan() -> list[Order]:
    return plan_pictures(IMAGES, 0, "train")


@pytest.fixture(scope="module")
def drawn(plan: list[Order]) -> tuple[pd.DataFrame, pd.DataFrame]:
    masks = []
    for index, order in enumerate(plan):
        if order.twin_of is None and order.masks:
            bits = lay_out(0, "train", index, order).bits
            masks += [(k, bits >> (k - 1) & 1 == 1) for k in order.classes]
    return measure(masks)


def test_the_layouts_measured_are_those_of_the_pictures(plan: list[Order]) -> None:
    for index in range(20):
        if plan[index].twin_of is None:
            bits = draw_image(0, "train", index, plan[index])[1]
            assert np.array_equal(bits, lay_out(0, "train", index, plan[index]).bits)


def test_counts_of_images_are_the_real_ones(plan: list[Order]) -> None:
    counts = Counter(order.classes for order in plan)
    assert abs(counts[()] / IMAGES - 5902 / 12_568) < 0.1 * 5902 / 12_568
    for class_id, real in WITH_CLASS.items():
        mine = sum(number for classes, number in counts.items() if class_id in classes)
        assert abs(mine - real * IMAGES / 12_568) < 0.1 * real * IMAGES / 12_568
    for classes, real in {(3, 4): 284, (1, 3): 91, (1,): 769, (2,): 195, (3,): 4759, (4,): 516}.items():
        expected = real * IMAGES / 12_568
        assert abs(counts[classes] - expected) < max(0.1 * expected, 1)


@pytest.mark.slow
@pytest.mark.parametrize("class_id", [1, 2, 3, 4])
def test_areas_are_within_15_percent_at_each_quantile(
    drawn: tuple[pd.DataFrame, pd.DataFrame], class_id: int
) -> None:
    areas = drawn[0].loc[drawn[0]["ClassId"] == class_id, "area"]
    for share, real in zip(SHARES, AREAS[class_id], strict=True):
        assert abs(np.quantile(areas, share) - real) < 0.15 * real, share


@pytest.mark.slow
@pytest.mark.parametrize("class_id", [1, 2, 3, 4])
def test_counts_of_pieces_are_within_10_percent(
    drawn: tuple[pd.DataFrame, pd.DataFrame], class_id: int
) -> None:
    pieces = drawn[0].loc[drawn[0]["ClassId"] == class_id, "pieces"]
    mean, median, single = PIECES[class_id]
    assert abs(pieces.mean() - mean) < 0.1 * mean
    assert pieces.median() == median
    assert abs((pieces == 1).mean() - single) < 0.1 * single


@pytest.mark.slow
@pytest.mark.parametrize("class_id", [1, 2, 3, 4])
def test_places_and_shapes_are_near_the_real_ones(
    drawn: tuple[pd.DataFrame, pd.DataFrame], class_id: int
) -> None:
    masks, pieces = (table[table["ClassId"] == class_id] for table in drawn)
    noise = 0.5 / np.sqrt(len(masks))  # standard error of a share, at most
    assert abs(masks["level"].mean() - TOUCH_LEVEL[class_id]) < 0.05 + 2 * noise
    assert abs(masks["side"].mean() - TOUCH_SIDE[class_id]) < 0.03 + noise
    assert abs(masks["fill"].mean() - FILL[class_id]) < 0.06
    assert abs(np.log(masks["runs"].median() / RUNS[class_id])) < np.log(1.4)
    for column, real in (("width", WIDTHS[class_id]), ("height", HEIGHTS[class_id])):
        quantiles = pieces[column].quantile([0.1, 0.5, 0.9])
        assert np.abs(np.log(quantiles / np.array(real))).max() < np.log(1.35)


@pytest.mark.slow
def test_columns_of_the_pieces_are_the_real_ones(drawn: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    thirds = np.histogram(drawn[1].query("ClassId == 1")["middle"], 3, (0, 1600))[0]
    assert np.abs(thirds / thirds.sum() - (0.43, 0.29, 0.28)).max() < 0.12
    bands = np.histogram(drawn[1].query("ClassId == 2")["middle"], 8, (0, 1600))[0] / len(
        drawn[1].query("ClassId == 2")
    )
    assert bands[[0, 2, 4, 7]].sum() > 0.85
    assert bands[2] > 0.2
    assert bands[4] > 0.1
    assert bands[7] > 0.1


def stability(first: np.ndarray, second: np.ndarray, edges: np.ndarray) -> float:
    one, two = (np.histogram(values, edges)[0] / len(values) + 1e-3 for values in (first, second))
    return float(np.sum((two - one) * np.log(two / one)))


@pytest.mark.slow
def test_brightness_and_black_are_the_real_ones_and_drift_as_the_real_ones_do() -> None:
    images = 480  # fewer, and the drift of the black ends is mostly chance
    means, black = {}, {}
    for split in ("train", "test"):
        orders = plan_pictures(images, 1, split)
        pictures = [draw_image(1, split, index, order)[0] for index, order in enumerate(orders)]
        means[split] = np.array([picture.mean() for picture in pictures])
        black[split] = np.array([(picture.mean(0) < 9).mean() for picture in pictures])
        if split == "train":
            for classes, real, share in (((), 87, 0.1), ((1,), 81, 0.15), ((3,), 89, 0.1), ((4,), 97, 0.2)):
                mine = means[split][[order.classes == classes for order in orders]]
                assert abs(mine.mean() - real) < share * real
                assert 15 < mine.std() < 48  # clean ones: 31
    tenths = np.quantile(means["train"], np.linspace(0, 1, 11))
    tenths[[0, -1]] = -1, 256
    assert 0.2 < stability(means["train"], means["test"], tenths) < 0.6  # 0.38
    bands = np.array([-1, 0.001, 0.1, 0.2, 0.35, 0.5, 0.7, 1])
    assert 0.2 < stability(black["train"], black["test"], bands) < 0.6  # 0.36
    assert means["test"].mean() < means["train"].mean()


@pytest.mark.slow
def test_the_real_table_agrees_with_the_figures_that_are_tested(real_data: Path) -> None:
    table = pd.read_csv(real_data / "severstal/reference/train_rle.csv").iloc[::3]
    rows = zip(table["ClassId"], table["EncodedPixels"], strict=True)
    masks, pieces = measure([(k, rle.decode(text, (256, 1600)) > 0) for k, text in rows])
    for class_id in (1, 2, 3, 4):
        mine, parts = masks[masks["ClassId"] == class_id], pieces[pieces["ClassId"] == class_id]
        assert abs(mine["level"].mean() - TOUCH_LEVEL[class_id]) < 0.08
        assert abs(mine["fill"].mean() - FILL[class_id]) < 0.04
        assert np.allclose(parts["width"].quantile([0.1, 0.5, 0.9]), WIDTHS[class_id], rtol=0.25)
        assert np.allclose(mine["area"].quantile([0.25, 0.5, 0.75]), AREAS[class_id][3:6], rtol=0.2)
