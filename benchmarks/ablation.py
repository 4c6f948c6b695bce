"""Gain of each switch of a recipe on real pictures, at a small budget.

    python benchmarks/ablation.py INPUT [--switches NAME ...] [--images N] [--epochs N] [--folds N]
        [--output DIR]

The recipe is the one that `benchmarks/training.py` calls ours, with the smallest network that learns
something from so few crops: the U-Net paper's, 8 channels wide, from scratch. Each switch is toggled
alone, trained on the same leak-proof folds with the same number of crops, and compared out of fold, as
`severstal ablate` does. So small a budget shows what helps a network to learn fast; what helps late in a long
training, or to keep what was pretrained, it cannot show. All is kept in `runs/` and goes on where it was
broken off; several calls with other `--switches` share the work, and one without them then prints the whole
table at once.
"""

import argparse
from dataclasses import replace
from pathlib import Path

from training import both_recipes

from severstal import experiments
from severstal.models.smallest import smallest
from severstal.recipe.switches import change

ARCHITECTURE = "unet_paper"


def main() -> None:
    """Train, take apart."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("input", type=Path)
    parser.add_argument("--switches", nargs="+", default=[], metavar="NAME")
    parser.add_argument("--images", type=int, default=1000, help="crops in an epoch")
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--folds", type=int, default=3)
    parser.add_argument("--output", type=Path, default=Path("runs/ablation"))
    arguments = parser.parse_args()

    encoder, options = smallest(ARCHITECTURE)
    budget = argparse.Namespace(
        encoder=encoder, decoder=(), mean=0.2, std=0.1, crop=(128, 128), scale=2, folds=arguments.folds,
        images=arguments.images, epochs=arguments.epochs,
    )  # fmt: skip
    _, ours = both_recipes(budget)
    settings = {
        "model.architecture": ARCHITECTURE,
        "model.options": options,
        "training.batch_size": 4,
        "training.learning_rate": 2e-3,
    }
    recipe = replace(change(ours, settings), name="bench")
    experiments.ablate(recipe, arguments.input, arguments.switches, output=arguments.output)


if __name__ == "__main__":
    main()
