"""Figures of a data set whose pictures differ in size, grey and with colours, each in its own frame."""

import numpy as np
import pandas as pd
import pytest

from severstal.competition.masks import Masks
from severstal.competition.rle import encode
from severstal.competition.shapes import Shapes
from severstal.competition.spec import Spec
from severstal.data.mask_statistics import MaskStatistics, mask_statistics
from severstal.evaluation.label_ceiling import measure_ceiling
from severstal.evaluation.mask_summary import summarise_masks
from severstal.report.eda import (
    area_distributions,
    class_places,
    class_showcase,
    component_shapes,
    examples,
    random_examples,
)
from severstal.report.overlay import Panel, gallery

SHAPES = {"a": (40, 60), "b": (90, 30), "c": (20, 200), "d": (1, 50)}
SPEC = Spec("tiles", None, ("hole", "crack"), Shapes(known=SHAPES))


@pytest.fixture(params=[1, 3])
def pictures(request: pytest.FixtureRequest) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    colours = () if request.param == 1 else (3,)
    return {name: rng.integers(60, 200, (*shape, *colours), np.uint8) for name, shape in SHAPES.items()}


@pytest.fixture
def table() -> pd.DataFrame:
    rows = []
    for name, (height, width) in list(SHAPES.items())[:3]:
        for class_id in (1, 2):
            mask = np.zeros((height, width), bool)
            mask[: height // 2, class_id * width // 4 : class_id * width // 4 + width // 5] = True
            rows.append((name, class_id, encode(mask)))
    return pd.DataFrame(rows, columns=["ImageId", "ClassId", "EncodedPixels"])


@pytest.fixture
def measured(table: pd.DataFrame) -> MaskStatistics:
    return mask_statistics(table, SPEC)


def test_places_are_shares_of_each_picture(measured: MaskStatistics) -> None:
    assert measured.masks["area"].tolist() == [
        height // 2 * (width // 5) for height, width in list(SHAPES.values())[:3] for _ in (1, 2)
    ]
    rows = measured.coverage.shape[1]
    assert measured.coverage[:, : rows // 3].mean() > 10 * measured.coverage[:, -rows // 3 :].mean()
    figure = class_places(measured.coverage, measured.masks, SPEC)
    extents = [axes.images[0].get_extent() for axes in figure.axes if axes.images]
    assert extents[:2] == [[0, 1, 1, 0]] * 2


def test_numbers_of_masks_need_no_common_size(measured: MaskStatistics, table: pd.DataFrame) -> None:
    assert len(area_distributions(measured.masks, SPEC).axes) == 2
    assert len(component_shapes(measured.masks, measured.components, SPEC).axes) == 4
    empty = mask_statistics(table[:0], SPEC)
    assert len(component_shapes(empty.masks, empty.components, SPEC).axes) == 4
    assert summarise_masks(measured.masks, SPEC)["touches top or bottom (%)"].tolist() == [100, 100]
    assert measure_ceiling(table, SPEC).loc["holes filled", "all"] == 1.0


def test_pictures_are_shown_whole_or_cut_to_a_defect(
    pictures: dict[str, np.ndarray], measured: MaskStatistics, table: pd.DataFrame
) -> None:
    masks = Masks(table, SPEC)
    panels = [Panel(pictures[name], masks[name], name) for name in SHAPES]
    figure = gallery(panels, SPEC, "all")
    extents = [axes.images[0].get_extent() for axes in figure.axes]
    assert extents == [[0, width, height, 0] for height, width in SHAPES.values()]
    known = (measured.masks, list(SHAPES), pictures.get, masks.__getitem__, SPEC)
    assert len(class_showcase(*known).axes) >= 4
    assert len(random_examples(*known).axes) >= 6
    assert len(examples(*known).axes) >= 6
