"""Near-duplicates between what is trained on and what is scored, beside the control that copies masks."""

from collections.abc import Sequence

import pandas as pd

from severstal.competition.scored import score_masks
from severstal.data import duplicates
from severstal.data.duplicates import leaking_pairs, load_pairs, lookup_table, save_pairs, symmetric_pairs
from severstal.pipeline.folds import Folds
from severstal.runs import inputs
from severstal.runs.job import Job
from severstal.runs.record import Stage


def copies_in_test(job: Job) -> pd.DataFrame:
    """Find the near-duplicates of the labelled pictures among the test pictures: `copies.csv`.

    Args:
        job: the run; it has test pictures.

    Returns:
        One row per pair, see `severstal.data.duplicates.find_duplicates`; `first` is the labelled picture.
    """
    path = job.files.copies
    stage = Stage(job.folder, "copies", inputs.copies(job.train_pictures.digest, job.test_pictures.digest))
    if not stage.is_done():
        save_pairs(duplicates.find_duplicates(job.train_pictures, job.test_pictures), path)
        stage.finish([path])
    return load_pairs(path)


def describe_copies_in_test(job: Job) -> str | None:
    """Say how many test pictures are also in the training set, and what copying their masks scores.

    Args:
        job: the run; the truth of its test pictures is known.

    Returns:
        One line; None where no test picture does.
    """
    pairs, names = copies_in_test(job), job.sample.images
    found = pairs["second"].nunique()
    if not found:
        return None
    table = lookup_table(pairs, names, job.masks, job.spec)
    control = score_masks(table, job.truth, names, job.spec).score
    are = "is a near-duplicate" if found == 1 else "are near-duplicates"
    return (
        f"{found:,} of {len(names):,} test pictures {are} of training pictures: the control that "
        f"copies the mask of the nearest one scores {control.score:.4f}, the all-empty baseline "
        f"{control.all_empty:.4f}"
    )


def describe_leaks_out_of_fold(folds: Folds, names: Sequence[str]) -> str | None:
    """Say how many held-out images are near-duplicates of images that their networks were trained on, and
    what copying the masks of those scores.

    Args:
        folds: folds of the run.
        names: names of the images that are scored.

    Returns:
        One line; None where no image is.
    """
    path = folds.job.files.duplicates
    if not path.is_file():  # of a run from elsewhere, or of the first edition
        return None
    leaking = leaking_pairs(load_pairs(path), folds.fold_of)
    images = set(leaking["first"]).union(leaking["second"]).intersection(names)
    if not images:
        return None
    job = folds.job
    table = lookup_table(symmetric_pairs(leaking, job.masks), names, job.masks, job.spec)
    control = score_masks(table, job.labels, names, job.spec).score
    are = "is a near-duplicate" if len(images) == 1 else "are near-duplicates"
    return (
        f"{len(images):,} of {len(names):,} images {are} of images in another fold, which their networks "
        "were trained on: the score is too high there; the control that copies the mask of the nearest one "
        f"scores {control.score:.4f}, the all-empty baseline {control.all_empty:.4f}"
    )
