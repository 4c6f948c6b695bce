"""What there is to choose from: recipes, networks and losses, each by its name."""

from collections.abc import Sequence


def recipes() -> None:
    """List the recipes that come with the project, each with what it trains."""
    from severstal.recipe import load_recipe, recipe_names

    rows = []
    for name in recipe_names():
        recipe = load_recipe(name)
        model, members = recipe.model, len(recipe.members)
        trained = f"{members} networks" if members else f"{model.architecture} on {model.encoder_name}"
        rows.append((name, trained, recipe.description))
    _print(("recipe", "trains", "description"), rows)


def networks() -> None:
    """List the networks, each with its paper; one is chosen by `architecture` in a recipe's [model]."""
    from severstal.models.registry import describe_networks

    rows = [(each.name, each.paper, each.summary) for each in describe_networks()]
    _print(("network", "paper", "what it is"), rows)


def losses() -> None:
    """List the losses, each with its paper; they are weighted by `masks` in a recipe's [loss]."""
    from severstal.losses.registry import describe_losses

    rows = [(each.name, each.paper, each.summary) for each in describe_losses()]
    _print(("loss", "paper", "what it is"), rows)


def _print(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    table = [titles, *rows]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for row in table:
        print("  ".join(word.ljust(width) for word, width in zip(row, widths, strict=True)).rstrip())
