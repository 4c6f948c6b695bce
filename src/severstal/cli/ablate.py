"""What each part of a recipe is worth."""

from pathlib import Path
from typing import Literal

from tyro.conf import Positional as Word


def ablate(
    recipe: Word[str],
    input: Path | None = None,
    switches: tuple[str, ...] = (),
    folds: int | None = None,
    output: Path | None = None,
    engine: Literal["local", "ray"] = "local",
) -> None:
    """Train a recipe again with one switch turned over at a time, and print what each is worth.

    Killed, the same command goes on: what was trained is not trained again.

    Args:
        recipe: its name, or a TOML file.
        input: the input folder; without it the usual places, then the sample.
        switches: names, such as ema class_head seed; without any, all of them.
        folds: how many folds are trained of each; without it as many as the recipe trains.
        output: folder for ablation.csv and ablation.json; without it runs/ablate-recipe-RECIPE-INPUT.
        engine: local trains the folds in turn; ray queues them.
    """
    from severstal import experiments
    from severstal.report.ablation import format_ablation

    print(format_ablation(experiments.ablate(recipe, input, switches, folds, output, engine)))
