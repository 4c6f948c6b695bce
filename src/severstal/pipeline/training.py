"""The stage that trains the folds."""

from pathlib import Path
from typing import Any

import pandas as pd

from severstal.data import folds as fold_tables
from severstal.errors import SeverstalError
from severstal.files import checksum
from severstal.job import Job
from severstal.pipeline.data import make_folds
from severstal.stages import Stage
from severstal.training.fit import FoldData, fit
from severstal.training.history import load_history


def train_folds(job: Job) -> dict[int, list[dict[str, Any]]]:
    """Train the recipe's folds one after the other: `fold0/model.safetensors` and so on.

    Returns:
        The history of each fold, a dictionary an epoch.
    """
    folds = make_folds(job)
    return {fold: _train_fold(job, folds, fold) for fold in range(job.recipe.data.train_folds)}


def _train_fold(job: Job, folds: pd.DataFrame, fold: int) -> list[dict[str, Any]]:
    folder = job.folder / f"fold{fold}"
    outputs = [folder / name for name in ("model.safetensors", "last.safetensors", "history.jsonl")]
    settings = job.recipe.to_dict()
    settings["training"].pop("workers")  # they change nothing but the speed
    weights = Path(job.recipe.model.encoder_weights)
    inputs = {
        "settings": {key: settings[key] for key in ("seed", "data", "model", "loss", "augment", "training")},
        "encoder": checksum(weights) if weights.is_file() else None,
        "pictures": job.train_pictures.digest,
        "labels": job.labels_digest,
        "folds": fold_tables.deal_digest(folds),
        "fold": fold,
    }
    stage = Stage(job.folder, f"train-fold{fold}", inputs)
    if not stage.is_done():
        held_out = folds.loc[folds["fold"] == fold, "ImageId"].tolist()
        train = folds.loc[folds["fold"] != fold, "ImageId"].tolist()
        if count := job.recipe.training.overfit_images:
            train = held_out = _with_defects(job, count)
        data = FoldData(job.train_pictures, job.masks, job.spec, train, held_out)
        fit(data, job.recipe, fold, folder, stage.key)
        stage.finish(outputs)
    return load_history(folder / "history.jsonl")


def _with_defects(job: Job, count: int) -> list[str]:
    defective = set(job.labels["ImageId"])
    names = [name for name in job.images if name in defective][:count]
    if not names:
        raise SeverstalError(
            f"{job.data.train_csv}: no image in use has a defect: there is nothing to overfit"
        )
    return names
