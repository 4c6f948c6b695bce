"""Check that a run's scores are current: made from the weights, folds and settings beside them.

Only files of the run are read: for the inputs from outside, such as the pictures, the record is trusted. The
inputs are stated by the same functions of `runs.inputs` that the stages themselves call.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from severstal.errors import SeverstalError
from severstal.inference.ensemble import Combiner
from severstal.runs import inputs
from severstal.runs.folder import read_run
from severstal.runs.inputs import Inputs
from severstal.runs.layout import RunFiles
from severstal.runs.members import EnsembleFile, read_ensemble
from severstal.runs.record import Stage, file_checksum, read_record

Damaged = dict[Path, str]
"""What is wrong with a file."""


def is_current(folder: Path, damaged: Damaged) -> bool:
    """Return whether `oof/pairs.csv` was made from the weights, folds and settings that are there now."""
    files = RunFiles(folder)
    about = read_ensemble(folder) if files.is_ensemble else None
    first = RunFiles(about.members[0]) if about else files
    maps = _maps_key(folder, about, damaged)
    summarised, ruled = (_recorded(folder, name, damaged) for name in ("summary", "rules"))
    if maps is None or summarised is None or ruled is None or not first.folds.is_file():
        return False
    labels = summarised.inputs.get("labels")
    if not Stage(folder, "summary", inputs.summary(maps=maps, labels=labels)).is_done():
        return False
    recipe, _, _ = read_run(folder)
    stated = inputs.rules(
        recipe,
        summary=summarised.checksum(files.summary),
        folds=file_checksum(first.folds),
        labels=labels,
    )
    return Stage(folder, "rules", stated).is_done()


def is_trained(fold: Path, damaged: Damaged) -> bool:
    """Return whether a fold has a record, and all files that it names are unchanged.

    The recorded inputs are not compared with the recipe of today, which would need the input folder.
    """
    stage = _recorded(fold.parent, f"train-{fold.name}", damaged)
    return stage is not None and stage.is_done()


def read_whole(path: Path, read: Callable[[Path], Any], damaged: Damaged) -> Any:
    """Return the content of a run's file; None where it is damaged, which is noted."""
    try:
        return read(path)
    except SeverstalError as error:
        damaged[path.resolve()] = str(error)  # an ensemble and its member come to the same file
        return None


def _maps_key(folder: Path, about: EnsembleFile | None, damaged: Damaged) -> str | None:
    """Return the key of the out-of-fold maps; None where they were not made from the present weights.

    The maps themselves may be deleted, as they are large: what was made from them stays valid.
    """
    if about is not None:
        return _ensemble_maps_key(folder, about, damaged)
    files, (recipe, _, _) = RunFiles(folder), read_run(folder)
    predicted, weights = _recorded(folder, "oof", damaged), []
    if predicted is None or not files.folds.is_file():
        return None
    for fold in range(recipe.data.train_folds):
        trained = _recorded(folder, f"train-fold{fold}", damaged)
        path = files.weights(recipe, fold)
        if trained is None or not trained.is_done() or not path.is_file():
            return None
        weights.append(trained.checksum(path))
    pictures, folds = predicted.inputs.get("pictures"), file_checksum(files.folds)
    now = Stage(folder, "oof", inputs.maps(recipe, "oof", weights=weights, pictures=pictures, folds=folds))
    return now.key if _same(now.inputs, predicted.inputs) else None


def _ensemble_maps_key(folder: Path, about: EnsembleFile, damaged: Damaged) -> str | None:
    """The same for the mean of its members' maps."""
    combined = _recorded(folder, "combiner", damaged)
    keys = [_maps_key(member, None, damaged) for member in about.members]
    if combined is None or None in keys:
        return None
    labels = combined.inputs.get("labels")
    stated = inputs.combiner(about.mode, about.weights, about.power, maps=keys, labels=labels)
    if not Stage(folder, "combiner", stated).is_done():
        return None
    combiner = Combiner.load(RunFiles(folder).combiner)
    return combiner.maps_key(keys, held_out=True)


def _recorded(folder: Path, name: str, damaged: Damaged) -> Stage | None:
    """A stage as it was done the last time; None where it never was, or its record is damaged."""
    found = read_whole(RunFiles(folder).record(name), read_record, damaged)
    return None if found is None else Stage(folder, name, found["inputs"])


def _same(now: Inputs, recorded: Inputs) -> bool:
    return inputs.comparable(now) == inputs.comparable(recorded)
