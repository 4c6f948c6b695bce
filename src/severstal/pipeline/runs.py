"""What the runs of a folder say of themselves, read from their files alone."""

import json
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from severstal.competition.scored import ROUNDING, ScoredPairs
from severstal.errors import SeverstalError
from severstal.files import checksum, digest, read_json
from severstal.inference.ensemble import Combiner
from severstal.job import RUNS, TEAM
from severstal.report.runs import RunRow, RunTable
from severstal.stages import Stage
from severstal.training.history import best_epoch, load_history
from severstal.training.network import weights_path
from severstal.training.run_folder import read_run

Damaged = dict[Path, str]
"""What is wrong with a file."""

PICTURES = "pictures"  # beside the runs: decoded pictures, which all of them share


def list_runs(folder: str | Path = RUNS, damaged: Damaged | None = None) -> RunTable:
    """Gather the runs, and teams of runs, of a folder.

    Nothing of the input is read. A folder that is no run, or is damaged, is told with the reason. Of a run in
    which one fold's history or a stage's record is damaged, a line is printed, and the run is told by what is
    whole. An out-of-fold score of weights or settings that the run no longer has is left out.

    Args:
        folder: of the runs; where it is not there, there are none.
        damaged: gets each such file with the line that is printed.

    Raises:
        SeverstalError: it is no folder.

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


def load_scored(run: str | Path) -> ScoredPairs:
    """How each labelled pair of a run, or a team of runs, was scored out of fold, as `score` left it.

    Nothing of the input is read.

    Raises:
        SeverstalError: the run is not scored, or its weights, folds or settings are others since then.

    Example:
        >>> load_scored("runs/never-made")
        Traceback (most recent call last):
        severstal.errors.SeverstalError: runs/never-made: not a run: give a folder that ... made, as runs/NAME
    """
    run, damaged = Path(run), {}
    _, _, spec = read_run(run)
    path = run / "oof" / "pairs.csv"
    pairs = ScoredPairs.load(path, spec)
    try:
        current = _is_current(run, damaged)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise SeverstalError(
            f"{run}: its files are of another make ({error!r}): `severstal score` on the run writes them"
        ) from error
    if not current:
        stale = "of other weights, folds or settings than the run's: `severstal score` on the run writes it"
        raise SeverstalError(next(iter(damaged.values()), f"{path}: {stale}"))
    return pairs


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
    """What a file of a run says; None where it is damaged, which is noted."""
    try:
        return read(path)
    except SeverstalError as error:
        damaged[path.resolve()] = str(error)  # a team and its member come to the same file
        return None


def _team(folder: Path, damaged: Damaged) -> RunRow:
    recipe, root, _ = read_run(folder)
    members = [_run(_place(folder, path), damaged) for path in read_json(folder / TEAM)["runs"]]
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
    )


def _place(team: Path, run: str) -> Path:
    """Where a member's folder is: as it was named, or beside the team where one looks from elsewhere."""
    return Path(run) if Path(run).is_dir() else team.parent / Path(run).name


def _out_of_fold(folder: Path, damaged: Damaged) -> float:
    """The scorecard's score; nan where there is none, or it is of what the run no longer is."""
    path = folder / "scorecard.json"
    score = float(read_json(path)["oof"]["score"]) if path.is_file() else math.nan
    if math.isnan(score) or not _is_current(folder, damaged):
        return math.nan
    # No record says what the scorecard was made from: it is current where it agrees with the pairs that are.
    pairs = pd.read_csv(folder / "oof" / "pairs.csv", usecols=["dice"])
    return score if abs(pairs["dice"].mean() - score) <= ROUNDING else math.nan


def _is_current(folder: Path, damaged: Damaged) -> bool:
    """Whether `oof/pairs.csv` was made from the weights, folds and settings that are there now.

    These are compared with the records of the stages between, as the stages themselves do; only of the input
    is taken for true what the records say.
    """
    team, summary = folder / TEAM, folder / "oof" / "summary.npz"
    first = _place(folder, read_json(team)["runs"][0]) if team.is_file() else folder
    maps, folds = _maps_key(folder, damaged), first / "folds.csv"
    summed, ruled = (_recorded(folder, name, damaged) for name in ("summary", "rules"))
    if None in (maps, summed, ruled) or not folds.is_file() or not _again(summed, maps=maps).is_done():
        return False
    recipe, _, _ = read_run(folder)
    now = {
        "summary": _checksum(summary, ruled, ruled.inputs["summary"]),
        "folds": checksum(folds),
        "labels": summed.inputs["labels"],
        "decision": recipe.to_dict()["decision"],
        "seed": recipe.fold_seed,
    }
    return _again(ruled, **now).is_done()


def _maps_key(folder: Path, damaged: Damaged) -> str | None:
    """What the out-of-fold maps are known by; None where they are not of the present weights.

    The maps themselves may be gone: they are large, and what was drawn from them stays true.
    """
    if (folder / TEAM).is_file():
        return _team_maps_key(folder, damaged)
    recipe, _, _ = read_run(folder)
    predicted, networks = _recorded(folder, "oof", damaged), range(recipe.data.train_folds)
    paths = [weights_path(folder, recipe, fold) for fold in networks]
    trained = [_is_trained(folder / f"fold{fold}", damaged) for fold in networks]
    if predicted is None or not all(trained) or len(predicted.inputs["weights"]) != len(paths):
        return None
    folds = folder / "folds.csv"
    if not all(path.is_file() for path in (*paths, folds)):
        return None
    said = zip(paths, predicted.inputs["weights"], strict=True)
    inference = {key: value for key, value in recipe.to_dict()["inference"].items() if key != "batch_size"}
    now = {
        "weights": [_checksum(path, predicted, known) for path, known in said],
        "inference": inference,
        "folds": checksum(folds),
    }
    return predicted.key if _again(predicted, **now).key == predicted.key else None


def _team_maps_key(team: Path, damaged: Damaged) -> str | None:
    """The same of the mean of its members' maps."""
    about, combined = read_json(team / TEAM), _recorded(team, "combiner", damaged)
    keys = [_maps_key(_place(team, run), damaged) for run in about["runs"]]
    if combined is None or None in keys:
        return None
    mean = {name: about[name] for name in ("sense", "weights", "power")}
    if not _again(combined, maps=keys, **mean).is_done():
        return None
    combiner = Combiner.load(team / "combiner.json")
    ranks = None if combiner.ranks is None else combiner.ranks.tolist()
    # As `EnsembleReader` has it, which needs the maps.
    return digest([keys, combiner.sense, combiner.weights, combiner.power, ranks])


def _recorded(folder: Path, name: str, damaged: Damaged) -> Stage | None:
    """A stage as it was done the last time; None where it never was, or its record is damaged."""
    record = Stage(folder, name, {}).record
    about = _whole(record, read_json, damaged) if record.is_file() else None
    stage = Stage(folder, name, about["inputs"]) if about else None
    return stage if stage and stage.key == about["key"] else None


def _again(stage: Stage, **inputs: Any) -> Stage:
    """The stage with some of its inputs as they are now."""
    return replace(stage, inputs=stage.inputs | inputs)


def _checksum(path: Path, stage: Stage, said: str) -> str:
    """The checksum of a file that went into a stage: by its record where the file is older.

    To read the weights of all runs anew would take minutes.
    """
    older = path.stat().st_mtime_ns < stage.record.stat().st_mtime_ns
    return said if older else checksum(path)


def _commit(folder: Path) -> str | None:
    path = folder / "environment.json"
    commit = read_json(path).get("commit") if path.is_file() else None
    return None if commit is None else str(commit)


def _reason(error: SeverstalError, folder: Path) -> str:
    """What is wrong, without the folder's path before it."""
    if not (folder / "recipe.toml").is_file():
        return "no recipe.toml"
    return str(error).removeprefix(f"{folder}/")
