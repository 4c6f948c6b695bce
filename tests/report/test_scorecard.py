"""The scorecard says what the score holds."""

import json

import numpy as np
import pytest

from severstal.competition.metric import score_pairs, score_tables
from severstal.competition.spec import SEVERSTAL, Spec
from severstal.report.scorecard import print_scorecard, save_scorecard


def test_the_text_holds_every_figure(labelled):
    score = score_tables(labelled.table.iloc[::2], labelled.table, labelled.images, labelled.spec)
    text = print_scorecard(score, "every other label")
    lines = text.splitlines()
    assert lines[0] == "every other label"
    assert max(map(len, lines)) <= 100
    assert text.isascii() or "…" in text
    assert lines[2].split() == ["score", f"{score.score:.4f}"]
    assert f"{score.all_empty:.4f}   (the score is {score.score - score.all_empty:.4f} above it)" in lines[3]
    assert lines[4].split()[3:6] == [f"{score.empty_kept:.4f}", "of", f"{score.pairs - score.defects:,}"]
    assert lines[5].split()[2:5] == [f"{score.defects_found:.4f}", "of", f"{score.defects}"]
    assert lines[6].split()[3] == f"{score.dice_on_defects:.4f}"
    assert lines[7].split() == (
        f"masks predicted {score.predicted} where the truth has {score.defects}".split()
    )
    rows = lines[10:]
    assert len(rows) == len(labelled.spec.classes)
    for row, part in zip(rows, score.classes, strict=True):
        shares = (part.score, part.all_empty, part.empty_kept, part.defects_found, part.dice_on_defects)
        expected = ["-" if np.isnan(value) else f"{value:.4f}" for value in shares]
        assert row.split()[-8:] == [*expected, str(part.defects), str(part.predicted), str(part.pairs)]
        assert row.startswith(f"{part.class_id} ")


def test_columns_are_aligned():
    spec = Spec("s", (4, 4), tuple("x" * length for length in range(1, 17)))
    areas = np.random.default_rng(0).integers(0, 2, (2, 30, 16))
    lines = print_scorecard(score_pairs(areas.min(0), *areas, spec), "aligned").splitlines()[9:]
    assert len({len(line) for line in lines}) == 1


def test_long_names_and_large_numbers_fit():
    spec = Spec("s", (256, 1600), ("a name that is longer than any table can bear, by far",))
    areas = np.ones((125_680, 1), int)
    text = print_scorecard(score_pairs(areas, areas, areas, spec), "large " * 40)
    assert max(map(len, text.splitlines())) <= 100
    assert "125,680" in text


def test_below_submitting_nothing_is_said():
    areas = np.zeros((3, 10, 4), int)
    areas[1, 0, 0] = 9
    text = print_scorecard(score_pairs(*areas, SEVERSTAL), "one false alarm")
    assert "(the score is 0.0250 below it)" in text
    assert "defects found             -   of 0 with one" in text


def test_the_file_holds_the_scores(tmp_path):
    score = score_pairs(*np.zeros((3, 2, 4), int), SEVERSTAL)
    save_scorecard(tmp_path / "scorecard.json", {"oof": score, "test": score})
    written = json.loads((tmp_path / "scorecard.json").read_text(), parse_constant=pytest.fail)
    assert written == {"oof": score.to_dict(), "test": score.to_dict()}
    assert written["oof"]["dice_on_defects"] is None
