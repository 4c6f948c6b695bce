"""A candidate trained and judged out of fold: what ablations and comparisons are made of."""

from dataclasses import dataclass

import numpy as np

from severstal.competition.scored import ScoredPairs
from severstal.decision.rules import plain_rules
from severstal.decision.score import pair_areas
from severstal.evaluation.bootstrap import Interval, PairedDifference, interval, paired
from severstal.files import checksum
from severstal.pipeline.rules import score_oof, summarise_oof
from severstal.pipeline.training import train_folds
from severstal.runs.ensemble import RunOrEnsemble, jobs_of
from severstal.runs.stage import Stage
from severstal.training.history import load_history
from severstal.training.queue import Engine


@dataclass(frozen=True)
class Verdict:
    """How a training scored out of fold.

    Attributes:
        fitted: each pair under rules searched without the image's fold.
        plain: each pair at plain 0.5.
        rate: pictures a second in training.
    """

    fitted: ScoredPairs
    plain: ScoredPairs
    rate: float


def judge(candidate: RunOrEnsemble, engine: Engine = "local") -> Verdict:
    """Train, predict out of fold and score by both kinds of rules; scores are kept, maps deleted."""
    candidate.record()
    train_folds(candidate, engine)
    jobs = jobs_of(candidate)
    inputs = {
        "weights": [
            checksum(job.weights(fold)) for job in jobs for fold in range(job.recipe.data.train_folds)
        ],
        "recipe": {name: candidate.recipe.to_dict()[name] for name in ("inference", "decision", "ensemble")},
        "labels": candidate.labels_digest,
    }
    stage = Stage(candidate.folder, "ablation", inputs)
    paths = [candidate.folder / "ablation" / f"{kind}.csv" for kind in ("fitted", "plain")]
    if not stage.is_done():
        fitted, summary = score_oof(candidate), summarise_oof(candidate)
        areas = pair_areas(summary, plain_rules(candidate.spec))
        plain = ScoredPairs(summary.names, candidate.spec, *areas, fitted.groups, fitted.folds)
        for pairs, path in zip((fitted, plain), paths, strict=True):
            pairs.save(path)
        stage.finish(paths)
        for job in jobs:
            for maps in (job.folder / "oof").glob("maps-*.npy"):
                maps.unlink()
    return Verdict(*(ScoredPairs.load(path, candidate.spec) for path in paths), _rate(candidate))


def defect_interval(pairs: ScoredPairs) -> Interval | None:
    """The mean Dice of the pairs with a defect, with its 95 % interval; None where there is no such pair."""
    image, place = np.nonzero(pairs.true)
    if not len(image):
        return None
    return interval(pairs.dice[image, place][:, None], pairs.groups[image])


def gain_on_defects(pairs: ScoredPairs, base: ScoredPairs) -> PairedDifference | None:
    """By how much the mean Dice of the pairs with a defect is above another's; None where there is none."""
    image, place = np.nonzero(base.true)
    if not len(image):
        return None
    dice, before = (each.dice[image, place][:, None] for each in (pairs, base))
    return paired(dice, before, base.groups[image])


def _rate(candidate: RunOrEnsemble) -> float:
    epochs = [
        epoch
        for job in jobs_of(candidate)
        for fold in range(job.recipe.data.train_folds)
        for epoch in load_history(job.folder / f"fold{fold}" / "history.jsonl")
    ]
    seconds = np.array([epoch["seconds"] for epoch in epochs])
    return float(np.average([epoch["pictures_a_second"] for epoch in epochs], weights=seconds))
