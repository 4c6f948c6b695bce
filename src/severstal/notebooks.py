"""The whole job through its notebooks, which call the stages of `pipeline` and show what they do."""

from pathlib import Path

import nbformat

from severstal.errors import SeverstalError
from severstal.files import write_text
from severstal.pipeline import SUBMISSION, open_candidate
from severstal.report.notebooks import read_notebook, run_notebooks

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
INJECTED = "injected-parameters"  # papermill's tag


def run_all(
    recipe: str = "auto",
    input: str | Path | None = None,
    output: str | Path = SUBMISSION,
    refresh: bool = False,
) -> Path:
    """Execute the notebooks in order; the fifth writes the submission.

    Args:
        recipe: its name or TOML file; "auto" is `baseline` with a GPU, else `smoke`.
        input: the input folder; None takes the first of the usual places, or draws the sample.
        output: where the submission goes.
        refresh: put the executed notebooks also in place of those of the repository.

    Returns:
        The folder of the executed notebooks, each also as a page, `runs/NAME/notebooks`.

    Raises:
        SeverstalError: a cell failed; what its notebook showed until then is kept.
    """
    sources = sorted(NOTEBOOKS.glob("0*.ipynb"))
    if not sources:
        raise SeverstalError(f"{NOTEBOOKS}: holds no notebook: install from a clone, with pip install -e .")
    candidate = open_candidate(recipe, input)
    kept = candidate.folder / "notebooks"
    parameters = {
        "recipe": candidate.recipe.name if recipe == "auto" else recipe,
        "input_folder": str(candidate.data.root),
        "output": str(output),
    }
    run_notebooks(sources, kept, parameters)
    print(f"submission: {output}\nnotebooks: {kept}", flush=True)
    if refresh:
        for source in sources:
            _refresh(source, kept / source.name)
    return kept


def _refresh(source: Path, executed: Path) -> None:
    """Put an executed notebook in its source's place, without the parameters of that one execution."""
    notebook = read_notebook(executed)
    notebook.cells = [cell for cell in notebook.cells if INJECTED not in cell.metadata.get("tags", [])]
    write_text(source, nbformat.writes(notebook) + "\n")
