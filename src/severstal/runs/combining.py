"""From a recipe with members, or from several runs' folders, to an ensemble."""

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import get_args

from severstal.errors import SeverstalError
from severstal.files import digest
from severstal.inference.ensemble import AveragingMode, check_mean
from severstal.recipe import Recipe, load_recipe
from severstal.runs.ensemble import Ensemble, MemberWeights, NamedWeights, RunOrEnsemble
from severstal.runs.layout import RunFiles
from severstal.runs.members import read_ensemble
from severstal.runs.opening import choose_input, choose_recipe, claim_folder, default_name, open_job, open_run


def open_recipe(
    recipe: str | Path | Recipe = "auto",
    input: str | Path | None = None,
    name: str | None = None,
    folds: str | Path | None = None,
) -> RunOrEnsemble:
    """Choose recipe, input folder and run folder: a run, or for a recipe with members an ensemble of runs.

    Args:
        recipe: a recipe, its name or the path of its TOML file; "auto" as in `open_job`.
        input: the input folder; None as in `open_job`.
        name: name of the run's folder, `runs/NAME`; None for recipe and input folder, such as `smoke-sample`.
            A member's folder is `runs/NAME-MEMBER`, or `runs/RECIPE-MEMBER-INPUT`.
        folds: the user's own table of folds, as in `open_job`.

    Returns:
        The run or the ensemble; nothing is written yet.

    Raises:
        SeverstalError: the recipe or the input folder is faulty, or a folder belongs to another run.
    """
    recipe, root = choose_recipe(recipe, folds), choose_input(input)
    if not recipe.members:
        return open_job(recipe, root, name)
    folder = claim_folder(name or default_name(recipe, root), root, ensemble=True)
    endings = [member.name.removeprefix(f"{recipe.name}-") for member in recipe.members]
    names = [None if name is None else f"{name}-{ending}" for ending in endings]
    members = tuple(open_job(member, root, own) for member, own in zip(recipe.members, names, strict=True))
    ensemble = recipe.ensemble
    return Ensemble(members, recipe, ensemble.mode, ensemble.weights, ensemble.power, folder)


def open_runs(
    runs: Sequence[str | Path],
    mode: AveragingMode = "mean",
    weights: MemberWeights = "uniform",
    power: float = 1.0,
    name: str | None = None,
    input: str | Path | None = None,
) -> RunOrEnsemble:
    """Open a run or an ensemble again, or put several runs together as an ensemble.

    Args:
        runs: folders of the runs, `runs/NAME`; one alone is opened as it is.
        mode: averaging mode.
        weights: weights of the members.
        power: the exponent of the power mean.
        name: name of the ensemble's folder; None for one made of the members' names and the settings.
        input: the input folder; None for the folder where the runs found it.

    Raises:
        SeverstalError: a folder is not a run's, a run is named twice, the runs are of different inputs, or
            they cannot be averaged so. Nothing is written either way.

    Example:
        >>> open_runs([])
        Traceback (most recent call last):
        severstal.errors.SeverstalError: no run is named: give at least one folder, runs/NAME
    """
    if not runs:
        raise SeverstalError("no run is named: give at least one folder, runs/NAME")
    if len(runs) == 1 and RunFiles(Path(runs[0])).is_ensemble:
        return _reopen(Path(runs[0]), input)
    if len(runs) == 1:
        return open_run(runs[0], input)
    ensemble = _assemble(runs, mode, weights, power, Path(), input)
    names = [member.folder.name for member in ensemble.members]
    if name is None:
        mark = digest([names, mode, weights, power])[:6]
        stem = "-".join(re.sub(r"[^\w]+", "_", each) for each in names)
        name = f"ensemble-{stem[:40]}-{mark}"
    return replace(ensemble, folder=claim_folder(name, ensemble.data.root, ensemble=True))


def _assemble(
    runs: Sequence[str | Path],
    mode: AveragingMode,
    weights: MemberWeights,
    power: float,
    folder: Path,
    input: str | Path | None,
) -> Ensemble:
    members = tuple(open_run(run, input) for run in runs)
    seen: set[Path] = set()
    for member in members:
        if member.folder.resolve() in seen:
            raise SeverstalError(
                f"{member.folder}: named twice: name each run once, and give weights instead"
            )
        seen.add(member.folder.resolve())
        first = members[0]
        if member.data.root.resolve() != first.data.root.resolve():
            raise SeverstalError(
                f"{member.folder}: trained on {member.data.root}, {first.folder} on {first.data.root}: "
                "train both on the same input folder"
            )
    _check_weights(weights, len(members))
    check_mean(mode, weights if isinstance(weights, tuple) else (1.0,) * len(members), power)
    return Ensemble(members, members[0].recipe, mode, weights, power, folder)


def _check_weights(weights: MemberWeights, runs: int) -> None:
    if isinstance(weights, tuple):
        if len(weights) != runs:
            raise SeverstalError(f"{len(weights)} weights for {runs} runs: give one per run")
    elif weights not in get_args(NamedWeights):
        names = ", ".join(get_args(NamedWeights))
        raise SeverstalError(f"weights are {weights!r}: take one of {names}, or give one number per run")


def _reopen(folder: Path, input: str | Path | None) -> Ensemble:
    about = read_ensemble(folder)
    ensemble = _assemble(about.members, about.mode, about.weights, about.power, folder, input)
    recipe = load_recipe(RunFiles(folder).recipe)
    return replace(ensemble, recipe=recipe) if recipe.members else ensemble
