"""The stage that trains the folds, each through all its rounds of pseudo-labels."""

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any, overload

from severstal.data import folds as fold_tables
from severstal.errors import SeverstalError
from severstal.files import atomic_write, checksum, digest
from severstal.pipeline.data import dealt_folds, make_folds
from severstal.pipeline.pseudo import label_test
from severstal.processes import is_main_process, main_process_first
from severstal.recipe import Recipe
from severstal.recipe.switches import change
from severstal.runs.ensemble import Ensemble, RunOrEnsemble, jobs_of
from severstal.runs.job import Job, reopen_job
from severstal.runs.stage import Stage
from severstal.training.fit import FoldData, fit
from severstal.training.history import load_history
from severstal.training.queue import Engine, Task, run_tasks

Epochs = list[dict[str, Any]]
"""Of a fold: a dictionary an epoch."""


@overload
def train_folds(candidate: Job, engine: Engine = "local") -> dict[int, Epochs]: ...
@overload
def train_folds(candidate: Ensemble, engine: Engine = "local") -> dict[str, dict[int, Epochs]]: ...
def train_folds(
    candidate: RunOrEnsemble, engine: Engine = "local"
) -> dict[int, Epochs] | dict[str, dict[int, Epochs]]:
    """Train the recipe's folds: `fold0/model.safetensors` and so on, of a team those of each member.

    Args:
        candidate: a run, or a team of runs.
        engine: "local" trains one fold after the other, "ray" as many at once as there are devices.

    Returns:
        The history of each fold by its number; of a team, these by the name of the run.
    """
    jobs = jobs_of(candidate)
    with main_process_first():
        for job in jobs:
            make_folds(job)
    if engine == "ray":
        tasks = [Task(job.folder, fold) for job in jobs for fold in range(job.recipe.data.train_folds)]
        run_tasks(tasks, train_task)
    histories = {
        job.folder.name: {fold: train_fold(job, fold) for fold in range(job.recipe.data.train_folds)}
        for job in jobs
    }
    return histories if isinstance(candidate, Ensemble) else histories[candidate.folder.name]


def train_task(task: Task) -> None:
    """Train one fold of a run by the run's folder alone: what a worker of an engine does."""
    train_fold(reopen_job(task.run), task.fold)


def train_fold(job: Job, fold: int) -> Epochs:
    """Train one fold, and train it anew for each round of pseudo-labels that the recipe asks for.

    The network of `fold0/round0` labels the test pictures that it is sure of; with these as well, another one
    is trained in `fold0/round1`, and so on; the last round's is the fold's own, in `fold0`. Labels come from
    networks of this fold alone, and none of these ever saw its held-out images. Nor do these images say when
    such a network is done: early stopping is in force in the last round only.

    Args:
        job: the run, whose folds have been dealt.
        fold: its number, from 0.

    Returns:
        The history of the last round.

    Raises:
        SeverstalError: the input is faulty, or the training comes to nothing (see `fit`).
    """
    folds, top = dealt_folds(job), job.folder / f"fold{fold}"
    held_out = folds.loc[folds["fold"] == fold, "ImageId"].tolist()
    train = folds.loc[folds["fold"] != fold, "ImageId"].tolist()
    if count := job.recipe.training.overfit_images:
        train = held_out = _with_defects(job, count)
    data = FoldData(job.train_pictures, job.masks, job.spec, train, held_out)
    given = {"folds": fold_tables.deal_digest(folds), "fold": fold}
    labelling, learnt = change(job.recipe, {"training.early_stopping": 0}), {}
    for number in range(job.recipe.pseudo.rounds):
        folder = top / f"round{number}"
        _train(job, labelling, fold, folder, data, given | learnt)
        with main_process_first():
            labels = label_test(job, fold, folder, held_out)
        # Where none was taken, nothing is there to be learnt in addition, and the round before is the last,
        # unless early stopping makes another of it.
        data = replace(data, pseudo=labels if labels.names else None)
        learnt = _pseudo_inputs(job, folder) if labels.names else {}
    return _train(job, job.recipe, fold, top, data, given | learnt)


def _train(
    job: Job, recipe: Recipe, fold: int, folder: Path, data: FoldData, given: dict[str, Any]
) -> Epochs:
    """Train one round in `folder`, unless that was done, there or in another folder of the fold."""
    stage = _stage(job, folder, _inputs(job, recipe) | given)
    with main_process_first():
        if is_main_process() and not stage.is_done():
            # Large files are known by their size alone: by an old record, a broken-off training's would pass.
            stage.record.unlink(missing_ok=True)
            _take_over(job, folder, stage)
        done = stage.is_done()
        if is_main_process() and not done:
            job.record_environment()
    if not done:
        fit(data, recipe, fold, folder, _state_key(stage))
        with main_process_first():
            if is_main_process():
                stage.finish(_outputs(job.recipe, folder))
    return load_history(folder / "history.jsonl")


def _take_over(job: Job, folder: Path, stage: Stage) -> None:
    """Copy the same training's files from another folder of the fold: a round more or less moves them."""
    top = job.folder / folder.relative_to(job.folder).parts[0]
    for other in (top, *sorted(top.glob("round*"))):
        if other != folder and _stage(job, other, stage.inputs).is_done():
            for path in _outputs(job.recipe, folder):
                with atomic_write(path) as part:
                    shutil.copyfile(other / path.name, part)
            stage.finish(_outputs(job.recipe, folder))
            return


def _stage(job: Job, folder: Path, inputs: dict[str, Any]) -> Stage:
    return Stage(job.folder, "-".join(("train", *folder.relative_to(job.folder).parts)), inputs)


def _state_key(stage: Stage) -> str:
    """Checksum of what a training shares with the broken one that it goes on from.

    Into how many parts a batch is cut may differ: it is what a user raises where memory has run out.
    """
    settings = stage.inputs["settings"]
    training = {key: value for key, value in settings["training"].items() if key != "accumulate"}
    return digest(stage.inputs | {"settings": settings | {"training": training}})


def _outputs(recipe: Recipe, folder: Path) -> list[Path]:
    names = ["model.safetensors", "last.safetensors", "history.jsonl"]
    if recipe.training.swa:
        names.append("swa.safetensors")
    if recipe.training.keep_best:
        names.append("soup.safetensors")
    return [folder / name for name in names]


def _inputs(job: Job, recipe: Recipe) -> dict[str, Any]:
    """All that every fold's training depends on; which images are in which fold, the folds say."""
    settings, weights = recipe.to_dict(), Path(recipe.model.encoder_weights)
    kept = {key: settings[key] for key in ("seed", "sampling", "augment", "model", "loss", "phases")}
    kept["data"] = {key: settings["data"][key] for key in ("scale", "mean", "std")}
    if recipe.data.local_contrast:  # where it is off, runs from before there was such a thing stay done
        kept["data"]["local_contrast"] = recipe.data.local_contrast
    aside = ("workers", "tensorboard")  # change the speed, and what is told
    kept["training"] = {key: value for key, value in settings["training"].items() if key not in aside}
    return {
        "settings": kept,
        "encoder": checksum(weights) if weights.is_file() else None,
        "pictures": job.train_pictures.digest,
        "labels": job.labels_digest,
    }


def _pseudo_inputs(job: Job, folder: Path) -> dict[str, Any]:
    """What the round after that of `folder` depends on beside."""
    labels, pictures = checksum(folder / "pseudo.csv"), job.test_pictures.digest
    return {"pseudo": {"share": job.recipe.pseudo.share, "labels": labels, "pictures": pictures}}


def _with_defects(job: Job, count: int) -> list[str]:
    defective = set(job.labels["ImageId"])
    names = [name for name in job.images if name in defective][:count]
    if not names:
        raise SeverstalError(
            f"{job.data.train_csv}: no image in use has a defect: there is nothing to overfit"
        )
    return names
