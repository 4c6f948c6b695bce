"""The scorecard as JSON and as HTML on disk."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from severstal.competition.metric import Score
from severstal.evaluation.class_counts import ClassCount
from severstal.evaluation.scorecard import Scorecard
from severstal.files import write_json, write_text
from severstal.report.scorecard.page import PageHead, page


def save_scorecard(path: str | Path, scores: Mapping[str, Score | Scorecard]) -> None:
    """Write scores as JSON, atomically: the fields of each, also by class, under its name; null for nan.

    Example:
        >>> import tempfile
        >>> import numpy as np
        >>> from severstal.competition.metric import score_pairs
        >>> from severstal.competition.spec import SEVERSTAL
        >>> from severstal.files import read_json
        >>> target = Path(tempfile.mkdtemp()) / "scorecard.json"
        >>> save_scorecard(target, {"oof": score_pairs(*np.zeros((3, 2, 4), int), SEVERSTAL)})
        >>> read_json(target)["oof"]["score"], read_json(target)["oof"]["defects_found"]
        (1.0, None)
    """
    write_json(path, {name: score.to_dict() for name, score in scores.items()})


def save_page(
    path: str | Path,
    title: str,
    cards: Sequence[Scorecard],
    test_counts: Sequence[ClassCount] = (),
    head: PageHead | None = None,
) -> None:
    """Write scorecards as one self-contained page of HTML, atomically.

    Args:
        path: path of the page.
        title: title of the page, such as a run's name.
        cards: scorecards in the order of the page; at least one.
        test_counts: images with each class among test images whose truth is not known.
        head: facts on the run at the head of the page; None for the title alone.

    Example:
        `save_page("scorecard.html", "my run", [card])`
    """
    write_text(path, page(title, cards, test_counts, head))
