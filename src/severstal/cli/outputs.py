"""The inputs and outputs of each command: no command overwrites its inputs."""

from collections.abc import Callable, Iterable
from functools import wraps
from inspect import signature
from pathlib import Path
from types import SimpleNamespace
from typing import ParamSpec, TypeVar

from severstal.errors import SeverstalError
from severstal.path_checks import refuse_overwrite

Arguments = ParamSpec("Arguments")
Code = TypeVar("Code")
Paths = Callable[[SimpleNamespace], Iterable[str | Path | None]]


def command_name(command: Callable[..., object]) -> str:
    """The word that a command is given by: a function's name, `import_` without its underscore.

    Example:
        >>> def compare_runs(): ...
        >>> command_name(compare_runs)
        'compare-runs'
    """
    return command.__name__.rstrip("_").replace("_", "-")


def protect_inputs(command: Callable[Arguments, Code]) -> Callable[Arguments, Code]:
    """Have a command refuse outputs that are among its inputs, before it does anything.

    Raises:
        KeyError: `COMMAND_FILES` has no row for the command.
    """
    outputs, inputs = COMMAND_FILES[command_name(command)]

    @wraps(command)
    def run(*arguments: Arguments.args, **named: Arguments.kwargs) -> Code:
        bound = signature(command).bind(*arguments, **named)
        bound.apply_defaults()
        given = SimpleNamespace(**bound.arguments)
        refuse_overwrite(outputs(given), inputs(given))
        return command(*arguments, **named)

    return run


def _none(given: SimpleNamespace) -> list[Path]:
    return []


def _named(*names: str) -> Paths:
    """Return the paths in the values of options, each of which is one path, several, or None."""

    def paths(given: SimpleNamespace) -> list[str | Path | None]:
        values = [getattr(given, name) for name in names]
        return [path for value in values for path in (value if isinstance(value, list | tuple) else [value])]

    return paths


def _together(*parts: Paths) -> Paths:
    return lambda given: [path for part in parts for path in part(given)]


def _in_output(*names: str) -> Paths:
    """Files of the folder --output."""
    return lambda given: [] if given.output is None else [Path(given.output) / name for name in names]


def _submission(given: SimpleNamespace) -> list[Path]:
    """A submission and its provenance."""
    return [given.output, given.output.with_suffix(".json")]


def _segmented(given: SimpleNamespace) -> list[Path]:
    """The files of the output folder, as far as the sources are files."""
    from severstal.deploy.formats.save import result_file
    from severstal.deploy.segment.records import RECORDS
    from severstal.deploy.segment.run import CONTACT_SHEET, PER_PICTURE
    from severstal.deploy.segment.tables import COCO_JSON, DEFECTS_CSV, MASKS_CSV

    wanted = [format for format in given.format if format in PER_PICTURE]
    stems = dict.fromkeys(path.stem for path in map(Path, given.sources) if path.is_file())
    paths = [result_file(given.output, stem, format) for stem in stems for format in wanted]
    return paths + [
        given.output / name for name in (CONTACT_SHEET, COCO_JSON, DEFECTS_CSV, MASKS_CSV, RECORDS)
    ]


def _segment_inputs(given: SimpleNamespace) -> list[Path]:
    """Files and the model; folders of pictures are checked where their contents are known."""
    return [given.run, *(path for path in map(Path, given.sources) if path.is_file())]


def _data(given: SimpleNamespace) -> list[Path]:
    """Return the files that are read of a command's input folder; none where the command will refuse it."""
    from severstal.competition.folder import InputFolder, locate_input
    from severstal.competition.spec import SEVERSTAL
    from severstal.runs.folder import input_of

    try:
        root = locate_input(given.input)
        if given.input is None:
            runs = [*getattr(given, "runs", ()), *(getattr(given, name, None) for name in ("csv", "run"))]
            roots = [input_of(path) for path in runs if path is not None and path.is_dir()]
            root = roots[0] if roots else root
    except SeverstalError:
        return []
    if root is None:
        return []
    data = InputFolder(root, SEVERSTAL)  # for its paths alone
    tables = [data.train_csv, data.sample_csv, data.truth_csv, data.root / "dataset.toml"]
    return [*tables, data.train_images, data.test_images]


def _data_but_labels(given: SimpleNamespace) -> list[Path]:
    """What is read of the input folder apart from train.csv, which an import may begin or extend."""
    return [path for path in _data(given) if path.name != "train.csv"]


def _run_folders(given: SimpleNamespace) -> list[Path]:
    return [path for path in given.folder.iterdir() if path.is_dir()] if given.folder.is_dir() else []


COMMAND_FILES: dict[str, tuple[Paths, Paths]] = {
    # command: the files that it writes where an option says, and what it reads. Without a row: what is
    # written goes to new folders, to runs/ or to a folder that only this project fills.
    "sample": (_none, _none),
    "weights": (_named("json"), _named("recipes")),
    "download": (_none, _none),
    "doctor": (_named("json", "repair"), _named("data", "images")),
    "duplicates": (_named("output"), _data),
    "lookup": (_named("output"), _data),
    "export": (_named("output"), _together(_named("labels", "images"), _data)),
    "import": (_named("output"), _together(_named("path", "images"), _data_but_labels)),
    "run": (_submission, _together(_named("recipe", "folds"), _data)),
    "notebooks": (_submission, _together(_named("recipe", "folds"), _data)),
    "plan": (_none, _none),
    "train": (_none, _none),
    "predict": (_none, _none),
    "tune": (_none, _none),
    "submit": (_submission, _data),
    "distill": (_none, _none),
    "segment": (_segmented, _segment_inputs),
    "pack": (_none, _none),
    "kaggle": (_none, _none),
    "check": (_named("json"), _together(_named("csv"), _data)),
    "diff": (
        _together(_named("json"), _in_output("differences.csv")),
        _together(_named("a", "b"), _data),
    ),
    "score": (_named("json", "html"), _together(_named("csv", "truth", "images", "folds"), _data)),
    "metrics": (_named("json"), _together(_named("csv", "truth", "images"), _data)),
    "compare-submissions": (
        _named("json"),
        _together(_named("a", "b", "truth", "images", "folds"), _data),
    ),
    "compare-runs": (_named("json"), _named("a", "b")),
    "compare": (
        _in_output("comparison.csv", "comparison.json", "comparison.png"),
        _together(_named("recipes"), _data),
    ),
    "runs": (_named("json"), _run_folders),
    "ablate": (_in_output("ablation.csv", "ablation.json"), _together(_named("recipe"), _data)),
    "leaderboard": (_none, _none),
    "recipes": (_none, _none),
    "networks": (_none, _none),
    "losses": (_none, _none),
}
