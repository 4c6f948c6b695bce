"""Gain of our training over the plain one on real pictures.

    python benchmarks/training.py INPUT [--encoder NAME] [--decoder CHANNELS ...] [--images N] [--epochs N]
        [--folds N] [--scale N] [--crop HEIGHT WIDTH] [--mean M --std S] [--engine ray]

Both recipes are trained without pretrained weights on the same leak-proof folds, with the same network,
crops of the same size and the same number of them, N = images x epochs in each fold. The plain one is
`plain_smp`: Unet, BCE plus Dice, Adam, flips, threshold 0.5. Ours is `OURS` on top of it. They are compared
out of fold, in pairs, by groups of near-duplicates: at plain 0.5 each, and ours as it is meant to be used,
under rules searched without an image's fold. All is kept in `runs/` and goes on where it was broken off.
"""

import argparse
from dataclasses import replace
from pathlib import Path

from severstal.evaluation.bootstrap import interval
from severstal.evaluation.comparison import compare_pairs
from severstal.experiments.evaluation import evaluate, gain_on_defects
from severstal.recipe import Recipe, load_recipe
from severstal.recipe.switches import change
from severstal.report.comparison import format_comparison
from severstal.runs.combining import open_recipe

OURS = {
    "data.local_contrast": 33,
    "sampling.balance": "classes",
    "augment.non_empty": 0.7,
    "augment.brightness": 0.2,
    "augment.contrast": 0.2,
    "training.batch_size": 8,
    "training.optimizer": "adamw",
    "training.learning_rate": 3e-3,
    "training.weight_decay": 1e-2,
    "training.warmup": 0.05,
    "training.flat": 0.0,
    "training.clip": 1.0,
    "training.ema": 0.995,
    "inference.weights": "last",
    "inference.flips": ("none", "horizontal", "vertical"),
    "decision.choice": "flattest",
    "decision.gates": ("none", "veto", "soft", "area"),
    "decision.exclusive": "auto",
}


def both_recipes(arguments: argparse.Namespace) -> tuple[Recipe, Recipe]:
    """The plain recipe and ours, at the budget that was asked for."""
    plain = change(
        load_recipe("plain_smp"),
        {
            "model.encoder_name": arguments.encoder,
            "model.encoder_weights": "none",
            "model.options": {"decoder_channels": list(arguments.decoder)},
            "data.mean": arguments.mean,
            "data.std": arguments.std,
            "augment.crop": tuple(arguments.crop),
            "training.epochs": arguments.epochs,
            "training.epoch_images": arguments.images,
            "training.learning_rate": 1e-3,  # from scratch; 1e-4 is for pretrained weights
            "data.train_folds": arguments.folds,
            "data.scale": arguments.scale,
            "inference.map_scale": arguments.scale,
            "inference.weights": "last",
        },
    )
    return replace(plain, name="bench_plain"), replace(change(plain, OURS), name="bench_ours", source="")


def main() -> None:
    """Train both, compare."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("input", type=Path)
    parser.add_argument("--encoder", default="tu-test_resnet")
    parser.add_argument("--decoder", type=int, nargs=5, default=(64, 48, 32, 16, 16))
    parser.add_argument("--images", type=int, default=4000, help="crops in an epoch")
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--scale", type=int, default=2)
    parser.add_argument("--crop", type=int, nargs=2, default=(128, 128))
    parser.add_argument("--mean", type=float, default=0.2, help="of the pictures, 0 to 1")
    parser.add_argument("--std", type=float, default=0.1, help="of the pictures, 0 to 1")
    parser.add_argument("--engine", choices=("local", "ray"), default="local")
    arguments = parser.parse_args()

    recipes = both_recipes(arguments)
    runs = [open_recipe(recipe, arguments.input) for recipe in recipes]
    plain, ours = (evaluate(run, arguments.engine) for run in runs)
    seen = arguments.images * arguments.epochs
    print(f"\n{arguments.encoder}, {seen:,} pictures seen in each of {arguments.folds} folds")
    for name, pairs, rate in (
        ("plain recipe, plain 0.5", plain.plain, plain.rate),
        ("ours, plain 0.5", ours.plain, ours.rate),
        ("ours, rules searched", ours.fitted, ours.rate),
    ):
        span, score = interval(pairs.dice, pairs.groups), pairs.score
        print(
            f"{name:24} {span.mean:.4f} ({span.low:.4f} to {span.high:.4f}), nothing {score.all_empty:.4f}, "
            f"Dice on defects {score.dice_on_defects or 0:.4f}, {rate:.1f} pictures per second"
        )
    for pairs, name in ((ours.plain, "ours, plain 0.5"), (ours.fitted, "ours, rules searched")):
        print(format_comparison(compare_pairs(plain.plain, pairs, ("the plain recipe", name))))
        gain = gain_on_defects(pairs, plain.plain)
        print(f"Dice on defects: {gain.mean:+.4f} ({gain.low:+.4f} to {gain.high:+.4f})\n")


if __name__ == "__main__":
    main()
