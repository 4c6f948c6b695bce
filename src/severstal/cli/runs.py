"""All runs of a folder in a table."""

from pathlib import Path

from tyro.conf import Positional

from severstal.cli.arguments import Folder, JsonFile


def runs(folder: Positional[Folder] = Path("runs"), json: JsonFile = None) -> None:
    """List the runs: recipe, input, finished folds, epochs, score, training time, commit.

    Args:
        folder: folder that holds the runs.
        json: also write the results to this file, with the folders that are not runs and why.
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
        reasons = zip(names, damaged.values(), strict=True)
        facts["others"] += [{"name": name.as_posix(), "reason": line} for name, line in reasons]
        write_json(json, facts)
