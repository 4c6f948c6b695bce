"""The stages that turn networks into maps: out of fold, and of the test images."""

from collections.abc import Sequence
from typing import Literal

import numpy as np

from severstal.data.images import Pictures
from severstal.device import choose_precision, make_accelerator
from severstal.files import checksum, write_json
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
from severstal.inference.predict import PredictionTask, predict_maps
from severstal.models.from_recipe import load_network
from severstal.pipeline.data import make_folds
from severstal.pipeline.training import train_folds
from severstal.runs.ensemble import Ensemble, RunOrEnsemble, jobs_of
from severstal.runs.job import Job
from severstal.runs.stage import Stage

Maps = MapReader | EnsembleReader
Part = Literal["oof", "test"]


def predict_oof(candidate: RunOrEnsemble) -> Maps:
    """Predict each labelled image with the network that never saw it: `oof/`, of a team in each member's run.

    Images of folds that the recipe does not train have no map.
    """
    readers = predict_oofs(jobs_of(candidate))
    if isinstance(candidate, Ensemble):
        return EnsembleReader(readers, _combiner(candidate, readers))
    return readers[0]


def predict_test(candidate: RunOrEnsemble) -> Maps:
    """Predict the test images, averaged over the networks of all folds: `test/`, of a team in each run."""
    if not isinstance(candidate, Ensemble):
        return predict_tests([candidate])[0]
    predict_oof(candidate)  # whose maps the combiner is made from
    readers = predict_tests(candidate.members)
    return EnsembleReader(readers, Combiner.load(candidate.folder / "combiner.json"))


def predict_oofs(jobs: Sequence[Job]) -> list[MapReader]:
    """Predict the labelled images of several runs out of fold.

    Runs on the same images, in the same precision, read each once.
    """
    return _predict(jobs, "oof")


def predict_tests(jobs: Sequence[Job]) -> list[MapReader]:
    """Predict the test images of several runs; see `predict_oofs`."""
    return _predict(jobs, "test")


def _predict(jobs: Sequence[Job], part: Part) -> list[MapReader]:
    alike: dict[tuple[str, ...], list[tuple[Job, Stage]]] = {}  # by what is read
    for job in jobs:
        stage = _stage(job, part)
        if not stage.is_done():
            precision = choose_precision(job.recipe.training.precision)  # one at a time: see make_accelerator
            read = (precision, str(job.data.root), _pictures(job, part).digest, *_names(job, part))
            alike.setdefault(read, []).append((job, stage))
    for (_, _, _, *names), group in alike.items():
        first = group[0][0]
        predict_maps([_prediction(*each) for each in group], _pictures(first, part), names, first.spec)
        for job, stage in group:
            folder = job.folder / part
            stage.finish([*sorted(folder.glob("maps*")), *sorted(folder.glob("classes-*"))])
    return [MapReader(job.folder / part) for job in jobs]


def _combiner(team: Ensemble, readers: Sequence[Maps]) -> Combiner:
    """How the members are averaged: `combiner.json`, and what the members are worth in `members.json`."""
    require_same(readers)
    path, about = team.folder / "combiner.json", team.folder / "members.json"
    inputs = {
        "maps": [reader.layout.key for reader in readers],
        "sense": team.mode,
        "weights": team.weights,
        "power": team.power,
        "labels": team.labels_digest,
    }
    stage = Stage(team.folder, "combiner", inputs)
    if not stage.is_done():
        folds = make_folds(team.members[0]).set_index("ImageId")["fold"]
        overlap = measure_overlap(readers, team.masks)
        fold_of = folds.loc[readers[0].names].to_numpy()
        weights, worth = np.full(len(readers), 1 / len(readers)), {}
        if isinstance(team.weights, tuple):
            weights = np.array(team.weights)
        if team.weights == "selected" or len(np.unique(fold_of)) > 1:  # one fold alone judges no selection
            selection = select_weights(overlap, fold_of)
            worth = _worth(selection)
            if team.weights == "selected":
                weights = selection.weights
        combiner = fit_combiner(team.mode, weights.tolist(), readers, team.power)
        team.record()  # after all that may refuse the team, which leaves no folder then
        combiner.save(path)
        write_json(
            about,
            {
                "runs": overlap.runs,
                "weights": weights.tolist(),
                **worth,
                "disagreement": dict(zip(team.spec.classes, overlap.disagreement().tolist(), strict=True)),
            },
        )
        stage.finish([path, about])
    return Combiner.load(path)


def _worth(selection: Selection) -> dict[str, object]:
    """What the members and their selection are worth on out-of-fold maps."""
    return {
        "soft_dice": {
            "selected, on the folds not selected on": selection.selected,
            "uniform": selection.uniform,
            **dict(zip(selection.runs, selection.single.tolist(), strict=True)),
        },
        "selected_by_fold": selection.by_fold.tolist(),
    }


def _stage(job: Job, part: Part) -> Stage:
    train_folds(job)
    settings = job.recipe.to_dict()
    settings["inference"].pop("batch_size")
    networks = range(job.recipe.data.train_folds)
    weights = [checksum(job.weights(fold)) for fold in networks]
    pictures = _pictures(job, part).digest
    inputs = {"weights": weights, "pictures": pictures, "inference": settings["inference"]}
    if part == "oof":
        inputs["folds"] = checksum(job.folder / "folds.csv")
    return Stage(job.folder, part, inputs)


def _pictures(job: Job, part: Part) -> Pictures:
    return job.train_pictures if part == "oof" else job.test_pictures


def _names(job: Job, part: Part) -> list[str]:
    if part == "test":
        return job.sample.images
    fold_of = _fold_of(job)
    return [name for name in job.images if fold_of[name] < job.recipe.data.train_folds]


def _fold_of(job: Job) -> dict[str, int]:
    folds = make_folds(job)
    return dict(zip(folds["ImageId"], folds["fold"], strict=True))


def _prediction(job: Job, stage: Stage) -> PredictionTask:
    folds = range(job.recipe.data.train_folds)
    networks = {fold: load_network(job.recipe, job.spec, job.weights(fold)) for fold in folds}
    fold_of = _fold_of(job) if stage.name == "oof" else {}
    accelerator = make_accelerator(job.recipe.training.precision)
    origin = {key: stage.inputs[key] for key in ("pictures", "folds") if key in stage.inputs}
    folder = job.folder / stage.name

    def members(name: str) -> Sequence[int]:
        return [fold_of[name]] if stage.name == "oof" else folds

    return PredictionTask(job.recipe, networks, members, folder, stage.key, accelerator, origin)
