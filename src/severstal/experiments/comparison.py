"""Recipes side by side: trained on the same folds, each with the same number of pictures seen."""

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
from severstal.experiments.judge import defect_interval, judge
from severstal.files import atomic_write, digest, read_json, write_json, write_text
from severstal.inference.maps import enlarge
from severstal.inference.predict import predict_batch
from severstal.models.from_recipe import load_network
from severstal.pipeline.data import check_input, dealt_folds, share_findings
from severstal.recipe import Recipe
from severstal.recipe.switches import change
from severstal.report.recipes import RecipeRow, draw_recipes, format_recipes, recipe_table
from severstal.runs.ensemble import RunOrEnsemble, jobs_of, open_run_or_ensemble
from severstal.runs.job import RUNS, Job, choose_input, choose_recipe
from severstal.runs.stage import Stage
from severstal.training.queue import Engine


def compare_recipes(
    recipes: Sequence[str | Path | Recipe],
    input: str | Path | None = None,
    pictures: int | None = None,
    epochs: int | None = None,
    folds: int | None = None,
    output: str | Path | None = None,
    engine: Engine = "local",
) -> list[RecipeRow]:
    """Train recipes on the same folds with one budget of pictures seen, and say what each scores and costs.

    The folds are those of the first recipe. Every training is a run of its own, `runs/compare-RECIPE-INPUT`:
    finished ones are not trained again, and a broken one goes on. The maps of a run are deleted once it is
    judged. A recipe that cannot be trained is told, and the next one is taken.

    A training goes through whole batches, so that recipes come near to the budget but seldom meet it: `spend`
    says how near. The rows tell how many pictures each saw.

    Args:
        recipes: names, TOML files, or recipes themselves; no two of one name.
        input: the input folder; None takes the first of the usual places, or draws the sample.
        pictures: that each recipe sees in each fold, in all members and rounds together, to the nearest whole
            batches; None as many as the first recipe does.
        epochs: in which it sees them, where batches allow it; None as many as each recipe has.
        folds: trained of each; None as many as the first recipe trains.
        output: folder of `comparison.csv`, `comparison.json` and `comparison.png`, which are written after
            each training; None is `runs/comparison-INPUT-` and a checksum of the recipes.
        engine: as for `train_folds`.

    Returns:
        A row a recipe, as they were given.

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
    for name, count in (("pictures", pictures), ("epochs", epochs)):
        if count is not None and count < 1:
            raise SeverstalError(f"--{name} {count}: give 1 or more")
    if folds is not None and not 1 <= folds <= chosen[0].data.folds:
        raise SeverstalError(
            f"--train-folds {folds}: recipe {names[0]} has folds for 1 to {chosen[0].data.folds}"
        )
    labelled = len(jobs_of(open_run_or_ensemble(chosen[0], root))[0].images)
    budget = pictures or pictures_planned(chosen[0], labelled)
    chosen = [_level(recipe, chosen[0], budget, epochs, folds) for recipe in chosen]
    ending = root.resolve().name
    candidates = [open_run_or_ensemble(recipe, root, f"compare-{recipe.name}-{ending}") for recipe in chosen]
    if output is None:
        output = RUNS / f"comparison-{ending}-{digest([recipe.to_dict() for recipe in chosen])[:6]}"
    check_input(candidates[0])
    rows: list[RecipeRow] = []
    for candidate in candidates:
        print(f"recipe {candidate.recipe.name}: {candidate.folder}", flush=True)
        for job in jobs_of(candidate):
            share_findings(jobs_of(candidates[0])[0], job)
        try:
            rows.append(_row(candidate, engine))
        except SeverstalError as error:
            name, networks, weights = candidate.recipe.name, _networks(candidate), _weights(candidate)
            folder, fault = str(candidate.folder), str(error)
            rows.append(RecipeRow(name, networks, folder, 0, fault=fault, weights=weights))
            print(f"recipe {name} failed: {error}", flush=True)
        _write(rows, ending, Path(output))
    print(format_recipes(rows), f"{output}/comparison.csv", sep="\n", flush=True)
    return rows


def draw_heldout(job: Job, names: Sequence[str], fold: int = 0) -> dict[str, np.ndarray]:
    """Draw the masks of some held-out pictures by one fold's network at plain 0.5, to look at.

    Args:
        job: of a run whose fold is trained.
        names: of pictures that this fold holds out.
        fold: its number.

    Returns:
        (H, W) picture of bits of each name.

    Raises:
        SeverstalError: a picture is not held out, or the fold is not trained.
    """
    folds = dealt_folds(job)
    held_out = set(folds.loc[folds["fold"] == fold, "ImageId"])
    for name in names:
        if name not in held_out:
            raise SeverstalError(f"{name}: not among the {len(held_out)} images that fold {fold} holds out")
    network = load_network(job.recipe, job.spec, job.weights(fold))
    accelerator, rules = make_accelerator(job.recipe.training.precision), plain_rules(job.spec)
    network = network.to(accelerator.device)
    shape = tuple(-(-side // job.recipe.inference.map_scale) for side in job.spec.image_shape)
    drawn = {}
    for name in names:
        picture = job.train_pictures.picture(name)
        maps, present = predict_batch([network], picture[None], job.recipe, accelerator, shape)
        drawn[name] = apply(enlarge(maps[0], job.spec.image_shape), rules, job.spec, present[0], picture)
    return drawn


def _level(recipe: Recipe, first: Recipe, budget: int, epochs: int | None, folds: int | None) -> Recipe:
    """The recipe on the first one's folds, with as many pictures seen as the budget has."""
    shared = {
        "data.folds": first.data.folds,
        "data.train_folds": first.data.train_folds if folds is None else folds,
        "data.fold_seed": first.fold_seed,
        "data.max_images": first.data.max_images,
    }
    parts = recipe.members or (recipe,)
    levelled = []
    for part in parts:
        given = change(part, shared | {"training.epochs": epochs or part.training.epochs})
        levelled.append(spend(given, budget, len(parts)))
    return replace(change(recipe, shared), members=tuple(levelled)) if recipe.members else levelled[0]


def _row(candidate: RunOrEnsemble, engine: Engine) -> RecipeRow:
    verdict = judge(candidate, engine)
    cost, fitted, plain = _cost(candidate), verdict.fitted, verdict.plain
    return RecipeRow(
        candidate.recipe.name,
        _networks(candidate),
        str(candidate.folder),
        pictures_seen(candidate),
        interval(fitted.dice, fitted.groups),
        plain.score.score,
        fitted.score.all_empty,
        defect_interval(plain),
        cost.parameters,
        cost.multiply_adds,
        cost.training_bytes,
        verdict.rate,
        cost.pictures_a_second,
        weights=_weights(candidate),
    )


def _networks(candidate: RunOrEnsemble) -> str:
    models = [job.recipe.model for job in jobs_of(candidate)]
    return ", ".join(f"{model.architecture} on {model.encoder_name}" for model in models)


def _weights(candidate: RunOrEnsemble) -> str:
    """What the encoders begin with: a name, or a file's."""
    return ", ".join(Path(job.recipe.model.encoder_weights).name for job in jobs_of(candidate))


def _cost(candidate: RunOrEnsemble) -> Cost:
    """What the networks cost, as it was measured the first time."""
    path = candidate.folder / "cost.json"
    trained = read_json(candidate.folder / "stages" / "ablation.json")["key"]
    memory = "of the largest phase, with defects"
    stage = Stage(candidate.folder, "cost", {"judged": trained, "memory": memory})
    if not stage.is_done():
        write_json(path, asdict(measure_cost(candidate)))
        stage.finish([path])
    return Cost(**read_json(path))


def _write(rows: Sequence[RecipeRow], input: str, output: Path) -> None:
    write_text(output / "comparison.csv", recipe_table(rows).to_csv(index=False, lineterminator="\n"))
    write_json(output / "comparison.json", {"input": input, "rows": [row.to_dict() for row in rows]})
    if any(row.fault is None for row in rows):
        with atomic_write(output / "comparison.png") as part:
            draw_recipes(rows, input).savefig(part, format="png")
