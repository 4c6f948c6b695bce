"""The stage that finds the rules: searched on the out-of-fold maps, and scored on folds not searched on."""

import logging
from collections.abc import Collection
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import numpy as np
import pandas as pd

from severstal.competition.areas import shared_area
from severstal.competition.scored import ScoredPairs, score_masks
from severstal.competition.tables import read_labels
from severstal.decision.crossfit import CrossFit, cross_fit
from severstal.decision.heldout import draw_cross_fitted
from severstal.decision.mask_table import draw_masks
from severstal.decision.objective import weighted_mean
from severstal.decision.refine.settings import Refinement
from severstal.decision.rules import PLAIN_RULE, Rules
from severstal.decision.saved import load_cross_fit, save_cross_fit
from severstal.decision.search import GATES, SearchSettings, absent_classes
from severstal.errors import SeverstalError
from severstal.files import write_text
from severstal.pipeline.combination import OofMaps
from severstal.pipeline.summary import OofSummary
from severstal.recipe import DecisionSettings
from severstal.runs import inputs
from severstal.runs.ensemble import RunOrEnsemble
from severstal.runs.record import Stage

logger = logging.getLogger("severstal")

Choice = Literal["flattest", "best", "plain"]


@dataclass(frozen=True)
class FoundRules:
    """The result of the search for rules, on disk and read lazily.

    Attributes:
        summarised: summary that was searched.
        rules: rules searched on all folds.
    """

    summarised: OofSummary
    rules: Rules

    @property
    def oof(self) -> OofMaps:
        """The out-of-fold maps."""
        return self.summarised.oof

    @property
    def run(self) -> RunOrEnsemble:
        """The run or the ensemble."""
        return self.oof.run

    @cached_property
    def fitted(self) -> CrossFit:
        """The search on all folds, and the one for each fold on the others, with their landscapes."""
        return load_cross_fit(self.run.files.search, self.run.spec)

    @cached_property
    def pairs(self) -> ScoredPairs:
        """Scores of the labelled pairs, each under the rules that were searched without its image's fold."""
        return ScoredPairs.load(self.run.files.oof_pairs, self.run.spec)

    @cached_property
    def masks(self) -> pd.DataFrame:
        """Tidy table of the labelled images' masks, each by the rules searched without its fold."""
        return read_labels(self.run.files.oof_masks, self.run.spec, self.run.images)


@dataclass(frozen=True)
class Explored:
    """The result of a search, with the masks of its rules on images that they were not searched on.

    Attributes:
        fitted: the cross-fitted rules.
        table: tidy table of the masks.
        pairs: scored pairs of the held-out images.
    """

    fitted: CrossFit
    table: pd.DataFrame
    pairs: ScoredPairs


def tune_rules(summarised: OofSummary) -> FoundRules:
    """Search gate, thresholds and minimum area of each class on the out-of-fold maps: `rules.json`.

    `oof/search.npz` holds all that the search found, `oof/masks.csv` the masks that the rules draw which were
    searched without an image's fold, and `oof/pairs.csv` how each pair scored under them.

    Raises:
        SeverstalError: `rules.json` was changed by hand.
    """
    run = summarised.oof.run
    files, folds = run.files, summarised.oof.folds
    stated = inputs.rules(
        run.recipe, summary=summarised.checksum, folds=folds.checksum, labels=run.labels_digest
    )
    stage = Stage(run.folder, "rules", stated)
    if stage.was_changed(files.rules):
        raise SeverstalError(
            f"{files.rules}: changed since it was searched: set [decision] in a recipe, or delete it to "
            "search again"
        )
    made = [files.rules, files.search, files.oof_masks, files.oof_pairs]
    if not stage.is_done() or not set(made) <= set(stage.outputs()):  # the first edition kept no search
        found = explore_rules(summarised)
        write_text(files.oof_masks, found.table.to_csv(index=False, lineterminator="\n"))
        found.pairs.save(files.oof_pairs)
        save_cross_fit(found.fitted, files.search)
        found.fitted.result.rules.save(files.rules)
        stage.finish(made)
        if run.recipe.decision.choice != "plain":
            for note in found.fitted.result.notes:
                logger.info(note)
    return FoundRules(summarised, Rules.load(files.rules, run.spec))


def explore_rules(summarised: OofSummary, choice: Choice | None = None) -> Explored:
    """Search the rules on all folds, and once for each fold on the others; nothing is written.

    What the recipe sets by hand (components, holes, exclusive classes) is then added to the rules, and each
    held-out image drawn with them, so that areas and score are those of the masks themselves.

    Args:
        summarised: the out-of-fold maps and their summary.
        choice: choice among the rules within reach; None for the recipe's.
    """
    run, summary, folds = summarised.oof.run, summarised.summary, summarised.folds
    decision = run.recipe.decision
    if choice is not None:
        decision = replace(decision, choice=choice)
    numbers, weights = summarised.fold_of, _image_weights(decision, folds)
    fitted = cross_fit(summary, numbers, _search_settings(decision), weights)
    exclusive = decision.exclusive == "on" or (decision.exclusive == "auto" and not _overlap(run.labels))
    absent = absent_classes(summary)
    rules = {fold: _by_hand(found, decision, exclusive, absent) for fold, found in fitted.rules.items()}
    result = replace(fitted.result, rules=_by_hand(fitted.result.rules, decision, exclusive, absent))
    maps = summarised.oof.maps
    pictures = run.train_pictures if result.rules.need_pictures else None
    table = draw_cross_fitted(maps, rules, numbers, run.spec, pictures)
    pairs = _score(run, table, folds)
    weighted = fitted.weighted
    if weighted is not None:
        weighted = replace(weighted, found=weighted_mean(pairs.dice, weights))
    searched = _score(run, draw_masks(maps, result.rules, run.spec, pictures), folds)
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
    return Explored(fitted, table, pairs)


def _search_settings(settings: DecisionSettings) -> SearchSettings:
    gates = tuple(gate for gate in GATES if gate.mode in {"none", *settings.gates})
    return SearchSettings(gates=gates, choice="flattest" if settings.choice == "plain" else settings.choice)


def _image_weights(settings: DecisionSettings, folds: pd.DataFrame) -> np.ndarray | None:
    """Return the weight of each image in the search; None where all are equal."""
    if settings.test_like_weight == 1 or "test_like" not in folds:
        return None
    return np.where(folds["test_like"], settings.test_like_weight, 1.0)


def _by_hand(rules: Rules, settings: DecisionSettings, exclusive: bool, absent: Collection[int]) -> Rules:
    """Return rules with the settings that a recipe fixes by hand."""
    refine = Refinement(settings.crf, settings.opening, settings.closing, settings.smooth_edges)
    parts = {
        "min_component": settings.min_component,
        "fill_holes": settings.fill_holes,
        "refine": refine,
    }
    plain = settings.choice == "plain"
    found = [PLAIN_RULE if plain and place not in absent else rule for place, rule in enumerate(rules.rules)]
    return replace(rules, rules=tuple(replace(rule, **parts) for rule in found), exclusive=exclusive)


def _overlap(labels: pd.DataFrame) -> bool:
    """Return whether two classes share a pixel in the labels."""
    several = labels[labels.duplicated("ImageId", keep=False)]
    return any(shared_area(texts.tolist()) for _, texts in several.groupby("ImageId")["EncodedPixels"])


def _score(run: RunOrEnsemble, table: pd.DataFrame, folds: pd.DataFrame) -> ScoredPairs:
    names, groups, numbers = (folds[column].to_numpy() for column in ("ImageId", "group", "fold"))
    return score_masks(table, run.labels, names.tolist(), run.spec, groups, numbers)
