"""The text of an ablation: aligned, starred where significant, with the reasons of failures."""

from severstal.evaluation.bootstrap import PairedDifference
from severstal.experiments.rows import AblationGains, AblationRow, OutOfFoldScores, ablation_table
from severstal.report.ablation import format_ablation


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


def test_significant_gains_are_starred() -> None:
    printed = format_ablation(ablation_table(ROWS))
    lines = printed.splitlines()
    by_name = {line.split()[0]: line for line in lines[2:7]}
    assert by_name["better"].count("+0.0100*") == 3
    assert by_name["worse"].count("-0.0200*") == 3
    assert "*" not in by_name["nothing"]
    assert by_name["broken"].endswith("failed: no GPU: leave it out")
    assert len({len(by_name[name]) for name in ("recipe", "better", "worse", "nothing")}) == 1
    assert lines[1].index("per second") + 8 == len(by_name["better"])
    assert printed.endswith("Dice on defects is that of plain 0.5.")
    assert max(map(len, lines)) <= 130


def test_data_without_a_defect_has_no_dice_on_defects() -> None:
    plain = AblationRow("recipe", "itself", None, "runs/recipe", OutOfFoldScores(0.9, 0.85, None, 30.0))
    assert " none " in format_ablation(ablation_table([plain]))
