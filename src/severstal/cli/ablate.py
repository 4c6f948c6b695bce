"""What each part of a recipe is worth."""

from severstal.cli.arguments import Engine, InputFolder, Names, OutputFolder, Recipe, TrainFolds


def ablate(
    recipe: Recipe,
    input: InputFolder = None,
    switches: Names = (),
    train_folds: TrainFolds = None,
    output: OutputFolder = None,
    engine: Engine = "local",
) -> None:
    """Train a recipe once more for each of its switches, with that one turned over; print what each is worth.

    After an interruption the same command goes on.

    Args:
        recipe: name of a recipe (see `severstal recipes`) or a TOML file.
        input: input folder in Kaggle's layout; by default the usual places, then a synthetic sample.
        switches: names of switches, such as ema class_head seed; by default all.
        train_folds: number of folds to train each time; by default that of the recipe.
        output: folder of ablation.csv and ablation.json; by default that of the recipe's own run.
        engine: local trains one fold after the other; ray as many at once as there are devices.
    """
    from severstal import experiments
    from severstal.experiments.rows import ablation_table
    from severstal.report.ablation import format_ablation

    rows = experiments.ablate(recipe, input, switches, train_folds, output, engine)
    print(format_ablation(ablation_table(rows)))
