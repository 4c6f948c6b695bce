"""A recipe trained and scored out of fold: one row of an ablation or a comparison."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from severstal.competition.scored import ScoredPairs
from severstal.decision.rules import plain_rules
from severstal.decision.score import pair_areas
from severstal.evaluation.bootstrap import Interval, PairedDifference, interval, paired
from severstal.inference.maps.layout import delete_maps
from severstal.pipeline import Trained, record, summarise_run, train, tune_rules
from severstal.runs.ensemble import RunOrEnsemble
from severstal.runs.record import Stage
from severstal.training.queue import Engine


@dataclass(frozen=True)
class Evaluation:
    """Out-of-fold evaluation of a training.

    Attributes:
        trained: the run, or the members of an ensemble.
        stage: the record of the scores.
        fitted: pairs scored under rules that were searched without the image's fold.
        plain: pairs scored at plain 0.5.
        rate: pictures per second in training.
    """

    trained: list[Trained]
    stage: Stage
    fitted: ScoredPairs
    plain: ScoredPairs
    rate: float


def evaluate(run: RunOrEnsemble, engine: Engine = "local") -> Evaluation:
    """Train, predict out of fold and score by both kinds of rules; scores are kept, maps deleted."""
    record(run)
    trained = train(run, engine)
    recipe = run.recipe.to_dict()
    stated = {
        "weights": [checksum for each in trained for checksum in each.checksums.values()],
        "recipe": {name: recipe[name] for name in ("inference", "decision", "ensemble")},
        "labels": run.labels_digest,
    }
    stage = Stage(run.folder, "ablation", stated)
    paths = [run.files.evaluation / f"{kind}.csv" for kind in ("fitted", "plain")]
    if not stage.is_done():
        found = tune_rules(summarise_run(run, trained))
        fitted, summary = found.pairs, found.summarised.summary
        areas = pair_areas(summary, plain_rules(run.spec))
        plain = ScoredPairs(summary.names, run.spec, *areas, fitted.groups, fitted.folds)
        for pairs, path in zip((fitted, plain), paths, strict=True):
            pairs.save(path)
        stage.finish(paths)
        for each in trained:
            delete_maps(each.job.files.oof)
    fitted, plain = (ScoredPairs.load(path, run.spec) for path in paths)
    return Evaluation(trained, stage, fitted, plain, _rate(trained))


def defect_interval(pairs: ScoredPairs) -> Interval | None:
    """The mean Dice of the pairs with a defect, with its 95 % interval; None where there is no such pair."""
    image, place = np.nonzero(pairs.true)
    if not len(image):
        return None
    return interval(pairs.dice[image, place][:, None], pairs.groups[image])


def gain_on_defects(pairs: ScoredPairs, base: ScoredPairs) -> PairedDifference | None:
    """Return the gain in mean Dice over the pairs with a defect; None where there is none."""
    image, place = np.nonzero(base.true)
    if not len(image):
        return None
    dice, before = (each.dice[image, place][:, None] for each in (pairs, base))
    return paired(dice, before, base.groups[image])


def _rate(trained: Sequence[Trained]) -> float:
    epochs = [epoch for each in trained for history in each.histories.values() for epoch in history]
    seconds = np.array([epoch["seconds"] for epoch in epochs])
    return float(np.average([epoch["pictures_a_second"] for epoch in epochs], weights=seconds))
