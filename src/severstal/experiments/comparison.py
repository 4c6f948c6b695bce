"""Recipes side by side: trained on the same folds, each with the same number of pictures seen."""

import logging
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np

from severstal.decision.draw import apply
from severstal.decision.rules import plain_rules
from severstal.device import make_accelerator
from severstal.errors import SeverstalError
from severstal.evaluation.bootstrap import interval
from severstal.experiments.budget import pictures_planned, pictures_seen, spend
from severstal.experiments.cost import Cost, measure_cost
from severstal.experiments.evaluation import Evaluation, defect_interval, evaluate
from severstal.experiments.rows import RecipeRow, recipe_table
from severstal.experiments.sharing import share_findings
from severstal.files import atomic_write, digest, read_json, write_json, write_text
from severstal.inference.maps import enlarge
from severstal.inference.predict import predict_batch
from severstal.models.from_recipe import load_network
from severstal.pipeline import Trained, check_input
from severstal.recipe import Recipe
from severstal.recipe.names import plain_name
from severstal.recipe.switches import change
from severstal.report.recipes import draw_recipes
from severstal.runs.combining import open_recipe
from severstal.runs.ensemble import RunOrEnsemble, jobs_of
from severstal.runs.layout import RUNS
from severstal.runs.opening import choose_input, choose_recipe
from severstal.runs.record import Stage
from severstal.training.queue import Engine

logger = logging.getLogger("severstal")


def compare_recipes(
    recipes: Sequence[str | Path | Recipe],
    input: str | Path | None = None,
    crops: int | None = None,
    epochs: int | None = None,
    folds: int | None = None,
    output: str | Path | None = None,
    engine: Engine = "local",
) -> list[RecipeRow]:
    """Train recipes on the same folds with one budget of pictures seen, and return the score and cost of
    each.

    The folds are those of the first recipe. Every training is a run of its own, `runs/compare-RECIPE-INPUT`:
    finished ones are not trained again, and an interrupted one resumes. The maps of a run are deleted once it
    is judged. A recipe that cannot be trained is logged, and the next one is taken.

    A training goes through whole batches, so that recipes come near to the budget but seldom meet it: `spend`
    says how near. The rows contain how many pictures each saw.

    Args:
        recipes: names, TOML files, or recipes themselves; no two of one name.
        input: the input folder; None as in `locate_input`, else the sample is rendered.
        crops: number of crops that each recipe sees in each fold, in all members and rounds together, to the
            nearest whole batches; None for as many as the first recipe sees.
        epochs: number of epochs, where batches allow it; None for as many as each recipe has.
        folds: number of folds that are trained; None for as many as the first recipe trains.
        output: folder of `comparison.csv`, `comparison.json` and `comparison.png`, which are written after
            each training; None is `runs/comparison-INPUT-` and a checksum of the recipes.
        engine: engine that trains, as for `train_folds`.

    Returns:
        One row per recipe, in the order given.

    Raises:
        SeverstalError: a recipe file is faulty or named twice, or the input folder is, or a recipe cannot be
            trained with so few pictures; nothing is trained then. What shows only when a network is built, as
            an unknown loss, is the `fault` of its row.
    """
    if not recipes:
        raise SeverstalError("no recipe to compare: give the names or TOML files of some")
    chosen, root = [choose_recipe(recipe) for recipe in recipes], choose_input(input)
    names = [recipe.name for recipe in chosen]
    for name in names:
        if names.count(name) > 1:
            raise SeverstalError(f"recipe {name} is named {names.count(name)} times: give each once")
    for name, count in (("crops", crops), ("epochs", epochs)):
        if count is not None and count < 1:
            raise SeverstalError(f"--{name} {count}: give 1 or more")
    if folds is not None and not 1 <= folds <= chosen[0].data.folds:
        raise SeverstalError(
            f"--train-folds {folds}: give 1 to {chosen[0].data.folds}, the folds of recipe {names[0]}"
        )
    labelled = len(jobs_of(open_recipe(chosen[0], root))[0].images)
    budget = crops or pictures_planned(chosen[0], labelled)
    chosen = [_level(recipe, chosen[0], budget, epochs, folds) for recipe in chosen]
    ending = plain_name(root.resolve().name)
    runs = [open_recipe(recipe, root, f"compare-{recipe.name}-{ending}") for recipe in chosen]
    if output is None:
        output = RUNS / f"comparison-{ending}-{digest([recipe.to_dict() for recipe in chosen])[:6]}"
    check_input(runs[0])
    rows: list[RecipeRow] = []
    for run in runs:
        logger.info("recipe %s: %s", run.recipe.name, run.folder)
        share_findings(jobs_of(runs[0])[0], run)
        try:
            rows.append(_row(run, engine))
        except SeverstalError as error:
            name, networks, weights = run.recipe.name, _networks(run), _weights(run)
            folder, fault = str(run.folder), str(error)
            rows.append(RecipeRow(name, networks, folder, 0, fault=fault, weights=weights))
            logger.warning("recipe %s failed: %s", name, error)
        _write(rows, ending, Path(output))
    logger.info("%s/comparison.csv", output)
    return rows


def draw_heldout(trained: Trained, names: Sequence[str], fold: int = 0) -> dict[str, np.ndarray]:
    """Draw the masks of some held-out pictures by one fold's network at plain 0.5, for a figure.

    Args:
        trained: a run with its weights.
        names: names of pictures that this fold holds out.
        fold: number of the fold.

    Returns:
        (H, W) bitmask of each name.

    Raises:
        SeverstalError: a picture is not held out, or the fold is not trained.
    """
    job, held_out = trained.job, set(trained.folds.held_out(fold))
    for name in names:
        if name not in held_out:
            raise SeverstalError(f"{name}: not among the {len(held_out)} images that fold {fold} holds out")
    network = load_network(job.recipe, job.spec, trained.weights[fold])
    accelerator, rules = make_accelerator(job.recipe.training.precision), plain_rules(job.spec)
    network = network.to(accelerator.device)
    drawn = {}
    for name in names:
        picture = job.train_pictures.picture(name)
        shape = tuple(-(-side // job.recipe.inference.map_scale) for side in picture.shape[:2])
        maps, present = predict_batch([network], picture[None], job.recipe, accelerator, shape)
        drawn[name] = apply(enlarge(maps[0], picture.shape[:2]), rules, job.spec, present[0], picture)
    return drawn


def _level(recipe: Recipe, first: Recipe, budget: int, epochs: int | None, folds: int | None) -> Recipe:
    """The recipe on the first one's folds, with as many pictures seen as the budget has."""
    shared = {
        "data.folds": first.data.folds,
        "data.train_folds": first.data.train_folds if folds is None else folds,
        "data.folds_file": first.data.folds_file,
        "data.fold_seed": first.fold_seed,
        "data.max_images": first.data.max_images,
    }
    parts = recipe.members or (recipe,)
    levelled = []
    for part in parts:
        given = change(part, shared | {"training.epochs": epochs or part.training.epochs})
        levelled.append(spend(given, budget, len(parts)))
    return replace(change(recipe, shared), members=tuple(levelled)) if recipe.members else levelled[0]


def _row(run: RunOrEnsemble, engine: Engine) -> RecipeRow:
    scored = evaluate(run, engine)
    cost, fitted, plain = _cost(run, scored), scored.fitted, scored.plain
    return RecipeRow(
        run.recipe.name,
        _networks(run),
        str(run.folder),
        pictures_seen(run),
        interval(fitted.dice, fitted.groups),
        plain.score.score,
        fitted.score.all_empty,
        defect_interval(plain),
        cost.parameters,
        cost.multiply_adds,
        cost.training_bytes,
        scored.rate,
        cost.pictures_a_second,
        weights=_weights(run),
    )


def _networks(run: RunOrEnsemble) -> str:
    models = [job.recipe.model for job in jobs_of(run)]
    return ", ".join(f"{model.architecture} on {model.encoder_name}" for model in models)


def _weights(run: RunOrEnsemble) -> str:
    """Return the initial weights of the encoders: a name, or a file's."""
    return ", ".join(Path(job.recipe.model.encoder_weights).name for job in jobs_of(run))


def _cost(run: RunOrEnsemble, scored: Evaluation) -> Cost:
    """Return the cost of the networks, as it was measured the first time."""
    path, memory = run.files.cost, "of the largest phase, with defects"
    stage = Stage(run.folder, "cost", {"judged": scored.stage.key, "memory": memory})
    if not stage.is_done():
        write_json(path, asdict(measure_cost(scored.trained)))
        stage.finish([path])
    return Cost(**read_json(path))


def _write(rows: Sequence[RecipeRow], input: str, output: Path) -> None:
    write_text(output / "comparison.csv", recipe_table(rows).to_csv(index=False, lineterminator="\n"))
    write_json(output / "comparison.json", {"input": input, "rows": [row.to_dict() for row in rows]})
    if any(row.fault is None for row in rows):
        with atomic_write(output / "comparison.png") as part:
            draw_recipes(recipe_table(rows), input).savefig(part, format="png")
