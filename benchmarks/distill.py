"""What distillation is worth: score and speed of an ensemble, of its student, and of the same network alone.

    python benchmarks/distill.py RUN_OR_ENSEMBLE RECIPE [--weight 0.5] [--unlabelled 0.25] [--pictures 16]

Trains RECIPE twice on the ensemble's input folder, with the same seed and folds: once on the labels alone
(`runs/RECIPE-alone-INPUT`), once distilled (`runs/RECIPE-distilled-INPUT`). Printed are the cross-fitted
scores out of fold, the gain of distillation pair by pair with its 95 % interval, and the processor time that
each takes per picture with all of its folds, measured in turn.
"""

import argparse
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

import severstal
from severstal import pipeline
from severstal.competition.scored import ScoredPairs
from severstal.evaluation.bootstrap import paired
from severstal.recipe import Recipe, load_recipe
from severstal.recipe.switches import change
from severstal.runs.combining import open_runs
from severstal.runs.ensemble import RunOrEnsemble


def scored(run: RunOrEnsemble) -> ScoredPairs:
    """The pairs of a trained run or ensemble out of fold, by cross-fitted rules."""
    return pipeline.find_rules(run)[1].pairs


def seconds(folders: list[Path], pictures: list[np.ndarray]) -> list[float]:
    """Processor time per picture of each model; they take turns, so that the machine's load is shared."""
    models = [severstal.load(folder, device="cpu").model for folder in folders]
    spent = [0.0] * len(models)
    for place, picture in enumerate(pictures):
        for number, model in enumerate(models):
            start = time.process_time()
            model.probabilities(picture[None])
            spent[number] += (time.process_time() - start) * (place > 0)  # the first warms up
    return [each / (len(pictures) - 1) for each in spent]


def main() -> None:
    """Train what is missing, and print one line per model."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("ensemble", type=Path)
    parser.add_argument("recipe")
    parser.add_argument("--weight", type=float, default=0.5)
    parser.add_argument("--unlabelled", type=float, default=0.0)
    parser.add_argument("--pictures", type=int, default=16)
    given = parser.parse_args()
    teacher = open_runs([given.ensemble])
    recipe: Recipe = load_recipe(given.recipe)
    alone = pipeline.prepare(replace(recipe, name=f"{recipe.name}-alone"), teacher.data.root)
    pipeline.train(alone)
    settings = {"distill.weight": given.weight, "distill.unlabelled": given.unlabelled}
    student = pipeline.distill(given.ensemble, change(recipe, settings)).job
    runs = {"ensemble": teacher, "alone": alone, "distilled": student}
    pairs = {name: scored(run) for name, run in runs.items()}
    pictures = [teacher.train_pictures.picture(name) for name in teacher.images[: given.pictures]]
    times = seconds([run.folder for run in runs.values()], pictures)
    for (name, found), spent in zip(pairs.items(), times, strict=True):
        score = found.score
        dice = "none" if score.dice_on_defects is None else f"{score.dice_on_defects:.4f}"
        print(
            f"{name:10s} score {score.score:.4f}, Dice on defects {dice}, {spent * 1000:.0f} ms per picture"
        )
    gain = paired(pairs["distilled"].dice, pairs["alone"].dice, pairs["alone"].groups)
    print(f"distillation: {gain.mean:+.4f} ({gain.low:+.4f} to {gain.high:+.4f}) above the network alone")


if __name__ == "__main__":
    main()
