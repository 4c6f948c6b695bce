"""The list of the runs in a folder, read from their files alone."""

import json
import logging
import math
from pathlib import Path

import pandas as pd

from severstal.competition.scored import DICE_ROUNDING, ScoredPairs
from severstal.errors import SeverstalError
from severstal.files import read_json
from severstal.runs.current import Damaged, is_current, is_trained, read_whole
from severstal.runs.folder import read_run
from severstal.runs.layout import RUNS, RunFiles, history_path
from severstal.runs.leaks import leaking_images
from severstal.runs.members import read_ensemble
from severstal.runs.rows import RunRow, RunTable
from severstal.training.history import best_epoch, load_history

logger = logging.getLogger("severstal")

PICTURES = "pictures"  # beside the runs: decoded pictures, which all of them share


def list_runs(folder: str | Path = RUNS, damaged: Damaged | None = None) -> RunTable:
    """Gather the runs, and ensembles of runs, of a folder.

    The input folder is not read. Folders that are not runs, or are damaged, are listed with the reason. A
    damaged history or record is logged in one line, and the rest of its run is listed. An out-of-fold score
    that is not current is left out.

    Args:
        folder: folder of the runs; a missing one holds none.
        damaged: collects each damaged file with the line that is printed.

    Raises:
        SeverstalError: `folder` is no folder.

    Example:
        >>> list_runs("never-made")
        RunTable(runs=(), others=())
    """
    folder = Path(folder)
    if folder.exists() and not folder.is_dir():
        raise SeverstalError(f"{folder}: not a folder: give the one that holds the runs")
    runs, others, damaged = [], [], {} if damaged is None else damaged
    inside = sorted(folder.iterdir()) if folder.is_dir() else []
    for path in inside:
        if not path.is_dir() or path.name == PICTURES or path.name.startswith("."):
            continue
        try:
            runs.append((_ensemble if RunFiles(path).is_ensemble else _run)(path, damaged))
        except SeverstalError as error:
            others.append((path.name, _reason(error, path)))
        except OSError as error:
            others.append((path.name, f"cannot be read: {error.strerror or error}"))
        except (ValueError, KeyError, TypeError, AttributeError) as error:  # JSON of another version
            others.append((path.name, f"its files are of an incompatible version: {error!r}"))
    for reason in damaged.values():
        logger.warning(reason)
    runs.sort(key=lambda run: (math.isnan(run.score), -run.score, run.name))
    return RunTable(tuple(runs), tuple(others))


def load_scored(run: str | Path) -> ScoredPairs:
    """Read the out-of-fold score of each labelled pair of a run or an ensemble, as the stage `score` left it.

    Nothing of the input is read.

    Raises:
        SeverstalError: the run is not scored, or its weights, folds or settings have changed since.

    Example:
        >>> load_scored("runs/never-made")
        Traceback (most recent call last):
        severstal.errors.SeverstalError: runs/never-made: not a run: give a folder that ... made, as runs/NAME
    """
    run, damaged = Path(run), {}
    _, _, spec = read_run(run)
    path = RunFiles(run).oof_pairs
    pairs = ScoredPairs.load(path, spec)
    try:
        current = is_current(run, damaged)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise SeverstalError(
            f"{run}: its files are of an incompatible version ({error!r}): `severstal score` on the run "
            "writes them again"
        ) from error
    if not current:
        stale = (
            "not known to be of the weights, folds and settings that the run has now: `severstal score` on "
            "the run writes it"
        )
        raise SeverstalError(next(iter(damaged.values()), f"{path}: {stale}"))
    return pairs


def _run(folder: Path, damaged: Damaged) -> RunRow:
    files, (recipe, root, _) = RunFiles(folder), read_run(folder)
    seconds, best, done = [], [], 0
    for fold in range(recipe.data.train_folds):
        done += is_trained(files.fold(fold), damaged)
        paths = [history_path(training) for training in files.rounds(fold)]
        rounds = [read_whole(path, load_history, damaged) or [] for path in paths if path.is_file()]
        if paths[-1].is_file() and rounds[-1]:
            best.append(best_epoch(rounds[-1])["score"])
        # A round that became the last one is in two places.
        different = {json.dumps(epochs): epochs for epochs in rounds}.values()
        seconds += [epoch["seconds"] for epochs in different for epoch in epochs]
    score, score_of = _out_of_fold(folder, damaged), "out of fold"
    if math.isnan(score):
        score, score_of = (sum(best) / len(best), "validation") if best else (math.nan, None)
    return RunRow(
        folder.name,
        recipe.name,
        (),
        str(root),
        done,
        recipe.data.train_folds,
        len(seconds),
        float(score),
        score_of,
        float(sum(seconds)),
        _commit(folder),
        *leaking_images(folder),
    )


def _ensemble(folder: Path, damaged: Damaged) -> RunRow:
    recipe, root, _ = read_run(folder)
    members = [_run(member, damaged) for member in read_ensemble(folder).members]
    score = _out_of_fold(folder, damaged)
    commits = {member.commit for member in members}
    return RunRow(
        folder.name,
        recipe.name if recipe.members else f"{len(members)} runs",
        tuple(member.name for member in members),
        str(root),
        sum(member.folds_done for member in members),
        sum(member.folds for member in members),
        sum(member.epochs for member in members),
        score,
        None if math.isnan(score) else "out of fold",
        sum(member.seconds for member in members),
        commits.pop() if len(commits) == 1 else None,
        members[0].leaking,
        members[0].held,
    )


def _out_of_fold(folder: Path, damaged: Damaged) -> float:
    """Return the scorecard's score; nan where there is none, or the run has changed since."""
    files = RunFiles(folder)
    path = files.scorecard
    score = float(read_json(path)["oof"]["score"]) if path.is_file() else math.nan
    if math.isnan(score) or not is_current(folder, damaged):
        return math.nan
    # The first edition kept no record of it: a scorecard is current where it agrees with current pairs.
    pairs = pd.read_csv(files.oof_pairs, usecols=["dice"])
    return score if abs(pairs["dice"].mean() - score) <= DICE_ROUNDING else math.nan


def _commit(folder: Path) -> str | None:
    path = RunFiles(folder).environment
    commit = read_json(path).get("commit") if path.is_file() else None
    return None if commit is None else str(commit)


def _reason(error: SeverstalError, folder: Path) -> str:
    """Return the message without the folder's path before it."""
    if not RunFiles(folder).recipe.is_file():
        return "no recipe.toml"
    return str(error).removeprefix(f"{folder}/")
