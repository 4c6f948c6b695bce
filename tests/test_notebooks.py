"""The notebooks: they run on another data set, and what is committed of them reads well."""

import ast
import base64
import re
import shutil
from pathlib import Path

import cv2
import nbformat
import numpy as np
import pandas as pd
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


def outputs(path: Path) -> list[nbformat.NotebookNode]:
    """All outputs of an executed notebook."""
    return [out for cell in nbformat.read(path, as_version=4).cells for out in cell.get("outputs", [])]


def check_figures(path: Path) -> None:
    """Assert that no cell failed, that there is a picture, and that each is larger than its title alone."""
    shown = outputs(path)
    assert not [out for out in shown if out.output_type == "error"]
    heights = []
    for out in shown:
        for kind in ("image/png", "image/jpeg"):
            if kind in out.get("data", {}):
                content = np.frombuffer(base64.b64decode(out.data[kind]), np.uint8)
                picture = cv2.imdecode(content, cv2.IMREAD_GRAYSCALE)
                assert out.metadata[kind]["alt"]
                heights.append(picture.shape[0])
                assert picture.std() > 5  # not one blank sheet
    assert heights
    assert min(heights) > 150


@pytest.mark.slow
def test_they_run_on_one_class_without_a_test_set(
    small_input: Path, tiny_recipe: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("sample_submission.csv", "test_labels.csv"):
        (small_input / name).unlink()
    shutil.rmtree(small_input / "test_images")
    (small_input / "dataset.toml").write_text('name = "one"\nimage_shape = [64, 96]\nclasses = ["bright"]\n')
    labels = pd.read_csv(small_input / "train.csv")
    labels[labels["ClassId"] == 1].to_csv(small_input / "train.csv", index=False)
    names = [name for name in JOB if name != "05_submission"]  # a submission needs test pictures
    kept = run_all(str(tiny_recipe), small_input, only=names)
    assert sorted(path.stem for path in kept.glob("*.ipynb")) == names
    for path in kept.glob("*.ipynb"):
        check_figures(path)


@pytest.mark.slow
def test_they_run_on_square_pictures_of_three_classes_none_of_them_clean(
    real_data: Path, tiny_recipe: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    source, few = real_data / "neu_seg", tmp_path / "few"
    labels = pd.read_csv(source / "train.csv")
    names = sorted(labels["ImageId"].unique())[::20]
    sample = pd.read_csv(source / "sample_submission.csv").head(8)
    for folder, chosen in (("train_images", names), ("test_images", sample["ImageId"])):
        (few / folder).mkdir(parents=True)
        for name in chosen:
            shutil.copy(source / folder / name, few / folder / name)
    labels[labels["ImageId"].isin(names)].to_csv(few / "train.csv", index=False)
    sample.to_csv(few / "sample_submission.csv", index=False)
    shutil.copy(source / "dataset.toml", few / "dataset.toml")
    kept = run_all(str(tiny_recipe), few, "out/mine.csv")
    assert sorted(path.stem for path in kept.glob("*.ipynb")) == JOB
    for path in kept.glob("*.ipynb"):
        check_figures(path)


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


def test_a_notebook_that_is_not_there(
    small_input: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SeverstalError, match="notebook '08_more' is unknown: there are 01_eda, 02_folds"):
        run_all("smoke", small_input, only=["08_more"])


@pytest.mark.parametrize("source", SOURCES, ids=NAMES)
class TestCommitted:
    """What a reader sees on the web before running anything."""

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

    def test_it_opens_with_a_sentence_a_picture_and_what_it_answers(self, source: Path) -> None:
        cells = nbformat.read(source, as_version=4).cells
        title, sentence = cells[0].source.split("\n\n")
        assert re.match(r"# \d\. .*\?$", title)
        assert sentence.count(". ") == 0
        text = next(place for place, cell in enumerate(cells[1:], 1) if cell.cell_type == "markdown")
        assert "answers" in cells[text].source
        shown = [output.get("data", {}) for cell in cells[1:text] for output in cell.outputs]
        assert any("image/png" in data or "image/jpeg" in data for data in shown)
        assert sum("parameters" in cell.metadata.get("tags", []) for cell in cells) == 1

    def test_every_picture_has_its_words_and_none_is_interactive(self, source: Path) -> None:
        for cell in nbformat.read(source, as_version=4).cells:
            for output in cell.get("outputs", []):
                for kind in ("image/png", "image/jpeg"):
                    if kind in output.get("data", {}):
                        assert output.metadata[kind]["alt"]
                        assert "text/html" not in output.data

    def test_it_defines_no_function(self, source: Path) -> None:
        for cell in nbformat.read(source, as_version=4).cells:
            if cell.cell_type == "code":
                lines = [line for line in cell.source.splitlines() if not line.lstrip().startswith("%")]
                kinds = {type(node) for node in ast.walk(ast.parse("\n".join(lines)))}
                assert not kinds & {ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda}
