"""The score with what it is made of, as text and as JSON."""

import math
from collections.abc import Mapping
from pathlib import Path

from severstal.competition.metric import PairScore, Score
from severstal.files import write_json
from severstal.report.palette import cut

WIDTH = 100  # columns
NAME_WIDTH = 28


def print_scorecard(score: Score, title: str) -> str:
    """Lay out a score as plain text for a terminal, at most 100 columns wide.

    Args:
        score: over all pairs and each class.
        title: what was scored, in a few words.

    Returns:
        Lines without a line end at the last; `-` stands for a share that has no pair to be taken over.

    Example:
        >>> import numpy as np
        >>> from severstal.competition.metric import score_pairs
        >>> from severstal.competition.spec import Spec
        >>> areas = np.array([[5, 0], [0, 0]]), np.array([[10, 0], [0, 7]]), np.array([[10, 0], [0, 0]])
        >>> print(print_scorecard(score_pairs(*areas, Spec("s", (4, 4), ("hole", "crack"))), "two tiles"))
        two tiles
        ---------
        score                0.6250
        submitting nothing   0.7500   (the score is 0.1250 below it)
        empty pairs kept     0.6667   of 3 (image, class) pairs without a defect
        defects found        1.0000   of 1 with one
        Dice on defects      0.5000   mean over these, 0 for a missed one
        masks predicted           2   where the truth has 1
        <BLANKLINE>
        class      score  nothing    kept   found    Dice  defects  predicted    pairs
        1 hole    0.7500   0.5000  1.0000  1.0000  0.5000        1          1        2
        2 crack   0.5000   1.0000  0.5000       -       -        0          1        2
    """
    difference = score.score - score.all_empty
    beside = f"{share(abs(difference))} {'above' if difference >= 0 else 'below'} it"
    title = cut(title, WIDTH)
    lines = [
        title,
        "-" * len(title),
        f"score                {share(score.score):>6}",
        f"submitting nothing   {share(score.all_empty):>6}   (the score is {beside})",
        f"empty pairs kept     {share(score.empty_kept):>6}   of {score.pairs - score.defects:,} "
        "(image, class) pairs without a defect",
        f"defects found        {share(score.defects_found):>6}   of {score.defects:,} with one",
        f"Dice on defects      {share(score.dice_on_defects):>6}   mean over these, 0 for a missed one",
        f"masks predicted     {score.predicted:>7,}   where the truth has {score.defects:,}",
        "",
    ]
    names = [cut(f"{part.class_id} {part.name}", NAME_WIDTH) for part in score.classes]
    wide = max(len(name) for name in ("class", *names))
    lines.append(
        f"{'class':{wide}}   {'score':>6}  nothing  {'kept':>6}  {'found':>6}  {'Dice':>6}  "
        "defects  predicted    pairs"
    )
    lines += [f"{name:{wide}}   {columns(part)}" for name, part in zip(names, score.classes, strict=True)]
    return "\n".join(lines)


def save_scorecard(path: str | Path, scores: Mapping[str, Score]) -> None:
    """Write scores as JSON, whole: the fields of each `Score`, also by class, under its name; null for nan.

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


def columns(part: PairScore) -> str:
    """The figures of one class, aligned."""
    shares = (part.score, part.all_empty, part.empty_kept, part.defects_found, part.dice_on_defects)
    score, nothing, kept, found, dice = map(share, shares)
    return (
        f"{score:>6}  {nothing:>7}  {kept:>6}  {found:>6}  {dice:>6}  "
        f"{part.defects:>7,}  {part.predicted:>9,}  {part.pairs:>7,}"
    )


def share(value: float) -> str:
    """Four decimals, the leaderboard's own precision and one beyond; `-` for nan.

    Example:
        >>> share(0.91), share(float("nan"))
        ('0.9100', '-')
    """
    return "-" if math.isnan(value) else f"{value:.4f}"
