"""The notebooks: they run on another data set, and what is committed of them reads well."""

import ast
import re
from pathlib import Path

import nbformat
import pytest

from severstal.competition.submission import check_submission
from severstal.errors import SeverstalError
from severstal.notebook_runner import run_notebooks
from severstal.notebooks import NOTEBOOKS, STUDIES, run_all
from severstal.runs.opening import open_run

SOURCES = sorted(NOTEBOOKS.glob("0*.ipynb"))
JOB = ["01_eda", "02_folds", "03_train", "04_thresholds", "05_submission", "06_errors"]
NAMES = [*JOB, *STUDIES]
MACHINE_PATH = re.compile(r"(?<![\w.])/(home|root|work|tmp|Users|usr|opt|mnt|var)/|[A-Z]:\\\\")


def test_all_are_there() -> None:
    assert [source.stem for source in SOURCES] == NAMES


def test_they_run_top_to_bottom(
    small_input: Path, tiny_recipe: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    kept = run_all(str(tiny_recipe), small_input, "out/mine.csv")
    job = open_run("runs/tiny-small")
    assert check_submission("out/mine.csv", job.sample, job.spec) == []
    assert kept == job.folder / "notebooks"
    assert sorted(path.stem for path in kept.glob("*.ipynb")) == JOB
    for name in JOB:
        executed = nbformat.read(kept / f"{name}.ipynb", as_version=4)
        assert not [
            out for cell in executed.cells for out in cell.get("outputs", []) if out.output_type == "error"
        ]
        assert (kept / f"{name}.html").stat().st_size > 10_000


@pytest.mark.slow
def test_the_study_of_networks_runs(
    small_input: Path, tiny_recipe: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    settings = {"networks": ["classical", "linknet"], "crops": 16}
    source = NOTEBOOKS / "07_architectures.ipynb"
    run_notebooks(
        [source], Path("kept"), {"recipe": str(tiny_recipe), "input_folder": str(small_input), **settings}
    )
    executed = nbformat.read(Path("kept", source.name), as_version=4)
    figures = [
        out
        for cell in executed.cells
        for out in cell.get("outputs", [])
        if "image/png" in out.get("data", {})
    ]
    assert len(figures) >= 1
    assert open_run("runs/compare-tiny-linknet-small").recipe.training.epoch_images == 16


def test_a_notebook_that_is_missing(
    small_input: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SeverstalError, match="notebook '08_more' is unknown: there are 01_eda, 02_folds"):
        run_all("smoke", small_input, only=["08_more"])


@pytest.mark.parametrize("source", SOURCES, ids=NAMES)
class TestCommitted:
    """The committed output, as a reader sees it on the web."""

    def test_it_is_executed_in_order_and_without_an_error(self, source: Path) -> None:
        cells = [cell for cell in nbformat.read(source, as_version=4).cells if cell.cell_type == "code"]
        counts = [cell.execution_count for cell in cells]
        assert None not in counts
        assert counts == sorted(counts)
        outputs = [output for cell in cells for output in cell.outputs]
        assert all(output.output_type != "error" for output in outputs)
        assert any("image/png" in output.get("data", {}) for output in outputs)

    def test_it_is_small_and_holds_no_machine_path(self, source: Path) -> None:
        assert source.stat().st_size <= 1_500_000
        for cell in nbformat.read(source, as_version=4).cells:
            texts = [output.get("text", "") for output in cell.get("outputs", [])]
            texts += [str(output.get("data", {}).get("text/plain", "")) for output in cell.get("outputs", [])]
            for text in [cell.source.replace("/kaggle/", ""), *texts]:
                assert not MACHINE_PATH.search(text), text

    def test_it_opens_with_what_it_answers_and_takes_parameters(self, source: Path) -> None:
        notebook = nbformat.read(source, as_version=4)
        assert notebook.cells[0].cell_type == "markdown"
        assert re.search(r"answers", notebook.cells[0].source)
        assert sum("parameters" in cell.metadata.get("tags", []) for cell in notebook.cells) == 1

    def test_it_defines_no_function(self, source: Path) -> None:
        for cell in nbformat.read(source, as_version=4).cells:
            if cell.cell_type == "code":
                lines = [line for line in cell.source.splitlines() if not line.lstrip().startswith("%")]
                kinds = {type(node) for node in ast.walk(ast.parse("\n".join(lines)))}
                assert not kinds & {ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda}
