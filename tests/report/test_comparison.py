"""The text of a comparison holds its numbers, aligned and within 100 columns."""

import numpy as np
import pytest

from severstal.competition.budget import BUDGET_PARTS
from severstal.competition.scored import ScoredPairs
from severstal.competition.spec import Spec
from severstal.evaluation.comparison import Comparison, compare_pairs
from severstal.report.comparison import format_comparison

SPEC = Spec("tiles", (20, 20), ("hole", "a class's name that is longer than its place"))


def compare(images: int, gain: int) -> Comparison:
    """B has `gain` more pixels of each defect than A; A has false alarms, too."""
    rng = np.random.default_rng(0)
    true = rng.integers(40, 99, (images, 2)) * rng.integers(0, 2, (images, 2))
    predicted = np.where(true > 0, true, 9 * (rng.random((images, 2)) < 0.02))
    shared = np.where(true > 0, true - rng.integers(20, 40, true.shape), 0)
    names = tuple(f"{k}.jpg" for k in range(images))
    a = ScoredPairs(names, SPEC, shared, predicted, true)
    b = ScoredPairs(names, SPEC, shared + gain * (true > 0), true, true)
    return compare_pairs(a, b, ("a" * 200, "b.csv"))


@pytest.mark.parametrize("gain", [15, -15])
def test_the_text_holds_the_numbers_within_100_columns(gain: int) -> None:
    found = compare(200, gain)
    lines = format_comparison(found).splitlines()
    assert max(map(len, lines)) <= 100
    assert found.verdict in " ".join(lines)
    row = next(line for line in lines if line.startswith("all classes")).split()
    difference = found.whole.difference
    ends = [f"{difference.low:+.4f}", "to", f"{difference.high:+.4f}"]
    assert row[2:8] == [f"{found.whole.a:.4f}", f"{found.whole.b:.4f}", f"{difference.mean:+.4f}", *ends]
    assert row[8] == "*"
    assert row[-3:] == [f"{found.whole.gains[kind]:+.4f}" for kind in BUDGET_PARTS]
    table = lines[next(i for i, line in enumerate(lines) if line.startswith("class")) :][:4]
    assert len({len(line) for line in table}) == 1


def test_only_a_significant_difference_is_starred() -> None:
    found = compare(6, 0)
    row = next(line for line in format_comparison(found).splitlines() if line.startswith("all classes"))
    assert not found.whole.difference.is_significant
    assert "*" not in row
