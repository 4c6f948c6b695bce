"""The whole job through its notebooks, which call the stages of `pipeline` and show what they do."""

from collections.abc import Sequence
from pathlib import Path

import nbformat

from severstal.data.given_folds import read_given_folds
from severstal.deploy.kaggle.places import choose_attached, on_kaggle
from severstal.deploy.kaggle.submission import submit_here
from severstal.deploy.opening import RELEASE_FILE
from severstal.errors import SeverstalError
from severstal.files import write_text
from severstal.notebook_runner import read_notebook, run_notebooks
from severstal.pipeline import SUBMISSION, check_output, record
from severstal.runs.combining import open_recipe
from severstal.runs.layout import RUNS, RunFiles

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
STUDIES = ("07_architectures",)  # executed only when named: no submission comes of them
SUBMITS = "05_submission"  # alone has the parameter `output`
INJECTED = "injected-parameters"  # papermill's tag


def run_all(
    recipe: str = "auto",
    input: str | Path | None = None,
    output: str | Path = SUBMISSION,
    refresh: bool = False,
    only: Sequence[str] = (),
    folds: str | Path | None = None,
) -> Path:
    """Execute the notebooks in order; the fifth writes the submission.

    In a Kaggle notebook nothing is trained unless `only` names a notebook that trains: the submission is made
    by the attached release, or by the fifth notebook from the attached run.

    Args:
        recipe: name or TOML file of the recipe; "auto" is `baseline` with a GPU, else `smoke`.
        input: the input folder; None as in `locate_input`, else the sample is rendered.
        output: path of the submission to write.
        refresh: whether the executed notebooks also replace those of the repository.
        only: names of notebooks, such as "07_architectures"; empty for all that lead to the submission.
        folds: the user's own table of folds, `ImageId,fold`; None splits the images.

    Returns:
        The folder of the executed notebooks, each also as a page, `runs/NAME/notebooks`.

    Raises:
        SeverstalError: there is no such notebook, or a cell failed; what its notebook showed until then is
            kept.
    """
    if on_kaggle() and not only:
        return _run_attached(output)
    sources = _choose(only)
    run = open_recipe(recipe, input, folds=folds)
    if (given := run.recipe.data.folds_file) is not None:
        read_given_folds(given, run.data.train_names())
    kept = run.files.notebooks
    parameters = {
        "recipe": run.recipe.name if recipe == "auto" else recipe,
        "input_folder": str(run.data.root),
    }
    if any(source.stem == SUBMITS for source in sources):
        run.data.check_test()  # before hours of training: a submission needs test pictures
        check_output(output)
        parameters["output"] = str(output)
    if folds is not None:
        record(run)
        parameters["recipe"] = str(run.files.recipe)  # names the table of folds
    run_notebooks(sources, kept, parameters)
    if refresh:
        for source in sources:
            _refresh(source, kept / source.name)
    return kept


def _run_attached(output: str | Path) -> Path:
    """Make a submission from the inputs attached to a Kaggle notebook; return the folder that was written."""
    attached = choose_attached()
    if (attached / RELEASE_FILE).is_file():
        return submit_here().path.parent
    kept = RunFiles(RUNS / attached.name).notebooks
    check_output(output)
    run_notebooks(_choose(["05_submission"]), kept, {"output": str(output)})
    return kept


def _choose(only: Sequence[str]) -> list[Path]:
    """The notebooks of those names, in order."""
    known = {source.stem: source for source in sorted(NOTEBOOKS.glob("0*.ipynb"))}
    if not known:
        raise SeverstalError(f"{NOTEBOOKS}: holds no notebook: install from a clone, with pip install -e .")
    for name in only:
        if name not in known:
            raise SeverstalError(f"notebook {name!r} is unknown: there are {', '.join(known)}")
    return [source for name, source in known.items() if (name in only if only else name not in STUDIES)]


def _refresh(source: Path, executed: Path) -> None:
    """Put an executed notebook in its source's place, without the parameters of that one execution."""
    notebook = read_notebook(executed)
    notebook.cells = [cell for cell in notebook.cells if INJECTED not in cell.metadata.get("tags", [])]
    write_text(source, nbformat.writes(notebook) + "\n")
