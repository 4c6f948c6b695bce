"""The text of a scorecard has all its figures, within 100 columns."""

import numpy as np
import pytest

from severstal.competition.metric import score_pairs
from severstal.competition.scored import ScoredPairs, score_masks
from severstal.competition.spec import SEVERSTAL, Spec
from severstal.evaluation.class_counts import count_classes
from severstal.evaluation.scorecard import Scorecard, build_scorecard
from severstal.report.scorecard import format_counts, format_scorecard


def test_the_text_holds_every_figure(labelled):
    score = score_masks(labelled.table.iloc[::2], labelled.table, labelled.images, labelled.spec).score
    text = format_scorecard(score, "every other label")
    lines = text.splitlines()
    assert lines[0] == "every other label"
    assert max(map(len, lines)) <= 100
    assert text.isascii() or "…" in text
    assert lines[2].split() == ["score", f"{score.score:.4f}"]
    assert f"{score.all_empty:.4f}   (the score is {score.score - score.all_empty:.4f} above it)" in lines[3]
    assert lines[4].split()[3:6] == [f"{score.empty_kept:.4f}", "of", f"{score.pairs - score.defects:,}"]
    assert lines[5].split()[2:5] == [f"{score.defects_found:.4f}", "of", f"{score.defects}"]
    assert lines[6].split()[3] == f"{score.dice_on_defects:.4f}"
    assert lines[7].split() == (f"masks predicted {score.predicted} the truth has {score.defects}".split())
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
    lines = format_scorecard(score_pairs(areas.min(0), *areas, spec), "aligned").splitlines()[9:]
    assert len({len(line) for line in lines}) == 1


def test_long_names_and_large_numbers_fit():
    spec = Spec("s", (256, 1600), ("a name that is longer than any table can bear, by far",))
    areas = np.ones((125_680, 1), int)
    text = format_scorecard(score_pairs(areas, areas, areas, spec), "large " * 40)
    assert max(map(len, text.splitlines())) <= 100
    assert "125,680" in text


def test_a_score_below_the_baseline_is_reported():
    areas = np.zeros((3, 10, 4), int)
    areas[1, 0, 0] = 9
    text = format_scorecard(score_pairs(*areas, SEVERSTAL), "one false alarm")
    assert "(the score is 0.0250 below it)" in text
    assert "defects found             -   of 0 pairs with a defect" in text


def test_a_scorecard_begins_with_its_score(card: Scorecard):
    lines = format_scorecard(card).splitlines()
    plain = format_scorecard(card.score, card.title).splitlines()
    assert lines[2] == (
        f"{plain[2]}   95 % interval {card.interval.low:.4f} to {card.interval.high:.4f}, bootstrap over "
        f"{card.units} groups of images"
    )
    assert lines[:2] + lines[3 : len(plain)] == plain[:2] + plain[3:]
    assert format_scorecard(card, "another title").splitlines()[0] == "another title"


def test_a_scorecard_says_everything(card: Scorecard):
    text = format_scorecard(card)
    lines = text.splitlines()
    assert max(map(len, lines)) <= 100
    assert "nan" not in text
    whole = card.budget.whole
    start = lines.index(f"lost points: {whole.total:.4f}, in units of the score over all classes")
    rows = lines[start + 2 : start + 6]
    for row, loss in zip(rows, [*card.budget.classes, whole], strict=True):
        points = [f"{each:.4f}" for each in (loss.missed, loss.alarms, loss.outlines, loss.total)]
        assert row.split()[-7:-3] == points
    assert f"all-empty baseline              {card.rules.all_empty:.4f}" in lines
    assert f"plain 0.5, no minimum area      {card.rules.plain:.4f}" in lines
    assert any(
        line.startswith(f"searched on the other folds     {card.rules.cross_fitted:.4f}") for line in lines
    )
    assert any(
        line.startswith(f"searched on these same images   {card.rules.searched:.4f}") for line in lines
    )
    assert card.rules.verdict in " ".join(lines)
    like = card.test_like
    assert f"score on the {like.images} images most like the test set: {like.score.score:.4f}" in text
    counts = [line.split() for line in lines if line.startswith("1 <hole> & rim")][2]
    expected = card.counts[0]
    assert counts[4:] == [f"{expected.expected:,.1f}", str(expected.predicted), str(expected.true), "120"]
    errors = [line.split()[-2:] for line in lines if line.startswith("all classes")][-1]
    assert errors == [f"{card.calibration.whole.error:.4f}", f"{card.calibration.whole.brier:.4f}"]
    for note in card.notes:
        assert note in " ".join(lines)


@pytest.mark.slow
def test_long_names_large_numbers_and_many_classes_fit():
    names = tuple(f"{letter} name that is longer than any table can bear" for letter in "abcdefghijklmnop")
    spec, rng = Spec("s", (2560, 16000), names), np.random.default_rng(0)
    true = rng.integers(0, 2, (12_568, 16)) * 30_000_000
    pairs = ScoredPairs(tuple(map(str, range(12_568))), spec, true, true, true)
    sure = rng.integers(0, 256, true.shape, dtype=np.uint8)
    lines = format_scorecard(build_scorecard(pairs, "large " * 40, sure)).splitlines()
    assert max(map(len, lines)) <= 100


def test_unknown_counts_are_a_dash():
    spec = Spec("s", (9, 9), ("hole", "a class's name that is longer than any table has room for"))
    lines = format_counts(count_classes(np.array([[1, 0], [2, 0]]), spec)).splitlines()
    assert lines[1].split() == ["1", "hole", "-", "2", "-", "2"]
    assert lines[2].split()[-4:] == ["-", "0", "-", "2"]
    assert len({len(line) for line in lines}) == 1
    assert max(map(len, lines)) <= 100
