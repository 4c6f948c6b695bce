"""The lists of recipes, networks and losses."""

from collections.abc import Sequence


def recipes() -> None:
    """List the included recipes, each with its network and a description."""
    from severstal.recipe import load_recipe, recipe_names

    rows = []
    for name in recipe_names():
        recipe = load_recipe(name)
        model, members = recipe.model, len(recipe.members)
        trained = f"{members} networks" if members else f"{model.architecture} on {model.encoder_name}"
        rows.append((name, trained, recipe.description))
    _print(("recipe", "trains", "description"), rows)


def networks() -> None:
    """List the networks with their papers; `architecture` in a recipe's [model] chooses one."""
    from severstal.models.registry import describe_networks

    rows = [(each.name, each.paper, each.summary) for each in describe_networks()]
    _print(("network", "paper", "summary"), rows)


def losses() -> None:
    """List the losses with their papers; `masks` in a recipe's [loss] weights them."""
    from severstal.losses.registry import describe_losses

    rows = [(each.name, each.paper, each.summary) for each in describe_losses()]
    _print(("loss", "paper", "summary"), rows)


def _print(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    table = [titles, *rows]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for row in table:
        print("  ".join(word.ljust(width) for word, width in zip(row, widths, strict=True)).rstrip())
