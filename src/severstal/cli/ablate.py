"""Ablation of a recipe."""

from severstal.cli.arguments import Engine, InputFolder, Names, OutputFolder, Recipe, TrainFolds


def ablate(
    recipe: Recipe,
    input: InputFolder = None,
    switches: Names = (),
    train_folds: TrainFolds = None,
    output: OutputFolder = None,
    engine: Engine = "local",
) -> None:
    """Ablate a recipe: train it once per switch with that switch toggled; print the gain of each.

    After an interruption the same command resumes.

    Args:
        recipe: name of a recipe (see `severstal recipes`) or a TOML file.
        input: input folder in Kaggle's layout; by default the downloaded data set, else the synthetic sample.
        switches: names of switches, such as ema class_head seed; by default all.
        train_folds: number of folds to train; by default that of the recipe.
        output: folder of ablation.csv and ablation.json; by default the folder of the recipe's own run.
        engine: local trains one fold after the other; ray trains one fold per GPU (or CPU core) in parallel,
            on this machine or on the cluster at RAY_ADDRESS.
    """
    from severstal import experiments
    from severstal.experiments.rows import ablation_table
    from severstal.report.ablation import format_ablation
    from severstal.runs.leaks import leak_note

    rows = experiments.ablate(recipe, input, switches, train_folds, output, engine)
    print(format_ablation(ablation_table(rows)))
    if note := leak_note(rows[0].run):  # all rows share their folds
        print(note)
