"""The stages that turn networks into maps: out of fold, and of the test images."""

from collections.abc import Callable, Sequence

import numpy as np

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
from severstal.inference.predict import Prediction, predict_maps
from severstal.job import Job
from severstal.pipeline.data import make_folds
from severstal.pipeline.team import Candidate, Team
from severstal.pipeline.training import train_folds
from severstal.stages import Stage
from severstal.training.device import make_accelerator
from severstal.training.network import load_network

Maps = MapReader | EnsembleReader


def predict_oof(candidate: Candidate) -> Maps:
    """Predict each labelled image with the network that never saw it: `oof/`, of a team in each member's run.

    Images of folds that the recipe does not train have no map.
    """
    if isinstance(candidate, Team):
        readers = [predict_oof(member) for member in candidate.members]
        return EnsembleReader(readers, _combiner(candidate, readers))
    folds = make_folds(candidate)
    fold_of = dict(zip(folds["ImageId"], folds["fold"], strict=True))
    names = [name for name in candidate.images if fold_of[name] < candidate.recipe.data.train_folds]
    stage = _stage(candidate, "oof", candidate.train_pictures.digest)
    if not stage.is_done():
        part = _prediction(candidate, stage, lambda name: [fold_of[name]])
        predict_maps([part], candidate.train_pictures, names, candidate.spec)
        _finish(candidate, stage)
    return MapReader(candidate.folder / "oof")


def predict_test(candidate: Candidate) -> Maps:
    """Predict the test images, averaged over the networks of all folds: `test/`, of a team in each run."""
    if not isinstance(candidate, Team):
        return predict_tests([candidate])[0]
    predict_oof(candidate)  # whose maps the combiner is made from
    readers = predict_tests(candidate.members)
    return EnsembleReader(readers, Combiner.load(candidate.folder / "combiner.json"))


def predict_tests(jobs: Sequence[Job]) -> list[MapReader]:
    """Predict the test images of several runs on one input folder: each picture is read once for all."""
    stages = [(job, _stage(job, "test", job.test_pictures.digest)) for job in jobs]
    todo = [(job, stage) for job, stage in stages if not stage.is_done()]
    if todo:
        parts = [_prediction(job, stage, _all_folds(job)) for job, stage in todo]
        predict_maps(parts, jobs[0].test_pictures, jobs[0].sample.images, jobs[0].spec)
        for job, stage in todo:
            _finish(job, stage)
    return [MapReader(job.folder / "test") for job in jobs]


def _combiner(team: Team, readers: Sequence[Maps]) -> Combiner:
    """How the members are averaged: `combiner.json`, and what the members are worth in `members.json`."""
    require_same(readers)
    path, about = team.folder / "combiner.json", team.folder / "members.json"
    inputs = {
        "maps": [reader.layout.key for reader in readers],
        "sense": team.sense,
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
        combiner = fit_combiner(team.sense, weights.tolist(), readers, team.power)
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


def _stage(job: Job, part: str, pictures: str) -> Stage:
    train_folds(job)
    settings = job.recipe.to_dict()
    settings["inference"].pop("batch_size")
    networks = range(job.recipe.data.train_folds)
    weights = [checksum(job.weights(fold)) for fold in networks]
    inputs = {"weights": weights, "pictures": pictures, "inference": settings["inference"]}
    if part == "oof":
        inputs["folds"] = checksum(job.folder / "folds.csv")
    return Stage(job.folder, part, inputs)


def _all_folds(job: Job) -> Callable[[str], Sequence[int]]:
    folds = range(job.recipe.data.train_folds)
    return lambda name: folds


def _prediction(job: Job, stage: Stage, members: Callable[[str], Sequence[int]]) -> Prediction:
    weights = {fold: job.weights(fold) for fold in range(job.recipe.data.train_folds)}
    networks = {fold: load_network(job.recipe, job.spec, path) for fold, path in weights.items()}
    accelerator = make_accelerator(job.recipe.training.precision)
    origin = {key: stage.inputs[key] for key in ("pictures", "folds") if key in stage.inputs}
    folder = job.folder / stage.name
    return Prediction(job.recipe, networks, members, folder, stage.key, accelerator, origin)


def _finish(job: Job, stage: Stage) -> None:
    folder = job.folder / stage.name
    stage.finish([*sorted(folder.glob("maps*")), *sorted(folder.glob("classes-*"))])
