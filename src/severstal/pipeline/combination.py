"""The stage that averages the maps of an ensemble's members."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from severstal.files import write_json
from severstal.inference.ensemble import (
    Combiner,
    EnsembleReader,
    Selection,
    fit_combiner,
    measure_overlap,
    require_same,
    select_weights,
)
from severstal.inference.maps import MapReader
from severstal.pipeline.folds import Folds
from severstal.runs import inputs
from severstal.runs.ensemble import Ensemble, RunOrEnsemble
from severstal.runs.record import Stage

RunMaps = MapReader | EnsembleReader
"""Probability maps of a run, or those of an ensemble, combined as they are read."""


@dataclass(frozen=True)
class OofMaps:
    """Out-of-fold maps of a run or an ensemble.

    Attributes:
        run: the run or the ensemble.
        folds: the split into folds that all members share.
        maps: one map per labelled image, predicted by networks that were not trained on it.
        combiner: averaging of the members; None for a single run.
    """

    run: RunOrEnsemble
    folds: Folds
    maps: RunMaps
    combiner: Combiner | None


def combine_oof(run: RunOrEnsemble, folds: Sequence[Folds], readers: Sequence[MapReader]) -> OofMaps:
    """Average the members' out-of-fold maps: writes `combiner.json`, and the members' scores in
    `members.json`.

    Args:
        run: a run, whose maps stay as they are, or an ensemble.
        folds: split into folds of each member.
        readers: out-of-fold maps of each member.

    Raises:
        SeverstalError: the members are of other pictures, folds or classes.
    """
    if not isinstance(run, Ensemble):
        return OofMaps(run, folds[0], readers[0], None)
    combiner = _combiner(run, folds[0], readers)
    return OofMaps(run, folds[0], EnsembleReader(readers, combiner, folds[0].fold_of), combiner)


def combine_test(oof: OofMaps, readers: Sequence[MapReader]) -> RunMaps:
    """Average the members' test maps as their out-of-fold maps were."""
    return readers[0] if oof.combiner is None else EnsembleReader(readers, oof.combiner)


def _combiner(ensemble: Ensemble, folds: Folds, readers: Sequence[MapReader]) -> Combiner:
    require_same(readers)
    files = ensemble.files
    stated = inputs.combiner(
        ensemble.mode,
        ensemble.weights,
        ensemble.power,
        maps=[reader.layout.key for reader in readers],
        labels=ensemble.labels_digest,
    )
    stage = Stage(ensemble.folder, "combiner", stated)
    if not stage.is_done():
        fold_of = folds.table.set_index("ImageId")["fold"].loc[readers[0].names].to_numpy()
        overlap = measure_overlap(readers, ensemble.masks)
        weights, fold_weights, scores = np.full(len(readers), 1 / len(readers)), None, {}
        if isinstance(ensemble.weights, tuple):
            weights = np.array(ensemble.weights)
        if (
            ensemble.weights == "selected" or len(np.unique(fold_of)) > 1
        ):  # one fold alone judges no selection
            selection = select_weights(overlap, fold_of)
            scores = _member_scores(selection)
            if ensemble.weights == "selected":
                weights, fold_weights = selection.weights, selection.fold_weights
        combiner = fit_combiner(ensemble.mode, weights.tolist(), readers, ensemble.power, fold_weights)
        ensemble.record()  # after all that may refuse the ensemble, which leaves no folder then
        combiner.save(files.combiner)
        disagreement = overlap.disagreement().tolist()
        write_json(
            files.members,
            {
                "runs": overlap.runs,
                "weights": weights.tolist(),
                **scores,
                "disagreement": dict(zip(ensemble.spec.classes, disagreement, strict=True)),
            },
        )
        stage.finish([files.combiner, files.members])
    return Combiner.load(files.combiner)


def _member_scores(selection: Selection) -> dict[str, object]:
    """Return the scores of the members and of their selection on out-of-fold maps."""
    return {
        "soft_dice": {
            "selected, on the folds not selected on": selection.selected,
            "uniform": selection.uniform,
            **dict(zip(selection.runs, selection.single.tolist(), strict=True)),
        },
        "selected_by_fold": selection.by_fold.tolist(),
    }
