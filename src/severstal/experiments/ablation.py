"""The gain of each switch of a recipe: the recipe trained again with that one switch toggled."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from severstal.device import choose_precision
from severstal.errors import SeverstalError
from severstal.evaluation.bootstrap import paired
from severstal.experiments.evaluation import Evaluation, evaluate, gain_on_defects
from severstal.experiments.rows import AblationGains, AblationRow, OutOfFoldScores, ablation_table
from severstal.experiments.sharing import share_findings
from severstal.files import write_json, write_text
from severstal.pipeline import check_input
from severstal.recipe import Recipe
from severstal.recipe.names import plain_name
from severstal.recipe.switches import SWITCHES, Turned, change, find_switch, toggle
from severstal.runs.combining import open_recipe
from severstal.runs.ensemble import jobs_of
from severstal.runs.layout import RUNS
from severstal.runs.opening import choose_input, choose_recipe
from severstal.training.queue import Engine

logger = logging.getLogger("severstal")

ITSELF = "recipe"
PRECISIONS = ("bf16", "fp16")  # switches


def ablate(
    recipe: str | Path | Recipe,
    input: str | Path | None = None,
    switches: Sequence[str] = (),
    folds: int | None = None,
    output: str | Path | None = None,
    engine: Engine = "local",
) -> list[AblationRow]:
    """Train a recipe as it is, and once per switch with that one toggled; return the gain of each.

    Every training is a run of its own, `runs/ablate-SWITCH-RECIPE-INPUT`, and the recipe itself
    `runs/ablate-recipe-RECIPE-INPUT`: finished ones are not trained again, and an interrupted one resumes.
    The maps of a run are deleted once it is judged, since those of all would fill a disk; predicting it again
    makes them again. A training that cannot be done, as one by torch.compile without a compiler or in a
    precision that this machine does not compute in, is logged, and the next one is taken.

    Args:
        recipe: name of the recipe, its TOML file, or the recipe itself; in a recipe with members the switch
            is toggled in all of them.
        input: the input folder; None as in `locate_input`, else the sample is rendered.
        switches: names of the switches; all when empty.
        folds: number of folds that are trained; None for as many as the recipe trains.
        output: folder of `ablation.csv` and `ablation.json`, which are written after each training; None is
            the folder of the recipe's own run.
        engine: engine that trains, as for `train_folds`.

    Returns:
        One row per training, the recipe itself first.

    Raises:
        SeverstalError: a switch is unknown, or the recipe itself cannot be trained.
    """
    found = [find_switch(name) for name in switches or SWITCHES]
    recipe, root = choose_recipe(recipe), choose_input(input)
    if folds is not None:
        recipe = _with_folds(recipe, folds)
    ending = f"{recipe.name}-{plain_name(root.resolve().name)}"
    itself = open_recipe(recipe, root, f"ablate-{ITSELF}-{ending}")
    output = itself.folder if output is None else Path(output)
    check_input(itself)
    base = evaluate(itself, engine)
    rows = [AblationRow(ITSELF, recipe.description, None, str(itself.folder), _figures(base))]
    _write(rows, recipe, root, output)
    for name, switch in zip(switches or SWITCHES, found, strict=True):
        folder = f"ablate-{name}-{ending}"
        logger.info("switch %s: %s", name, switch.what)
        turned = None
        try:
            changed, turned = _turn(recipe, name)
            run = open_recipe(changed, root, folder)
            share_findings(jobs_of(itself)[0], run)
            scored = evaluate(run, engine)
            judged, gains, fault = _figures(scored), _gains(scored, base), None
        except SeverstalError as error:
            judged, gains, fault = None, None, str(error)
            logger.warning("switch %s failed: %s", name, error)
        rows.append(AblationRow(name, switch.what, turned or "on", str(RUNS / folder), judged, gains, fault))
        _write(rows, recipe, root, output)
    logger.info("%s/ablation.csv", output)
    return rows


def _with_folds(recipe: Recipe, folds: int) -> Recipe:
    if not 1 <= folds <= recipe.data.folds:
        raise SeverstalError(
            f"--train-folds {folds}: give 1 to {recipe.data.folds}, the folds of recipe {recipe.name}"
        )
    members = tuple(change(member, {"data.train_folds": folds}) for member in recipe.members)
    return replace(change(recipe, {"data.train_folds": folds}), members=members)


def _turn(recipe: Recipe, name: str) -> tuple[Recipe, Turned]:
    """Turn a switch over; one of precision against what the recipe is computed in on this machine.

    "auto" may be what the switch turns on, and what a machine cannot do becomes fp32 in silence: either way
    the recipe would be compared with itself.
    """
    if name not in PRECISIONS:
        return toggle(recipe, name)
    members = tuple(_as_computed(member) for member in recipe.members)
    changed, turned = toggle(replace(_as_computed(recipe), members=members), name)
    for part in changed.members or (changed,):
        asked = part.training.precision
        if choose_precision(asked) != asked:
            raise SeverstalError(f"{asked}: no CPU computes in {asked}: ablate it on a machine with a GPU")
    return changed, turned


def _as_computed(recipe: Recipe) -> Recipe:
    return change(recipe, {"training.precision": choose_precision(recipe.training.precision)})


def _figures(scored: Evaluation) -> OutOfFoldScores:
    plain = scored.plain.score
    return OutOfFoldScores(scored.fitted.score.score, plain.score, plain.dice_on_defects, scored.rate)


def _gains(scored: Evaluation, base: Evaluation) -> AblationGains:
    groups = base.fitted.groups
    return AblationGains(
        paired(scored.fitted.dice, base.fitted.dice, groups),
        paired(scored.plain.dice, base.plain.dice, groups),
        gain_on_defects(scored.plain, base.plain),
    )


def _write(rows: Sequence[AblationRow], recipe: Recipe, root: Path, output: Path) -> None:
    write_text(output / "ablation.csv", ablation_table(rows).to_csv(index=False, lineterminator="\n"))
    about = {
        "recipe": recipe.to_dict(),
        "input": root.resolve().name,
        "rows": [row.to_dict() for row in rows],
    }
    write_json(output / "ablation.json", about)
