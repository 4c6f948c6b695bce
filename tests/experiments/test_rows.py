"""Tables are sorted and hold plain numbers; rows are JSON."""

import json
from dataclasses import replace

import pytest

from severstal.evaluation.bootstrap import Interval, PairedDifference
from severstal.experiments.rows import (
    AblationGains,
    AblationRow,
    OutOfFoldScores,
    RecipeRow,
    ablation_table,
    recipe_table,
)

SPAN = Interval(0.90, 0.94, 0.92)
ROW = RecipeRow(
    "a", "fpn on resnet18", "runs/a", 100, SPAN, 0.9, 0.88, Interval(0.3, 0.5, 0.4), 12_340_000,
    5_600_000_000, 300 * 2**20, 80.0, 20.0, weights="imagenet",
)  # fmt: skip
RECIPES = [
    replace(ROW, recipe="broken", score=None, fault="the loss is not a number"),
    ROW,
    replace(ROW, recipe="better", pictures=1040, score=replace(SPAN, mean=0.93), multiply_adds=0),
    replace(ROW, recipe="x" * 60, networks="y" * 90, dice_on_defects=None),
]


def row(name: str, gain: float, low: float, high: float) -> AblationRow:
    difference = PairedDifference(gain, low, high, 0.9)
    judged = OutOfFoldScores(0.9 + gain, 0.85 + gain, 0.4 + gain, 31.25)
    return AblationRow(
        name, "does", "on", f"runs/{name}", judged, AblationGains(difference, difference, difference)
    )


ROWS = [
    AblationRow("recipe", "itself", None, "runs/recipe", OutOfFoldScores(0.9, 0.85, 0.4, 30.0)),
    row("worse", -0.02, -0.03, -0.01),
    AblationRow("broken", "fails", "on", "runs/broken", fault="no GPU: leave it out"),
    row("better", 0.01, 0.005, 0.02),
    row("nothing", 0.0, -0.01, 0.01),
]


def test_rows_are_sorted_by_gain_and_failures_come_last() -> None:
    names = ["recipe", "better", "nothing", "worse", "broken"]
    assert ablation_table(ROWS)["switch"].tolist() == names


def test_rows_are_json_and_tables_have_plain_numbers() -> None:
    about = json.loads(json.dumps([each.to_dict() for each in ROWS]))
    assert [each["gains"] and each["gains"]["score"]["is_significant"] for each in about] == [
        None,
        True,
        None,
        True,
        False,
    ]
    table = ablation_table(ROWS).set_index("switch")
    assert table.loc["better", "score"] == pytest.approx(0.91)
    assert table.loc["better", "plain_low"] == 0.005
    assert table.loc["broken", "fault"] == "no GPU: leave it out"
    assert table.loc["recipe", "pictures_a_second"] == 30.0


def test_recipes_are_sorted_by_score_and_failures_come_last() -> None:
    table = recipe_table(RECIPES)
    assert table["recipe"].tolist() == ["better", "a", "x" * 60, "broken"]
    assert table["score"].tolist()[:3] == [0.93, 0.92, 0.92]
    assert table["dice_on_defects_low"].tolist()[:2] == [0.3, 0.3]
    assert table["pictures"].tolist()[:2] == [1040, 100]
    assert table["weights"].tolist()[0] == "imagenet"
    assert table["fault"].tolist() == ["", "", "", "the loss is not a number"]
