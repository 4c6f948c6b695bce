"""The stage that trains the folds, each through all its rounds of pseudo-labels."""

import logging
import shutil
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from severstal.errors import SeverstalError
from severstal.files import atomic_write, digest, exclusive_lock
from severstal.pipeline.folds import Folds, open_folds
from severstal.pipeline.pseudo import label_test
from severstal.pipeline.rounds import Round, make_round, training_stage
from severstal.pipeline.teacher import with_teacher
from severstal.processes import is_main_process, main_process_first
from severstal.runs import inputs
from severstal.runs.job import Job
from severstal.runs.layout import history_path, training_outputs
from severstal.runs.opening import open_run
from severstal.training.deadline import Deadline
from severstal.training.fit import FoldData, fit
from severstal.training.history import load_history
from severstal.training.queue import Engine, Task, run_tasks

logger = logging.getLogger("severstal")

Epochs = list[dict[str, Any]]
"""Of a fold: one dictionary per epoch."""


@dataclass(frozen=True)
class Trained:
    """A run whose folds are trained.

    Attributes:
        folds: folds of the run.
        checksums: SHA-256 of the weights that each fold is predicted with, by the fold's number.
    """

    folds: Folds
    checksums: dict[int, str]

    @property
    def job(self) -> Job:
        """The run."""
        return self.folds.job

    @cached_property
    def weights(self) -> dict[int, Path]:
        """The weights that each fold is predicted with."""
        return {fold: self.job.files.weights(self.job.recipe, fold) for fold in self.checksums}

    @cached_property
    def histories(self) -> dict[int, Epochs]:
        """The history of each fold's last round."""
        return {fold: load_history(history_path(self.job.files.fold(fold))) for fold in self.checksums}


def train_folds(
    folds: Sequence[Folds], engine: Engine = "local", deadline: Deadline | None = None
) -> list[Trained]:
    """Train the folds of one or more runs: `fold0/model.safetensors` and so on.

    Args:
        folds: folds of each run.
        engine: "local" trains one fold after the other, "ray" as many at once as there are devices.
        deadline: time by which the last epoch has to have ended; None trains to the end.

    Returns:
        Each run with its weights.

    Raises:
        SeverstalError: the input is faulty, or a training fails (see `fit`).
    """
    if engine == "ray":
        at = None if deadline is None else deadline.at
        run_tasks([Task(each.job.folder, fold, at) for each in folds for fold in _trained(each)], train_task)
    return [
        Trained(each, {fold: train_fold(each, fold, deadline) for fold in _trained(each)}) for each in folds
    ]


def train_task(task: Task) -> None:
    """Train one fold of a run, given only the run's folder: the task of an engine's worker."""
    deadline = None if task.deadline is None else Deadline(task.deadline)
    _train_rounds(open_folds(open_run(task.run)), task.fold, deadline)  # the engine holds the fold's lock


def train_fold(folds: Folds, fold: int, deadline: Deadline | None = None) -> str:
    """Train one fold, and train it again for each round of pseudo-labels that the recipe asks for.

    Args:
        folds: folds of the run.
        fold: number of the fold, from 0.
        deadline: time by which the last epoch has to have ended; None trains to the end.

    Returns:
        SHA-256 of the weights that the fold is predicted with.

    Raises:
        SeverstalError: the input is faulty, or the training fails (see `fit`).
    """
    alone = exclusive_lock(folds.job.files.fold(fold), "another process that trains this fold")
    with alone if is_main_process() else nullcontext():
        return _train_rounds(folds, fold, deadline)


def _train_rounds(folds: Folds, fold: int, deadline: Deadline | None) -> str:
    job, held_out, train = folds.job, folds.held_out(fold), folds.training(fold)
    if count := job.recipe.training.overfit_images:
        train = held_out = _with_defects(job, count)
    data, before = FoldData(job.train_pictures, job.masks, job.spec, train, held_out), None
    if job.recipe.distill.weight and not make_round(folds, fold, 0, None).stage.is_done():
        data = with_teacher(data, job, fold)
    for number in range(job.recipe.pseudo.rounds):
        round = make_round(folds, fold, number, before)
        _train(folds, fold, round, data, deadline)
        with main_process_first():
            labels = label_test(job, fold, round, held_out)
        # Where none was taken, there is nothing more to learn, and the round before is the last, unless early
        # stopping makes another of it.
        data = replace(data, pseudo=labels if labels.names else None)
        before = round.folder if labels.names else None
    last = make_round(folds, fold, job.recipe.pseudo.rounds, before)
    _train(folds, fold, last, data, deadline)
    return last.stage.checksum(job.files.weights(job.recipe, fold))


def _trained(folds: Folds) -> range:
    return range(folds.job.recipe.data.train_folds)


def _train(folds: Folds, fold: int, round: Round, data: FoldData, deadline: Deadline | None) -> None:
    """Train one round, unless that was done, there or in another folder of the fold."""
    job, stage = folds.job, round.stage
    with main_process_first():
        if is_main_process() and not stage.is_done():
            _say_why(round)
            stage.forget()  # what is written from now on is no longer the earlier result
            _take_over(folds, fold, round)
        done = stage.is_done()
        if is_main_process() and not done:
            job.record_environment()
    if not done:
        fit(data, round.recipe, fold, round.folder, digest(inputs.resuming(stage.inputs)), deadline)
        with main_process_first():
            if is_main_process():
                stage.finish(training_outputs(round.folder, job.recipe))


def _say_why(round: Round) -> None:
    """Return the reason why a finished training is repeated."""
    if round.stage.recorded() is not None:
        logger.info("%s: %s: training again", round.folder, round.stage.problem())


def _take_over(folds: Folds, fold: int, round: Round) -> None:
    """Copy the same training's files from another folder of the fold: a round more or less moves them."""
    job = folds.job
    for other in job.files.rounds(fold):
        if other != round.folder and training_stage(job.folder, other, round.stage.inputs).is_done():
            made = training_outputs(round.folder, job.recipe)
            for path in made:
                with atomic_write(path) as part:
                    shutil.copyfile(other / path.name, part)
            round.stage.finish(made)
            return


def _with_defects(job: Job, count: int) -> list[str]:
    defective = set(job.labels["ImageId"])
    names = [name for name in job.images if name in defective][:count]
    if not names:
        raise SeverstalError(
            f"{job.data.train_csv}: no image in use has a defect: there is nothing to overfit"
        )
    return names
