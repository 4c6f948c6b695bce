"""The rounds of a fold's training, and the inputs of each.

The network of `fold0/round0` labels the test pictures that it is sure of; with these as well, another one is
trained in `fold0/round1`, and so on; the last round's is the fold's own, in `fold0`. Labels come from
networks of this fold alone, and none of these ever saw its held-out images. Nor do these images decide when
such a network is done: early stopping is in force in the last round only.
"""

from dataclasses import dataclass
from pathlib import Path

from severstal.pipeline.folds import Folds
from severstal.pipeline.teacher import teacher_inputs
from severstal.recipe import Recipe
from severstal.recipe.switches import change
from severstal.runs import inputs
from severstal.runs.inputs import Inputs
from severstal.runs.layout import pseudo_labels_path
from severstal.runs.record import Stage, file_checksum


@dataclass(frozen=True)
class Round:
    """One training of a fold.

    Attributes:
        folder: folder of its weights and history.
        recipe: recipe that it is trained by.
        stage: record of the training.
        labels_test: whether its network labels the test pictures afterwards.
    """

    folder: Path
    recipe: Recipe
    stage: Stage
    labels_test: bool


def make_round(folds: Folds, fold: int, number: int, before: Path | None) -> Round:
    """State a round of a fold's training.

    Args:
        folds: folds of the run.
        fold: number of the held-out fold.
        number: number of the round, from 0; `pseudo.rounds` is the last.
        before: folder of the round whose pseudo-labels it learns from; None where there are none.
    """
    job, recipe = folds.job, folds.job.recipe
    labels_test = number < recipe.pseudo.rounds
    folder = job.files.round(fold, number) if labels_test else job.files.fold(fold)
    used = change(recipe, {"training.early_stopping": 0}) if labels_test else recipe
    encoder = Path(recipe.model.encoder_weights)
    stated = inputs.training(
        used,
        fold,
        folds=folds.digest,
        pictures=job.train_pictures.digest,
        labels=job.labels_digest,
        encoder=file_checksum(encoder) if encoder.is_file() else None,
        pseudo=None if before is None else _learnt(folds, before),
        teacher=teacher_inputs(folds.job),
    )
    return Round(folder, used, training_stage(job.folder, folder, stated), labels_test)


def training_stage(run: Path, training: Path, stated: Inputs) -> Stage:
    """Return the record of a training.

    Args:
        run: folder of the run.
        training: folder of the fold, or of one of its rounds.
        stated: inputs of the training.

    Example:
        >>> training_stage(Path("runs/a"), Path("runs/a/fold0/round1"), {}).name
        'train-fold0-round1'
    """
    return Stage(run, "-".join(("train", *training.relative_to(run).parts)), stated)


def _learnt(folds: Folds, before: Path) -> Inputs:
    return inputs.pseudo_labels_learnt(
        folds.job.recipe,
        labels=file_checksum(pseudo_labels_path(before)),
        pictures=folds.job.test_pictures.digest,
    )
