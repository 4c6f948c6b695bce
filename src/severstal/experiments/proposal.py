"""Two submissions to choose from: a stable and a bold one."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from severstal.competition.difference import compare_tables
from severstal.competition.scored import ScoredPairs
from severstal.decision.crossfit import CrossFit
from severstal.decision.mask_table import draw_masks
from severstal.decision.rules import PLAIN_RULE, ClassRule, Rules
from severstal.evaluation.bootstrap import paired
from severstal.evaluation.comparison import compare_pairs
from severstal.pipeline import (
    SUBMISSION,
    FoundRules,
    Trained,
    check_output,
    combine_test,
    explore_rules,
    predict_test,
)
from severstal.pipeline.submission import publish
from severstal.report.comparison import format_comparison
from severstal.report.difference import format_difference
from severstal.runs.ensemble import RunOrEnsemble


@dataclass(frozen=True)
class Proposal:
    """One of the two submissions.

    Attributes:
        path: path of the CSV.
        rules: rules that drew it.
        table: tidy table of its masks.
        oof: out-of-fold scores of such rules on the labelled images.
        left_out: classes that are drawn nowhere because their gain is not significant.
    """

    path: Path
    rules: Rules
    table: pd.DataFrame
    oof: ScoredPairs
    left_out: tuple[str, ...] = ()


def propose(
    found: FoundRules, trained: Sequence[Trained], output: str | Path = SUBMISSION
) -> tuple[Proposal, Proposal]:
    """Write a stable and a bold submission, and compare them.

    The stable one takes of each class the flattest rule, and draws a class only where its cross-fitted gain
    over the all-empty baseline is above 0 with its whole 95 % interval. The bold one takes the best rule
    found and
    draws every class that gained anything. Kaggle scores two chosen submissions, and the better one counts:
    one of each kind bets on both sides of the shift between rolls of steel.

    Args:
        found: the rules of a run, or of an ensemble.
        trained: the run, or the members, with their weights.
        output: the CSVs get its name with `-stable` and `-bold`.

    Returns:
        The stable and the bold one.
    """
    check_output(output)
    run, kept = found.run, found.pairs
    output, spec = Path(output), run.spec
    maps = combine_test(found.oof, predict_test(trained))
    proposals = []
    for kind, choice in (("stable", "flattest"), ("bold", "best")):
        fitted = explore_rules(found.summarised, choice).fitted
        areas = (fitted.intersection, fitted.predicted, fitted.true)
        oof = ScoredPairs(kept.images, spec, *areas, kept.groups, kept.folds)
        rules, left_out = fitted.result.rules, ()
        if kind == "stable":
            unsure = _unsure(fitted, kept.groups)
            left_out = tuple(name for name, out in zip(spec.classes, unsure, strict=True) if out)
            nothing = ClassRule(PLAIN_RULE.high, PLAIN_RULE.low, spec.pixels + 1)
            chosen = (nothing if out else rule for rule, out in zip(rules.rules, unsure, strict=True))
            rules = replace(rules, rules=tuple(chosen))
            shown = np.where(unsure, 0, 1)  # (C,)
            oof = replace(oof, intersection=oof.intersection * shown, predicted=oof.predicted * shown)
        path = output.with_name(f"{output.stem}-{kind}{output.suffix}")
        table = draw_masks(maps, rules, spec, run.test_pictures if rules.need_pictures else None)
        publish(run, trained, table, rules, oof, path)
        proposals.append(Proposal(path, rules, table, oof, left_out))
    stable, bold = proposals
    return stable, bold


def _unsure(fitted: CrossFit, groups: np.ndarray) -> np.ndarray:
    """(C,) bool: whether a class's gain over the all-empty baseline may be chance."""
    nothing = (fitted.true == 0).astype(float)
    gains = [
        paired(fitted.dice[:, [index]], nothing[:, [index]], groups) for index in range(nothing.shape[1])
    ]
    return np.array([gain.low <= 0 for gain in gains])


def format_proposals(run: RunOrEnsemble, stable: Proposal, bold: Proposal) -> str:
    """Say what separates the two, in rules, on the labelled images and on the test images."""
    lines = []
    for each in (stable, bold):
        lines.append(f"{each.path}: out of fold {each.oof.score.score:.4f}, {len(each.table):,} masks")
        named = zip(run.spec.classes, each.rules.rules, strict=True)
        for name, rule in named:
            words = "never drawn" if rule.is_never_drawn(run.spec) else str(rule)
            unsure = ", for its gain may be chance" if name in each.left_out else ""
            lines.append(f"  {name}: {words}{unsure}")
    names = (str(stable.path), str(bold.path))
    images = run.sample.images
    between = compare_tables(stable.table, bold.table, images, run.spec)
    parts = (
        "\n".join(lines),
        "On the labelled images",
        format_comparison(compare_pairs(stable.oof, bold.oof, names)),
        "On the test images",
        format_difference(between, names, 5),
    )
    return "\n\n".join(parts)
