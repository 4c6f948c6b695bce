"""Scorecards are written completely, and with the right contents."""

import json
from pathlib import Path

import numpy as np
import pytest

from severstal.competition.metric import score_pairs
from severstal.competition.spec import SEVERSTAL
from severstal.errors import SeverstalError
from severstal.evaluation.class_counts import ClassCount
from severstal.evaluation.scorecard import Scorecard
from severstal.report.scorecard import save_page, save_scorecard
from severstal.report.scorecard.page import page


def test_the_file_holds_the_scores(tmp_path: Path, card: Scorecard) -> None:
    score = score_pairs(*np.zeros((3, 2, 4), int), SEVERSTAL)
    save_scorecard(tmp_path / "scorecard.json", {"oof": score, "test": card})
    written = json.loads((tmp_path / "scorecard.json").read_text(), parse_constant=pytest.fail)
    assert written == {"oof": score.to_dict(), "test": card.to_dict()}
    assert written["oof"]["dice_on_defects"] is None


def test_the_page_is_written_as_it_is_laid_out(tmp_path: Path, card: Scorecard) -> None:
    target = tmp_path / "new" / "scorecard.html"
    counts = (ClassCount(1, "only in the test set", 987, 12.5, 34, None),)
    save_page(target, "a run", [card], counts)
    text = target.read_text(encoding="utf-8")
    assert text == page("a run", [card], counts)
    assert "1 only in the test set" in text
    assert "<td>987</td>" in text
    with pytest.raises(SeverstalError, match="is a folder"):
        save_page(tmp_path, "a run", [card])
