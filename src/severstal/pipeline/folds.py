"""The stages that split the images into folds: near-duplicates, similarity to the test set, the split."""

import logging
import platform
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from severstal.data import duplicates, likeness
from severstal.data import folds as fold_tables
from severstal.data.duplicates import describe_leaks, leaking_pairs, load_pairs, save_pairs
from severstal.data.features import picture_features
from severstal.data.given_folds import read_given_folds
from severstal.data.likeness import FEWEST, Likeness, most_test_like
from severstal.data.picture_statistics import collect_statistics
from severstal.errors import SeverstalError
from severstal.evaluation.fold_counts import count_by_fold
from severstal.files import write_json
from severstal.runs import inputs
from severstal.runs.job import Job
from severstal.runs.record import Stage, file_checksum

logger = logging.getLogger("severstal")


@dataclass(frozen=True)
class Folds:
    """A run's images split into folds.

    Attributes:
        job: the run.
        table: one row per image: `ImageId`, `fold`, `group` (of near-duplicates); and, where there are enough
            pictures, `likeness` to the test set (0 to 1) and `test_like` (bool), true for the fifth of the
            images most like it.
    """

    job: Job
    table: pd.DataFrame

    @property
    def digest(self) -> str:
        """Checksum of which image is in which fold."""
        return fold_tables.folds_checksum(self.table)

    @property
    def checksum(self) -> str:
        """Checksum of `folds.csv`."""
        return file_checksum(self.job.files.folds)

    @property
    def fold_of(self) -> dict[str, int]:
        """The fold of each image."""
        return dict(zip(self.table["ImageId"], self.table["fold"], strict=True))

    def held_out(self, fold: int) -> list[str]:
        """Names of the images that a fold is validated on."""
        return self.table.loc[self.table["fold"] == fold, "ImageId"].tolist()

    def training(self, fold: int) -> list[str]:
        """Names of the images that a fold is trained on."""
        return self.table.loc[self.table["fold"] != fold, "ImageId"].tolist()


def duplicate_pairs(job: Job, known: pd.DataFrame | None = None) -> pd.DataFrame:
    """Find the near-duplicates among the labelled pictures that the recipe uses: `duplicates.csv`.

    Args:
        job: the run.
        known: pairs that another run found among the same pictures.

    Returns:
        One row per pair, see `severstal.data.duplicates.find_duplicates`.
    """
    path = job.files.duplicates
    stage = Stage(job.folder, "duplicates", inputs.duplicates(job.train_pictures.digest))
    if not stage.is_done():
        pairs = duplicates.find_duplicates(job.train_pictures) if known is None else known
        save_pairs(pairs, path)
        stage.finish([path])
    return load_pairs(path)


def likeness_to_test_set(job: Job, pairs: pd.DataFrame, known: Likeness | None = None) -> Likeness | None:
    """Measure the likeness of each picture to the test set: `likeness.csv`.

    Args:
        job: the run.
        pairs: near-duplicate pairs of the pictures.
        known: likeness that another run measured on the same pictures.

    Returns:
        The likeness; None where there are too few pictures to measure it.
    """
    if not job.data.has_test or min(len(job.train_pictures), len(job.test_pictures)) < FEWEST:
        return None
    groups = duplicates.duplicate_groups(job.images, pairs)
    path, digests = job.files.likeness, (job.train_pictures.digest, job.test_pictures.digest)
    stage = Stage(job.folder, "likeness", inputs.likeness(*digests, groups.tolist(), job.recipe.fold_seed))
    if not stage.is_done():
        if known is None:
            features = picture_features(job.train_pictures), picture_features(job.test_pictures)
            known = likeness.measure_likeness(*features, groups, job.recipe.fold_seed)
        known.save(path)
        stage.finish([path])
    return Likeness.load(path)


def split_into_folds(job: Job, pairs: pd.DataFrame, found: Likeness | None) -> Folds:
    """Split the labelled images into folds: `folds.csv`, with its checksum and counts in `folds.json`.

    Near-duplicates stay together; each fold has its share of every combination of classes. Where the recipe
    names a table of folds, that is taken as it is, and near-duplicates in two of its folds are told. The
    ranges of the pictures' size, brightness, contrast and black share go to `statistics.json`, by which a
    predictor tells pictures that are unlike them.

    Args:
        job: the run.
        pairs: near-duplicate pairs, from `duplicate_pairs`.
        found: likeness to the test set, from `likeness_to_test_set`.

    Raises:
        SeverstalError: `folds.csv` was edited by hand, or the recipe's own table of folds is faulty.
    """
    count, seed, path = job.recipe.data.folds, job.recipe.fold_seed, job.files.folds
    given = _given_folds(job)
    like = None if found is None else file_checksum(job.files.likeness)
    stated = inputs.folds(
        job.recipe,
        job.labels_digest,
        file_checksum(job.files.duplicates),
        like,
        None if given is None else file_checksum(Path(job.recipe.data.folds_file)),
    )
    stage = Stage(job.folder, "folds", stated)
    if stage.is_done():
        return Folds(job, fold_tables.load_folds(path))
    if stage.was_changed(path):
        fold_tables.load_folds(path)  # split before: says so where it was changed by hand since
    grouped = pairs if job.recipe.data.group_duplicates else pairs.iloc[:0]
    if given is None:
        groups = duplicates.fold_groups(job.images, grouped, count)
        folds = fold_tables.split_folds(job.images, job.masks.presence(job.images), count, seed, groups)
    else:
        groups = duplicates.duplicate_groups(job.images, grouped, max(1, len(job.images) // count))
        folds = given.assign(group=groups.to_numpy())
    fold_of = dict(zip(folds["ImageId"], folds["fold"], strict=True))
    leaking = leaking_pairs(pairs, fold_of)
    about = {"seed": seed, "groups": groups.nunique(), "duplicate_pairs": len(pairs)}
    about["leaking_pairs"] = len(leaking)
    line = (
        f"folds: {len(folds):,} images, {len(pairs) - len(leaking):,} pairs of near-duplicates kept together"
    )
    if found:
        of_train = found.of_train()
        chosen = most_test_like(of_train, groups)
        folds = folds.assign(
            likeness=folds["ImageId"].map(of_train), test_like=folds["ImageId"].map(chosen).astype(bool)
        )
        about["auc"] = round(found.auc, 4)
        line += f"; train and test told apart with AUC {found.auc:.2f} (chance: 0.50)"
    about["counts"] = {
        str(fold): row.to_dict() for fold, row in count_by_fold(folds, job.labels, job.spec).items()
    }
    fold_tables.save_folds(folds, path, about)
    statistics = collect_statistics(job.train_pictures.picture(name) for name in job.images)
    write_json(job.files.statistics, statistics.to_json())
    stage.finish([path, path.with_suffix(".json"), job.files.statistics])
    logger.info(line)
    if len(leaking):
        logger.warning(
            "%s; scores out of fold are too high there%s", describe_leaks(leaking, fold_of), _repair(job)
        )
    return Folds(job, fold_tables.load_folds(path))


def _given_folds(job: Job) -> pd.DataFrame | None:
    """The folds of the recipe's own table for the images in use, in their order; None where it names none."""
    path = job.recipe.data.folds_file
    if path is None:
        return None
    given = read_given_folds(path, job.data.train_names()).set_index("ImageId").loc[job.images].reset_index()
    empty = set(range(job.recipe.data.folds)).difference(given["fold"])
    if empty:
        raise SeverstalError(
            f"{path}: none of the {len(given):,} images that data.max_images leaves is in fold {min(empty)}: "
            "raise data.max_images or set it to 0"
        )
    return given


def _repair(job: Job) -> str:
    if (path := job.recipe.data.folds_file) is not None:
        return f": put both pictures of a pair into one fold of {path}"
    return "" if job.recipe.data.group_duplicates else ": set data.group_duplicates = true"


def open_folds(job: Job) -> Folds:
    """Read the folds that `split_into_folds` has made; nothing is written.

    Raises:
        SeverstalError: they were changed by hand, or are not there.
    """
    path = job.files.folds
    if not path.is_file():
        raise SeverstalError(
            f"{path}: not on {platform.node()}: `severstal train` makes it; machines that train together "
            "need a shared folder"
        )
    return Folds(job, fold_tables.load_folds(path))
