"""The table of an ablation: its order, its stars and what it says of a training that failed."""

import json

import pytest

from severstal.evaluation.bootstrap import PairedDifference
from severstal.report.ablation import NOTES, Gains, Judged, Row, ablation_table, format_ablation, sort_rows


def row(name: str, gain: float, low: float, high: float) -> Row:
    difference = PairedDifference(gain, low, high, 0.9)
    judged = Judged(0.9 + gain, 0.85 + gain, 0.4 + gain, 31.25)
    return Row(name, "does", "on", f"runs/{name}", judged, Gains(difference, difference, difference))


ROWS = [
    Row("recipe", "itself", None, "runs/recipe", Judged(0.9, 0.85, 0.4, 30.0)),
    row("worse", -0.02, -0.03, -0.01),
    Row("broken", "fails", "on", "runs/broken", fault="no GPU: leave it out"),
    row("better", 0.01, 0.005, 0.02),
    row("nothing", 0.0, -0.01, 0.01),
]


def test_rows_are_sorted_by_gain_and_failures_come_last() -> None:
    names = [each.switch for each in sort_rows(ROWS)]
    assert names == ["recipe", "better", "nothing", "worse", "broken"]
    assert ablation_table(ROWS)["switch"].tolist() == names


def test_the_printed_table_stars_what_is_real() -> None:
    printed = format_ablation(ROWS)
    lines = printed.splitlines()
    by_name = {line.split()[0]: line for line in lines[2:7]}
    assert by_name["better"].count("+0.0100*") == 3
    assert by_name["worse"].count("-0.0200*") == 3
    assert "*" not in by_name["nothing"]
    assert by_name["broken"].endswith("failed: no GPU: leave it out")
    assert len({len(by_name[name]) for name in ("recipe", "better", "worse", "nothing")}) == 1
    assert len(lines[0]) == len(lines[1]) == len(by_name["better"])
    assert printed.endswith(NOTES[-1])
    assert max(map(len, lines)) <= 130


def test_the_figures_for_programs() -> None:
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


def test_data_without_a_defect_has_no_dice_on_defects() -> None:
    plain = Row("recipe", "itself", None, "runs/recipe", Judged(0.9, 0.85, None, 30.0))
    assert " none " in format_ablation([plain])
