"""Whether what a run's files say is still of the weights, folds and settings beside them."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from severstal.decision.summary import SUMMARY_EDITION
from severstal.errors import SeverstalError
from severstal.files import checksum, digest, read_json
from severstal.inference.ensemble import Combiner
from severstal.runs.folder import read_run
from severstal.runs.job import TEAM
from severstal.runs.stage import Stage
from severstal.runs.weights import weights_path

Damaged = dict[Path, str]
"""What is wrong with a file."""


def is_current(folder: Path, damaged: Damaged) -> bool:
    """Whether `oof/pairs.csv` was made from the weights, folds and settings that are there now.

    These are compared with the records of the stages between, as the stages themselves do; only of the input
    is taken for true what the records say.
    """
    team, summary = folder / TEAM, folder / "oof" / "summary.npz"
    first = find_member(folder, read_json(team)["runs"][0]) if team.is_file() else folder
    maps, folds = _maps_key(folder, damaged), first / "folds.csv"
    summed, ruled = (_recorded(folder, name, damaged) for name in ("summary", "rules"))
    if None in (maps, summed, ruled) or not folds.is_file():
        return False
    if not _again(summed, maps=maps, edition=SUMMARY_EDITION).is_done():
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


def is_trained(fold: Path, damaged: Damaged) -> bool:
    """Whether a fold has a record, and all files that it names as they were made.

    Of what it was made is not compared with what the recipe now asks for: that would take the input.
    """
    record = Stage(fold.parent, f"train-{fold.name}", {}).record
    about = read_whole(record, read_json, damaged) if record.is_file() else None
    inputs = about.get("inputs") if isinstance(about, dict) else None
    return inputs is not None and Stage(fold.parent, f"train-{fold.name}", inputs).is_done()


def read_whole(path: Path, read: Callable[[Path], Any], damaged: Damaged) -> Any:
    """What a file of a run says; None where it is damaged, which is noted."""
    try:
        return read(path)
    except SeverstalError as error:
        damaged[path.resolve()] = str(error)  # a team and its member come to the same file
        return None


def find_member(team: Path, run: str) -> Path:
    """Where a member's folder is: as it was named, or beside the team where one looks from elsewhere."""
    return Path(run) if Path(run).is_dir() else team.parent / Path(run).name


def _maps_key(folder: Path, damaged: Damaged) -> str | None:
    """What the out-of-fold maps are known by; None where they are not of the present weights.

    The maps themselves may be gone: they are large, and what was drawn from them stays true.
    """
    if (folder / TEAM).is_file():
        return _team_maps_key(folder, damaged)
    recipe, _, _ = read_run(folder)
    predicted, networks = _recorded(folder, "oof", damaged), range(recipe.data.train_folds)
    paths = [weights_path(folder, recipe, fold) for fold in networks]
    trained = [is_trained(folder / f"fold{fold}", damaged) for fold in networks]
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
    keys = [_maps_key(find_member(team, run), damaged) for run in about["runs"]]
    if combined is None or None in keys:
        return None
    mean = {name: about[name] for name in ("sense", "weights", "power")}
    if not _again(combined, maps=keys, **mean).is_done():
        return None
    combiner = Combiner.load(team / "combiner.json")
    ranks = None if combiner.ranks is None else combiner.ranks.tolist()
    # As `EnsembleReader` has it, which needs the maps.
    return digest([keys, combiner.mode, combiner.weights, combiner.power, ranks])


def _recorded(folder: Path, name: str, damaged: Damaged) -> Stage | None:
    """A stage as it was done the last time; None where it never was, or its record is damaged."""
    record = Stage(folder, name, {}).record
    about = read_whole(record, read_json, damaged) if record.is_file() else None
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
