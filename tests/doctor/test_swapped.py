"""Checks of classes and flips that are impossible are listed as such."""

from pathlib import Path

import numpy as np

from severstal.competition.spec import SEVERSTAL, Spec
from severstal.doctor.swapped import find_flips, find_permuted_classes
from severstal.doctor.table import Table

HEADER = ("ImageId", "ClassId", "EncodedPixels")
ROWS = [[f"{k}.jpg", "1", f"{2000 + k} 30"] for k in range(9)]


def test_other_data_sets_have_no_reference() -> None:
    table = Table(Path("a.csv"), HEADER, ROWS, "today", Spec("other", (256, 1600), ("a", "b")))
    assert "known only of the Severstal data set" in find_permuted_classes(table).untested[0]
    assert "no pictures" in find_flips(table, []).untested[0]
    assert "only 3 pictures" in find_flips(table, [np.zeros(4)] * 3).untested[0]


def test_few_masks_leave_it_open() -> None:
    table = Table(Path("a.csv"), HEADER, ROWS, "today", SEVERSTAL)
    for step in (find_permuted_classes(table), find_flips(table, [])):
        assert step.findings == ()
        assert "leave it open" in step.untested[0]


def test_a_flip_with_two_equal_explanations_is_not_certain() -> None:
    table = Table(Path("a.csv"), HEADER, ROWS, "today", SEVERSTAL)
    random = np.random.default_rng(0)
    matches = [np.array([0, 1.0, 0, 1.0]) + random.normal(0, 0.1, 4) for _ in range(60)]
    (finding,) = find_flips(table, matches).findings
    assert not finding.certain
    assert not finding.repaired
    matches = [np.array([0, 1.0, 0, 0.5]) + random.normal(0, 0.1, 4) for _ in range(60)]
    (finding,) = find_flips(table, matches).findings
    assert finding.certain
