"""The history of a fold: which epoch is the best, and what survives the file."""

from pathlib import Path

import numpy as np
import pytest

from severstal.competition.metric import score_pairs
from severstal.competition.spec import Spec
from severstal.errors import SeverstalError
from severstal.training.history import History, load_history

SPEC = Spec("tiny", (10, 10), ("hole",))


def history(*hits: int) -> History:
    """One epoch a number: of 10 true pixels in the first of two images, so many are found."""
    result = History()
    for hit in hits:
        result.start_epoch()
        areas = np.array([[hit], [0]]), np.array([[hit], [0]]), np.array([[10], [0]])
        result.end_epoch(0.5, 1e-3, score_pairs(*areas, SPEC))
    return result


def test_an_epoch_holds_the_validation_s_figures() -> None:
    epoch = history(5).epochs[0]
    assert epoch["epoch"] == 1
    assert epoch["score"] == pytest.approx((10 / 15 + 1) / 2)
    assert epoch["all_empty"] == 0.5
    assert epoch["dice_on_defects"] == pytest.approx(10 / 15)
    assert epoch["defects_found"] == 1


@pytest.mark.parametrize(("hits", "best"), [((5,), True), ((5, 6), True), ((6, 5), False), ((5, 5), False)])
def test_only_a_better_epoch_is_the_best(hits: tuple[int, ...], best: bool) -> None:
    assert history(*hits).last_is_best() is best


def test_of_equal_scores_the_one_that_finds_more_is_better() -> None:
    result = history(0, 0)
    result.epochs[1]["dice_on_defects"] = 0.1
    assert result.last_is_best()


def test_it_survives_the_file(tmp_path: Path) -> None:
    (tmp_path / "history.jsonl").write_text(history(3, 4).to_lines())
    assert load_history(tmp_path / "history.jsonl") == history(3, 4).epochs


def test_a_clean_fold_has_no_dice_on_defects() -> None:
    result = History()
    result.start_epoch()
    result.end_epoch(0.1, 1e-3, score_pairs(*np.zeros((3, 2, 1), int), SPEC))
    assert result.epochs[0]["dice_on_defects"] is None
    assert "Dice on defects none" in result.line(5)
    assert result.last_is_best()


def test_bad_files_are_named(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    with pytest.raises(SeverstalError, match="no such history"):
        load_history(path)
    path.write_text("{")
    with pytest.raises(SeverstalError, match="not JSON lines"):
        load_history(path)
