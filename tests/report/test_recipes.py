"""The table and the figures of recipes side by side."""

from dataclasses import replace

import numpy as np
import pytest

from severstal.competition.spec import SEVERSTAL
from severstal.evaluation.bootstrap import Interval
from severstal.experiments.rows import RecipeRow, recipe_table
from severstal.report.recipes import draw_recipes, format_recipes, mask_gallery

SPAN = Interval(0.90, 0.94, 0.92)
ROW = RecipeRow(
    "a", "fpn on resnet18", "runs/a", 100, SPAN, 0.9, 0.88, Interval(0.3, 0.5, 0.4), 12_340_000,
    5_600_000_000, 300 * 2**20, 80.0, 20.0, weights="imagenet",
)  # fmt: skip
ROWS = [
    replace(ROW, recipe="broken", score=None, fault="the loss is not a number"),
    ROW,
    replace(ROW, recipe="better", pictures=1040, score=replace(SPAN, mean=0.93), multiply_adds=0),
    replace(ROW, recipe="x" * 60, networks="y" * 90, dice_on_defects=None),
]


def test_values_have_units_and_are_aligned() -> None:
    head, better, a, long, broken, *_ = format_recipes(recipe_table(ROWS)).splitlines()
    assert a.split()[-8:] == ["12.34", "M", "5.60", "G", "300", "MiB", "80.0/s", "20.0/s"]
    assert a.index("0.9200") == head.index("score")
    assert a.index("0.4000") == head.index("Dice on defects")
    assert a.index("imagenet") == head.index("weights")
    assert a.index(" 100 ") + 4 == head.index("crops") + len("crops")
    ends = [
        head.index(name) + len(name)
        for name in ("parameters", "multiply-adds", "memory", "training", "inference")
    ]
    assert all(
        line[end - 1] not in " " and line[end : end + 1] in ("", " ")
        for line in (better, a, long)
        for end in ends
    )
    assert broken.endswith("failed: the loss is not a number")


def test_the_figure_shows_every_trained_recipe_once_and_in_order() -> None:
    figure = draw_recipes(recipe_table(ROWS), "steel")
    names = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert [name.split()[1].rstrip(",")[:6] for name in names] == ["better", "a", "xxxxxx"]
    assert "broken" not in str(names)
    assert figure.axes[0].get_ylim() == (2.5, -0.5)
    marks = [text.get_text() for text in figure.axes[2].texts]
    assert marks == ["1", "2", "3"]


def test_pictures_seen_are_beside_the_names_where_they_differ() -> None:
    names = [
        label.get_text() for label in draw_recipes(recipe_table(ROWS), "steel").axes[0].get_yticklabels()
    ]
    assert [name.rpartition(", ")[2] for name in names] == ["1,040", "100", "100"]
    alike = draw_recipes(recipe_table([replace(row, pictures=100) for row in ROWS]), "steel")
    assert alike.axes[0].get_yticklabels()[0].get_text() == "1  better"
    assert any("100 crops seen in each fold" in text.get_text() for text in alike.texts)


def test_the_gallery_has_the_truth_on_top() -> None:
    empty = np.zeros(SEVERSTAL.image_shape, np.uint8)
    drawn = {network: {"a.jpg": empty, "b.jpg": empty + 1} for network in ("fpn", "unet")}
    figure = mask_gallery(lambda name: empty, lambda name: empty + 2, drawn, SEVERSTAL)
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    assert titles == [
        *("truth\na.jpg", "truth\nb.jpg"),
        *("fpn: nothing\nmean Dice 0.00", "fpn\nmean Dice 0.00"),
        *("unet: nothing\nmean Dice 0.00", "unet\nmean Dice 0.00"),
    ]
    with pytest.raises(StopIteration):
        mask_gallery(lambda name: empty, lambda name: empty, {}, SEVERSTAL)
