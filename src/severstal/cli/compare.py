"""Recipes and networks trained side by side under one budget."""

from severstal.cli.arguments import Count, Engine, InputFolder, Names, OutputFolder, Recipes, TrainFolds
from severstal.errors import SeverstalError


def compare(
    recipes: Recipes,
    input: InputFolder = None,
    crops: Count = None,
    epochs: Count = None,
    train_folds: TrainFolds = None,
    networks: Names = (),
    output: OutputFolder = None,
    engine: Engine = "local",
) -> None:
    """Train recipes on the same folds with the same number of crops; print the score and cost of each.

    After an interruption the same command resumes.

    Args:
        recipes: names of recipes (see `severstal recipes`) or TOML files.
        input: input folder in Kaggle's layout; by default the downloaded data set, else the synthetic sample.
        crops: number of crops that each recipe is trained on per fold, rounded to whole batches; by default
            that of the first recipe.
        epochs: number of epochs; by default that of each recipe.
        train_folds: number of folds to train; by default that of the first recipe.
        networks: names of architectures (or all) to train each recipe with, on the recipe's encoder if they
            are compatible, else on the smallest encoder that is, without pretrained weights.
        output: folder of the table and the plot; by default a new one in runs/.
        engine: local trains one fold after the other; ray trains one fold per GPU (or CPU core) in parallel,
            on this machine or on the cluster at RAY_ADDRESS.
    """
    from severstal import experiments
    from severstal.experiments.architectures import with_architecture
    from severstal.experiments.rows import recipe_table
    from severstal.models.registry import architectures
    from severstal.report.recipes import format_recipes
    from severstal.runs.leaks import leak_note
    from severstal.runs.opening import choose_recipe

    chosen = [choose_recipe(name) for name in recipes]
    if networks:
        every = architectures() if "all" in networks else networks
        pairs = [(recipe, with_architecture(recipe, name)) for recipe in chosen for name in every]
        chosen = [other for _, other in pairs]
        for recipe, other in pairs:
            before, after = recipe.model, other.model
            if before.encoder_weights != "none" and after.encoder_name != before.encoder_name:
                print(
                    f"recipe {other.name}: {after.architecture} cannot be built on {before.encoder_name}: "
                    f"it starts on {after.encoder_name}, without pretrained weights"
                )
    rows = experiments.compare_recipes(chosen, input, crops, epochs, train_folds, output, engine)
    print(format_recipes(recipe_table(rows)))
    if note := leak_note(rows[0].run):  # all rows share their folds
        print(note)
    failed = [row.recipe for row in rows if row.fault]
    if failed:
        raise SeverstalError(
            f"{len(failed)} of {len(rows)} recipes failed, as logged above: {', '.join(failed)}"
        )
