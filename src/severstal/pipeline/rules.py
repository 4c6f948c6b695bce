"""The stage that finds the rules: searched on the out-of-fold maps, and judged on folds not searched on."""

from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import pandas as pd

from severstal.competition.areas import shared_area
from severstal.competition.scored import ScoredPairs, score_masks
from severstal.competition.tables import read_labels
from severstal.data.folds import make_folds as deal
from severstal.decision.crossfit import CrossFit, cross_fit
from severstal.decision.heldout import draw_cross_fitted
from severstal.decision.mask_table import draw_masks
from severstal.decision.objective import weighted_mean
from severstal.decision.refine.settings import Refinement
from severstal.decision.rules import PLAIN_RULE, Rules
from severstal.decision.search import GATES, SearchSettings
from severstal.decision.summary import SUMMARY_EDITION, Summary, summarise
from severstal.errors import SeverstalError
from severstal.files import checksum, digest, write_text
from severstal.pipeline.data import make_folds
from severstal.pipeline.prediction import predict_oof
from severstal.recipe import DecisionSettings
from severstal.runs.ensemble import Ensemble, RunOrEnsemble
from severstal.runs.job import Job
from severstal.runs.stage import Stage

Choice = Literal["flattest", "best", "plain"]


@dataclass(frozen=True)
class Explored:
    """What a search found, and what its rules drew on images that they were not searched on.

    Attributes:
        fitted: the cross-fitted rules.
        table: tidy table of the masks.
        pairs: how each pair scored.
    """

    fitted: CrossFit
    table: pd.DataFrame
    pairs: ScoredPairs


_explored: dict[str, Explored] = {}  # the last one alone: a search takes a minute at full size

PARTS = 5  # into which the images of a single trained fold are dealt, to search on some and judge on others


def summarise_oof(candidate: RunOrEnsemble) -> Summary:
    """Go once through the out-of-fold maps: `oof/summary.npz`, all that a search needs of them."""
    maps = predict_oof(candidate)
    kept = candidate.folder / "oof" / "summary.npz"
    inputs = {"maps": maps.layout.key, "labels": candidate.labels_digest, "edition": SUMMARY_EDITION}
    stage = Stage(candidate.folder, "summary", inputs)
    if not stage.is_done():
        summarise(maps, candidate.masks, candidate.spec).save(kept)
        stage.finish([kept])
    return Summary.load(kept)


def explore_rules(candidate: RunOrEnsemble, choice: Choice | None = None) -> tuple[Summary, CrossFit]:
    """Search the rules on all folds, and once for each fold on the others, and keep the landscapes.

    What the recipe sets by hand (components, holes, exclusive classes) is then added to the rules, and each
    held-out image drawn with them, so that areas and score are those of the masks themselves.

    Args:
        candidate: a run, or a team of runs.
        choice: which of the rules within reach is taken; the recipe's when None.

    Returns:
        The summary, and what was found in it. What was found last is remembered.
    """
    summary = summarise_oof(candidate)
    return summary, _explore(candidate, summary, choice).fitted


def tune_rules(candidate: RunOrEnsemble) -> Rules:
    """Search gate, thresholds and minimum area of each class on the out-of-fold maps: `rules.json`.

    `oof/masks.csv` holds the masks that the rules draw which were searched without an image's fold, and
    `oof/pairs.csv` says how each pair scored under them.

    Returns:
        The rules searched on all folds.

    Raises:
        SeverstalError: `rules.json` was changed by hand, or a class has no defect to search on.
    """
    path, oof = candidate.folder / "rules.json", candidate.folder / "oof"
    summary = summarise_oof(candidate)
    stage = Stage(candidate.folder, "rules", _inputs(candidate))
    if stage.was_changed(path):
        raise SeverstalError(
            f"{path}: changed since it was searched: set [decision] in a recipe, or delete it to search again"
        )
    if not stage.is_done():
        found = _explore(candidate, summary, None)
        write_text(oof / "masks.csv", found.table.to_csv(index=False, lineterminator="\n"))
        found.pairs.save(oof / "pairs.csv")
        found.fitted.result.rules.save(path)
        stage.finish([path, oof / "masks.csv", oof / "pairs.csv"])
        if candidate.recipe.decision.choice != "plain":
            print("".join(f"{note}\n" for note in found.fitted.result.notes), end="", flush=True)
    return Rules.load(path, candidate.spec)


def draw_oof(candidate: RunOrEnsemble) -> pd.DataFrame:
    """The masks of the labelled images, each drawn by the rules that were searched without its fold.

    Returns:
        The tidy table, a row a mask that is not empty.
    """
    tune_rules(candidate)
    return read_labels(candidate.folder / "oof" / "masks.csv", candidate.spec, candidate.images)


def score_oof(candidate: RunOrEnsemble) -> ScoredPairs:
    """How each labelled pair scored under the rules that were searched without its image's fold."""
    tune_rules(candidate)
    return ScoredPairs.load(candidate.folder / "oof" / "pairs.csv", candidate.spec)


def fold_table(candidate: RunOrEnsemble) -> pd.DataFrame:
    """Rows of `folds.csv` for the images that have an out-of-fold map, in their order.

    Where only one fold is trained, its images are dealt anew: a search may be judged on any images that it
    did not see.
    """
    names, first = predict_oof(candidate).names, _first(candidate)
    folds = make_folds(first).set_index("ImageId").loc[names].reset_index()
    if folds["fold"].nunique() < 2:
        groups = folds.set_index("ImageId")["group"]
        parts = min(PARTS, groups.nunique())
        dealt = deal(names, first.masks.presence(names), parts, first.recipe.fold_seed, groups)
        folds["fold"] = dealt["fold"].to_numpy()
    return folds


def _first(candidate: RunOrEnsemble) -> Job:
    return candidate.members[0] if isinstance(candidate, Ensemble) else candidate


def _inputs(candidate: RunOrEnsemble) -> dict[str, Any]:
    """All that the rules depend on; the summary has to be there."""
    return {
        "summary": checksum(candidate.folder / "oof" / "summary.npz"),
        "folds": checksum(_first(candidate).folder / "folds.csv"),
        "labels": candidate.labels_digest,
        "decision": candidate.recipe.to_dict()["decision"],
        "seed": candidate.recipe.fold_seed,
    }


def _explore(candidate: RunOrEnsemble, summary: Summary, choice: Choice | None) -> Explored:
    decision = candidate.recipe.decision
    if choice is not None:
        decision = replace(decision, choice=choice)
    key = digest([str(candidate.folder.resolve()), _inputs(candidate), decision.choice])
    if key in _explored:
        return _explored[key]
    folds = fold_table(candidate)
    numbers, weights = folds["fold"].to_numpy(), _image_weights(decision, folds)
    fitted = cross_fit(summary, numbers, _search_settings(decision), weights)
    exclusive = decision.exclusive == "on" or (
        decision.exclusive == "auto" and not _overlap(candidate.labels)
    )
    rules = {fold: _by_hand(found, decision, exclusive) for fold, found in fitted.rules.items()}
    result = replace(fitted.result, rules=_by_hand(fitted.result.rules, decision, exclusive))
    maps = predict_oof(candidate)
    pictures = candidate.train_pictures if result.rules.need_pictures else None
    table = draw_cross_fitted(maps, rules, numbers, candidate.spec, pictures)
    pairs = _score(candidate, table, folds)
    weighted = fitted.weighted
    if weighted is not None:
        weighted = replace(weighted, found=weighted_mean(pairs.dice, weights))
    searched = _score(candidate, draw_masks(maps, result.rules, candidate.spec, pictures), folds)
    fitted = replace(
        fitted,
        rules=rules,
        result=result,
        searched=searched.score,
        intersection=pairs.intersection,
        predicted=pairs.predicted,
        score=pairs.score,
        weighted=weighted,
    )
    _explored.clear()
    _explored[key] = Explored(fitted, table, pairs)
    return _explored[key]


def _search_settings(settings: DecisionSettings) -> SearchSettings:
    gates = tuple(gate for gate in GATES if gate.mode in {"none", *settings.gates})
    return SearchSettings(gates=gates, choice="flattest" if settings.choice == "plain" else settings.choice)


def _image_weights(settings: DecisionSettings, folds: pd.DataFrame) -> np.ndarray | None:
    """How much each image counts in the search; None where all count alike."""
    if settings.test_like_weight == 1 or "test_like" not in folds:
        return None
    return np.where(folds["test_like"], settings.test_like_weight, 1.0)


def _by_hand(rules: Rules, settings: DecisionSettings, exclusive: bool) -> Rules:
    """Rules with what a recipe sets of them by hand."""
    refine = Refinement(settings.crf, settings.opening, settings.closing, settings.smooth_edges)
    parts = {
        "min_component": settings.min_component,
        "fill_holes": settings.fill_holes,
        "refine": refine,
    }
    found = [PLAIN_RULE for _ in rules.rules] if settings.choice == "plain" else rules.rules
    return replace(rules, rules=tuple(replace(rule, **parts) for rule in found), exclusive=exclusive)


def _overlap(labels: pd.DataFrame) -> bool:
    """Whether two classes share a pixel in the labels."""
    several = labels[labels.duplicated("ImageId", keep=False)]
    return any(shared_area(texts.tolist()) for _, texts in several.groupby("ImageId")["EncodedPixels"])


def _score(candidate: RunOrEnsemble, table: pd.DataFrame, folds: pd.DataFrame) -> ScoredPairs:
    names, groups, numbers = (folds[column].to_numpy() for column in ("ImageId", "group", "fold"))
    return score_masks(table, candidate.labels, names.tolist(), candidate.spec, groups, numbers)
