"""What the runs of a folder say of themselves, read from their files alone."""

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

from severstal.errors import SeverstalError
from severstal.files import read_json
from severstal.job import RUNS, TEAM
from severstal.report.runs import RunRow, RunTable
from severstal.stages import Stage
from severstal.training.history import best_epoch, load_history
from severstal.training.run_folder import read_run

Damaged = dict[Path, str]
"""What is wrong with a file."""

PICTURES = "pictures"  # beside the runs: decoded pictures, which all of them share


def list_runs(folder: str | Path = RUNS) -> RunTable:
    """Gather the runs, and teams of runs, of a folder.

    Nothing of the input is read. A folder that is no run, or is damaged, is told with the reason. Of a run in
    which one fold's history or record is damaged, a line is printed, and the run is told by what is whole.

    Args:
        folder: of the runs; where it is not there, there are none.

    Raises:
        SeverstalError: it is no folder.

    Example:
        >>> list_runs("never-made")
        RunTable(runs=(), others=())
    """
    folder = Path(folder)
    if folder.exists() and not folder.is_dir():
        raise SeverstalError(f"{folder}: not a folder: give the one that holds the runs")
    runs, others, damaged = [], [], {}
    inside = sorted(folder.iterdir()) if folder.is_dir() else []
    for path in inside:
        if not path.is_dir() or path.name == PICTURES or path.name.startswith("."):
            continue
        try:
            runs.append(_team(path, damaged) if (path / TEAM).is_file() else _run(path, damaged))
        except SeverstalError as error:
            others.append((path.name, _reason(error, path)))
        except OSError as error:
            others.append((path.name, f"cannot be read: {error.strerror or error}"))
        except (ValueError, KeyError, TypeError, AttributeError) as error:  # JSON of another make
            others.append((path.name, f"its files are of another make: {error!r}"))
    for reason in damaged.values():
        print(reason, flush=True)
    runs.sort(key=lambda run: (math.isnan(run.score), -run.score, run.name))
    return RunTable(tuple(runs), tuple(others))


def _run(folder: Path, damaged: Damaged) -> RunRow:
    recipe, root, _ = read_run(folder)
    seconds, best, done = [], [], 0
    for fold in range(recipe.data.train_folds):
        own = folder / f"fold{fold}"
        done += _is_trained(own, damaged)
        paths = [*own.glob("round*/history.jsonl"), own / "history.jsonl"]
        rounds = {path: _whole(path, load_history, damaged) or [] for path in paths if path.is_file()}
        if last := rounds.get(own / "history.jsonl"):
            best.append(best_epoch(last)["score"])
        # A round that became the last one is in two places.
        different = {json.dumps(epochs): epochs for epochs in rounds.values()}.values()
        seconds += [epoch["seconds"] for epochs in different for epoch in epochs]
    score, score_of = _out_of_fold(folder), "out of fold"
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
    )


def _is_trained(fold: Path, damaged: Damaged) -> bool:
    """Whether a fold has a record, and all files that it names as they were made.

    Of what it was made is not compared with what the recipe now asks for: that would take the input.
    """
    record = Stage(fold.parent, f"train-{fold.name}", {}).record
    about = _whole(record, read_json, damaged) if record.is_file() else None
    inputs = about.get("inputs") if isinstance(about, dict) else None
    return inputs is not None and Stage(fold.parent, f"train-{fold.name}", inputs).is_done()


def _whole(path: Path, read: Callable[[Path], Any], damaged: Damaged) -> Any:
    """What a file of a fold says; None where it is damaged, which is noted."""
    try:
        return read(path)
    except SeverstalError as error:
        damaged[path.resolve()] = str(error)  # a team and its member come to the same file
        return None


def _team(folder: Path, damaged: Damaged) -> RunRow:
    recipe, root, _ = read_run(folder)
    members = [_run(_place(folder, path), damaged) for path in read_json(folder / TEAM)["runs"]]
    score = _out_of_fold(folder)
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
    )


def _place(team: Path, run: str) -> Path:
    """Where a member's folder is: as it was named, or beside the team where one looks from elsewhere."""
    return Path(run) if Path(run).is_dir() else team.parent / Path(run).name


def _out_of_fold(folder: Path) -> float:
    path = folder / "scorecard.json"
    return float(read_json(path)["oof"]["score"]) if path.is_file() else math.nan


def _commit(folder: Path) -> str | None:
    path = folder / "environment.json"
    commit = read_json(path).get("commit") if path.is_file() else None
    return None if commit is None else str(commit)


def _reason(error: SeverstalError, folder: Path) -> str:
    """What is wrong, without the folder's path before it."""
    if not (folder / "recipe.toml").is_file():
        return "no recipe.toml"
    return str(error).removeprefix(f"{folder}/")
