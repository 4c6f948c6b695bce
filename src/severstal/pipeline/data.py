"""The stages before any training: the input read whole, near-duplicates, likeness to the test set, folds."""

import platform
import shutil
from pathlib import Path

import pandas as pd

from severstal.data import duplicates, likeness
from severstal.data import folds as fold_tables
from severstal.data.duplicates import load_pairs, save_pairs
from severstal.data.features import picture_features
from severstal.data.likeness import FEWEST, Likeness, most_test_like
from severstal.errors import SeverstalError
from severstal.files import atomic_write, checksum
from severstal.processes import is_main_process, main_process_first
from severstal.progress import progress
from severstal.recipe import Recipe
from severstal.report.duplicates import describe_duplicates, pair_gallery
from severstal.report.folds import counts
from severstal.runs.ensemble import RunOrEnsemble, open_run_or_ensemble
from severstal.runs.job import Job, open_job
from severstal.runs.stage import Stage


def prepare(
    recipe: str | Path | Recipe = "auto", input: str | Path | None = None, name: str | None = None
) -> RunOrEnsemble:
    """Open a recipe on an input folder, read the input whole and write what the run folder says of itself.

    Of several processes that train together the main one does it while the others wait.

    Args:
        recipe: as `open_run_or_ensemble` has it.
        input: as `open_run_or_ensemble` has it.
        name: as `open_run_or_ensemble` has it.

    Returns:
        A run, or of a recipe with members a team of runs.

    Raises:
        SeverstalError: the first fault in recipe or input.
    """
    with main_process_first():
        candidate = open_run_or_ensemble(recipe, input, name)
        check_input(candidate)
        if is_main_process():
            candidate.record()
        return candidate


def check_input(job: RunOrEnsemble) -> dict[str, int]:
    """Read both tables and decode every picture that the job needs, so that whatever is wrong shows first.

    Returns:
        What was found: `train` and `test` images, `used` of the train images, `masks`, `clean` images.

    Raises:
        SeverstalError: the first fault, with file, row and repair.
    """
    names = job.data.train_names()
    used = job.labels.loc[job.labels["ImageId"].isin(job.images), "ClassId"]
    for number, name in enumerate(job.spec.classes, start=1):
        if not (used == number).any():
            raise SeverstalError(
                f"{job.data.train_csv}: no image in use has class {number}, {name}: label some that do, or "
                "leave the class out of dataset.toml"
            )
    return {
        "train": len(names),
        "clean": len(names) - job.labels["ImageId"].nunique(),
        "masks": len(job.labels),
        "test": len(job.sample.images),
        "used": len(job.train_pictures),
        "decoded": len(job.train_pictures) + len(job.test_pictures),
    }


def find_duplicates(job: Job) -> pd.DataFrame:
    """Find the near-duplicates among the labelled pictures that the recipe uses: `duplicates.csv`.

    Returns:
        A row a pair, see `severstal.data.duplicates.find_duplicates`.
    """
    path = job.folder / "duplicates.csv"
    stage = Stage(job.folder, "duplicates", {"pictures": job.train_pictures.digest})
    if not stage.is_done():
        save_pairs(duplicates.find_duplicates(job.train_pictures), path)
        stage.finish([path])
    return load_pairs(path)


def report_duplicates(
    input: str | Path | None = None, output: str | Path | None = None, pictures: str | Path | None = None
) -> pd.DataFrame:
    """Print the groups of near-duplicates among all labelled pictures, and the pairs labelled differently.

    Args:
        input: the input folder; None takes the first of the usual places, or draws the sample.
        output: where the table of the pairs goes.
        pictures: folder for a picture of each pair, side by side with their labels.

    Returns:
        A row a pair, with what its labels say.
    """
    job = open_job(Recipe(), input)
    pairs = duplicates.find_duplicates(job.train_pictures)
    pairs = duplicates.compare_labels(pairs, job.masks, job.spec)
    print(describe_duplicates(job.images, pairs), flush=True)
    if output is not None:
        save_pairs(pairs, output)
    if pictures is not None:
        for row in progress(range(len(pairs)), "draw pairs", unit="pair"):
            pair = pairs.iloc[[row]]
            first, second = (Path(pair[side].item()).stem for side in ("first", "second"))
            with atomic_write(Path(pictures) / f"{first}-{second}.png") as part:
                pair_gallery(pair, job.train_pictures, job.masks, job.spec).savefig(part, format="png")
    return pairs


def measure_likeness(job: Job) -> Likeness | None:
    """Measure how much each picture looks like the test set: `likeness.csv`.

    Returns:
        What was found; None where there are too few pictures to tell.
    """
    groups = duplicates.duplicate_groups(job.images, find_duplicates(job))
    if min(len(job.train_pictures), len(job.test_pictures)) < FEWEST:
        return None
    path = job.folder / "likeness.csv"
    inputs = {
        "train": job.train_pictures.digest,
        "test": job.test_pictures.digest,
        "groups": groups.tolist(),
        "seed": job.recipe.fold_seed,
    }
    stage = Stage(job.folder, "likeness", inputs)
    if not stage.is_done():
        features = picture_features(job.train_pictures), picture_features(job.test_pictures)
        likeness.measure_likeness(*features, groups, job.recipe.fold_seed).save(path)
        stage.finish([path])
    return Likeness.load(path)


def make_folds(job: Job) -> pd.DataFrame:
    """Deal the labelled images into folds: `folds.csv`, with its checksum and counts in `folds.json`.

    Near-duplicates stay together; each fold has its share of every combination of classes. Of several
    processes that train together the main one deals, and has to come first.

    Returns:
        A row an image: `ImageId`, `fold`, `group` (of near-duplicates); and, where there are pictures enough,
        `likeness` to the test set (0 to 1) and `test_like` (bool), true for the fifth of the images most
        like it.

    Raises:
        SeverstalError: `folds.csv` was changed by hand.
    """
    if not is_main_process():
        return dealt_folds(job)
    check_input(job)  # before anything of an earlier run is replaced
    job.record()
    count, seed = job.recipe.data.folds, job.recipe.fold_seed
    pairs, found = find_duplicates(job), measure_likeness(job)
    path = job.folder / "folds.csv"
    inputs = {"labels": job.labels_digest, "folds": count, "seed": seed}
    for name in ("duplicates", "likeness"):
        inputs[name] = checksum(job.folder / f"{name}.csv") if name == "duplicates" or found else None
    stage = Stage(job.folder, "folds", inputs)
    if stage.is_done():
        return fold_tables.load_folds(path)
    if stage.was_changed(path):
        fold_tables.load_folds(path)  # dealt before: says so where a hand has changed it since
    groups = duplicates.duplicate_groups(job.images, pairs)
    folds = fold_tables.make_folds(job.images, job.masks.presence(job.images), count, seed, groups)
    about = {"seed": seed, "groups": groups.nunique(), "duplicate_pairs": len(pairs)}
    line = f"folds: {len(folds):,} images, {len(pairs):,} pairs of near-duplicates kept together"
    if found:
        of_train = found.of_train()
        chosen = most_test_like(of_train, groups)
        folds = folds.assign(
            likeness=folds["ImageId"].map(of_train), test_like=folds["ImageId"].map(chosen).astype(bool)
        )
        about["auc"] = round(found.auc, 4)
        line += f"; train and test told apart with AUC {found.auc:.2f} (chance: 0.50)"
    about["counts"] = {str(fold): row.to_dict() for fold, row in counts(folds, job.labels, job.spec).items()}
    fold_tables.save_folds(folds, path, about)
    stage.finish([path, path.with_suffix(".json")])
    print(line, flush=True)
    return fold_tables.load_folds(path)


def dealt_folds(job: Job) -> pd.DataFrame:
    """Read the folds that `make_folds` has dealt, and write nothing: for processes that train side by side.

    Raises:
        SeverstalError: they were changed by hand, or are not there.
    """
    path = job.folder / "folds.csv"
    if not path.is_file():
        raise SeverstalError(
            f"{path}: not on {platform.node()}: machines that train together need a shared folder"
        )
    return fold_tables.load_folds(path)


def share_findings(source: Job, target: Job) -> None:
    """Give a run what another found out of the same pictures; its stages check that they are the same."""
    for name in ("duplicates", "likeness"):
        for path in (f"{name}.csv", f"stages/{name}.json"):
            if (source.folder / path).is_file() and not (target.folder / path).exists():
                with atomic_write(target.folder / path) as part:
                    shutil.copyfile(source.folder / path, part)
