"""Every network on real pictures: the same folds, crops and number of them, smallest encoders.

    python benchmarks/architectures.py INPUT [--only NAME ...] [--pictures N] [--folds N] [--output DIR]

Each network is trained from scratch on the smallest encoder that it takes, by the recipe that
`benchmarks/training.py` calls ours, and judged out of fold. So small a budget shows which networks learn fast
from random weights, not which is best: with pretrained encoders and long trainings the order is another. All
is kept in `runs/` and resumes after an interruption; several calls with other `--only` share the work, and
one without it then prints the whole table at once.
"""

import argparse
from dataclasses import replace
from pathlib import Path

from training import both_recipes

from severstal import experiments
from severstal.models.classical.body import METHODS
from severstal.models.registry import architectures
from severstal.models.smallest import smallest
from severstal.recipe import Recipe
from severstal.recipe.switches import change


def recipes(base: Recipe) -> dict[str, Recipe]:
    """The recipe with every network, those without learning by each of their methods."""
    found = {}
    for architecture in architectures():
        encoder, options = smallest(architecture)
        for method in METHODS if architecture == "classical" else (None,):
            name = architecture if method is None else f"classical_{method}"
            settings = {
                "model.architecture": architecture,
                "model.encoder_name": encoder,
                "model.options": options if method is None else {"method": method},
            }
            found[name] = replace(change(base, settings), name=name)
    return found


def main() -> None:
    """Train, compare."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("input", type=Path)
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME")
    parser.add_argument("--pictures", type=int, default=4000, help="crops that each sees in a fold")
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--folds", type=int, default=1)
    parser.add_argument("--output", type=Path, default=Path("runs/architectures"))
    arguments = parser.parse_args()

    budget = argparse.Namespace(
        encoder="none", decoder=(), mean=0.2, std=0.1, crop=(128, 128), scale=2, folds=arguments.folds,
        images=arguments.pictures // arguments.epochs, epochs=arguments.epochs,
    )  # fmt: skip
    _, ours = both_recipes(budget)
    every = recipes(change(ours, {"training.batch_size": 4, "training.learning_rate": 2e-3}))
    chosen = [every[name] for name in arguments.only or every]
    experiments.compare_recipes(chosen, arguments.input, output=arguments.output)


if __name__ == "__main__":
    main()
