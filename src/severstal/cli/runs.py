"""Runs beside each other: all of them in a table, two of them compared."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from tyro.conf import Positional as Word

from severstal.errors import SeverstalError

if TYPE_CHECKING:
    from severstal.competition.scope import Scope
    from severstal.competition.scored import ScoredPairs


def runs(folder: Word[Path] = Path("runs"), json: Path | None = None) -> None:
    """List the runs: recipe, input, folds done, epochs, score, time spent, commit.

    Args:
        folder: that holds them.
        json: also write all of it to this file, damaged files among the folders that are no run.
    """
    from severstal.files import write_json
    from severstal.report.runs import format_runs
    from severstal.runs.listing import list_runs

    damaged: dict[Path, str] = {}
    table = list_runs(folder, damaged)
    print(format_runs(table))
    if json is not None:
        facts = table.to_dict()
        root = folder.resolve()
        names = (path.relative_to(root) if path.is_relative_to(root) else path for path in damaged)
        told = zip(names, damaged.values(), strict=True)
        facts["others"] += [{"name": name.as_posix(), "reason": line} for name, line in told]
        write_json(json, facts)


def compare(
    names: Word[list[str]],
    input: Path | None = None,
    pictures: int | None = None,
    epochs: int | None = None,
    train_folds: int | None = None,
    networks: tuple[str, ...] = (),
    output: Path | None = None,
    engine: Literal["local", "ray"] = "local",
    truth: Path | None = None,
    images: Path | None = None,
    folds: Path | None = None,
    json: Path | None = None,
) -> None:
    """Train recipes side by side under one budget; or compare two runs, or two CSVs by their truth.

    Of recipes, a table and a plot say what each scores and costs. Of two runs or two CSVs, whether the
    difference of their scores is real.

    Args:
        names: recipes or their TOML files; or two runs' folders, runs/NAME, scored; or two CSVs of masks.
        input: the input folder, for recipes and CSVs; without it the usual places.
        pictures: for recipes: that each sees in a fold, to the nearest whole batches; without it as many as
            the first recipe does.
        epochs: for recipes: in which it sees them, where batches allow it; without it as many as each has.
        train_folds: for recipes: how many folds are trained; without it as many as the first recipe does.
        networks: for recipes: each is trained once with each of these architectures, on its own encoder where
            that fits, else, without pretrained weights, on the smallest that does; "all" stands for every one
            there is.
        output: for recipes: folder of the table and the plot.
        engine: for recipes: local trains the folds in turn; ray queues them.
        truth: for CSVs: labels in train.csv's form.
        images: for CSVs: the images that count: a folder of pictures, or a CSV with a row for each.
        folds: for CSVs: a run's folds.csv, by whose groups near-duplicates are resampled together.
        json: for runs and CSVs: also write the figures to this file.
    """
    paths = [Path(name) for name in names]
    of_recipes = {
        "pictures": pictures,
        "epochs": epochs,
        "train-folds": train_folds,
        "networks": networks or None,
        "output": output,
    }
    if not any(path.is_dir() or path.suffix.lower() == ".csv" for path in paths):
        _leave_out({"truth": truth, "images": images, "folds": folds, "json": json}, "recipes")
        _compare_recipes(names, networks, input, pictures, epochs, train_folds, output, engine)
        return
    _leave_out(of_recipes, "runs or CSVs")
    if len(paths) != 2:
        raise SeverstalError(f"{len(paths)} runs or CSVs to compare: give two of them, or recipes alone")
    _compare_two(paths[0], paths[1], truth, input, images, folds, json)


def _leave_out(options: Mapping[str, object], things: str) -> None:
    given = [f"--{name}" for name, value in options.items() if value is not None]
    if given:
        raise SeverstalError(f"{', '.join(given)} says nothing of {things}: leave it out")


def _compare_recipes(
    names: Sequence[str],
    networks: Sequence[str],
    input: Path | None,
    pictures: int | None,
    epochs: int | None,
    train_folds: int | None,
    output: Path | None,
    engine: Literal["local", "ray"],
) -> None:
    from severstal import experiments
    from severstal.experiments.architectures import with_architecture
    from severstal.models.registry import architectures
    from severstal.report.recipes import format_recipes
    from severstal.runs.opening import choose_recipe

    recipes = [choose_recipe(name) for name in names]
    if networks:
        every = architectures() if "all" in networks else networks
        pairs = [(recipe, with_architecture(recipe, name)) for recipe in recipes for name in every]
        recipes = [other for _, other in pairs]
        for recipe, other in pairs:
            before, after = recipe.model, other.model
            if before.encoder_weights != "none" and after.encoder_name != before.encoder_name:
                print(
                    f"recipe {other.name}: {after.architecture} cannot be built on {before.encoder_name}: "
                    f"it begins on {after.encoder_name}, without pretrained weights"
                )
    rows = experiments.compare_recipes(recipes, input, pictures, epochs, train_folds, output, engine)
    print(format_recipes(rows))
    failed = [row.recipe for row in rows if row.fault]
    if failed:
        raise SeverstalError(
            f"{len(failed)} of {len(rows)} recipes failed, as told above: {', '.join(failed)}"
        )


def _compare_two(
    a: Path,
    b: Path,
    truth: Path | None,
    input: Path | None,
    images: Path | None,
    folds: Path | None,
    json: Path | None,
) -> None:
    from severstal.evaluation.comparison import compare_pairs
    from severstal.files import write_json
    from severstal.report.comparison import format_comparison
    from severstal.runs.listing import load_scored

    for side in (a, b):
        if not side.exists():
            raise SeverstalError(f"{side}: no such run or CSV: give a folder runs/NAME or a submission")
    if a.is_dir() and b.is_dir():
        needless = {"truth": truth, "input": input, "images": images, "folds": folds}
        given = [f"--{name}" for name, value in needless.items() if value is not None]
        if given:
            raise SeverstalError(
                f"{a} and {b} are runs, which know their images: leave out {', '.join(given)}"
            )
        sides, over = [load_scored(run) for run in (a, b)], None
    else:
        sides, over = _csv_pairs((a, b), truth, input, images, folds)
    found = compare_pairs(*sides, (str(a), str(b)))
    print(format_comparison(found))
    if over is not None:
        print(f"over {over.source}", *over.notes, sep="\n")
    if json is not None:
        beside = {} if over is None else {"truth": str(truth), "over": over.source}
        write_json(json, {**found.to_dict(), **beside})


def _csv_pairs(
    csvs: tuple[Path, Path], truth: Path | None, input: Path | None, images: Path | None, folds: Path | None
) -> tuple[list["ScoredPairs"], "Scope"]:
    from severstal.cli.submissions import score_csv

    for csv in csvs:
        if csv.is_dir():
            other = csvs[csv == csvs[0]]
            raise SeverstalError(f"{csv} is a folder and {other} is not: give two runs or two CSVs")
    if truth is None:
        raise SeverstalError(
            f"{csvs[0]} and {csvs[1]} can only be compared by their truth: name it with --truth, or give "
            "two runs; `severstal diff` needs none"
        )
    (first, scope, _), (second, other, _) = (score_csv(csv, truth, input, images, folds) for csv in csvs)
    if set(scope.images) != set(other.images):
        raise SeverstalError(
            f"{csvs[0]} is about {scope.source}, {csvs[1]} about {other.source}: give two of the same images"
        )
    return [first, second], scope
