"""Notebooks run by this very Python, and what is kept of them."""

import io
import json
import logging
import re
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from severstal.errors import SeverstalError
from severstal.notebook_runner import read_notebook, run_notebooks, tidy_notebook

logger = logging.getLogger("severstal")
KERNELSPEC = {"name": "python3", "display_name": "Python 3", "language": "python"}


def write(path: Path, *cells) -> Path:
    nbformat.write(new_notebook(cells=list(cells), metadata={"kernelspec": KERNELSPEC}), path)
    return path


def printed(cell) -> str:
    return "".join(output.text for output in cell.outputs if output.output_type == "stream")


@pytest.fixture(scope="module")
def executed(tmp_path_factory):
    """Two notebooks run in a folder with space and braces in its name; HOME holds another python3 kernel."""
    folder = tmp_path_factory.mktemp("a folder {x}")
    home = folder / "home"
    decoy = home / ".local/share/jupyter/kernels/python3/kernel.json"
    decoy.parent.mkdir(parents=True)
    decoy.write_text(json.dumps(KERNELSPEC | {"argv": ["/bin/false", "{connection_file}"]}))
    sources = [
        write(
            folder / "01_first.ipynb",
            new_markdown_cell("# First\nWhat it answers."),
            new_code_cell("A = 'given here'\nB = 2", metadata={"tags": ["parameters"]}),
            new_code_cell("import os, sys\nprint(sys.executable, os.getcwd(), A, B, sep='|')"),
            new_code_cell(
                "from tqdm import tqdm\nprint('start')\n"
                "for _ in tqdm(range(3), 'bar stays'): pass\n"
                "for _ in tqdm(range(3), 'bar goes', leave=False): pass\nprint('end')"
            ),
            new_code_cell("import pandas as pd\npd.DataFrame({'column': [41]})"),
            new_code_cell("from severstal.report.palette import sheet\nsheet(4, 2, 'A figure')[0]"),
        ),
        write(
            folder / "02_second.ipynb",
            new_code_cell("C = 0", metadata={"tags": ["parameters"]}),
            new_code_cell("C"),
        ),
    ]
    texts = [source.read_text() for source in sources]
    streams = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(home))
        patch.chdir(folder)
        patch.setattr(sys, "stdout", streams[0])
        patch.setattr(sys, "stderr", streams[1])
        patch.setattr(logger, "handlers", [logging.StreamHandler(streams[1])])
        before = logger.level
        logger.setLevel(logging.INFO)
        run_notebooks(sources, Path("made here"), {"A": 'it\'s "given"', "C": 7})
    logger.setLevel(before)
    assert [source.read_text() for source in sources] == texts
    left = {path.relative_to(home) for path in (home / ".local").rglob("*") if path.is_file()}
    assert left == {decoy.relative_to(home)}
    assert not (home / ".ipython").exists()
    return folder / "made here", [stream.getvalue() for stream in streams]


def test_this_python_in_the_folder_of_the_caller_with_parameters(executed):
    folder, _ = executed
    cells = read_notebook(folder / "01_first.ipynb").cells
    assert printed(cells[3]) == f'{sys.executable}|{folder.parent}|it\'s "given"|2\n'
    assert cells[2].metadata["tags"] == ["injected-parameters"]
    assert "C" not in cells[2].source
    assert read_notebook(folder / "02_second.ipynb").cells[2].outputs[0].data["text/plain"] == "7"


def test_output_reaches_the_terminal_as_it_comes_and_is_kept_without_bars(executed):
    folder, (out, err) = executed
    assert "01_first.ipynb\n" in err
    assert "start\n" in out
    assert "\rbar stays: 100%" in err
    text = (folder / "01_first.ipynb").read_text()
    assert "100%" not in text
    assert printed(read_notebook(folder / "01_first.ipynb").cells[4]) == "start\nend\n"


def test_what_is_kept_is_valid_tidy_and_names_no_machine(executed):
    folder, _ = executed
    for path in folder.glob("*.ipynb"):
        notebook = read_notebook(path)
        nbformat.validate(notebook)
        assert tidy_notebook(notebook) == notebook
        assert notebook.metadata["kernelspec"] == KERNELSPEC
        assert "papermill" not in path.read_text()
        assert "iopub" not in path.read_text()
    cells = read_notebook(folder / "01_first.ipynb").cells
    assert [cell.execution_count for cell in cells[1:]] == [1, 2, 3, 4, 5, 6]


def test_the_page_holds_its_pictures_and_fetches_nothing(executed):
    folder, _ = executed
    page = (folder / "01_first.html").read_text()
    assert "<title>01_first</title>" in page
    assert 'src="data:image/png;base64,' in page
    assert "<td>41</td>" in page
    assert not re.findall(r"<script|<link|@import|src=\"http|url\(\s*['\"]?http", page)


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        (
            "from severstal.errors import SeverstalError\nclass Own(SeverstalError): ...\n"
            "raise Own('train.csv row 7: class 9: correct the row')",
            "broken.ipynb cell 2: train.csv row 7: class 9: correct the row",
        ),
        (
            "raise ValueError('bad\\nvalue')",
            "broken.ipynb cell 2: ValueError: bad (traceback in {folder}/out/broken.ipynb)",
        ),
        (
            "import os; os._exit(9)",
            "broken.ipynb: its Python was killed, usually because memory ran out: close",
        ),
    ],
)
def test_a_failing_cell_is_one_line_and_keeps_what_was_shown(tmp_path, cell, message):
    source = write(
        tmp_path / "broken.ipynb",
        new_code_cell("print('until here')"),
        new_code_cell(cell),
        new_code_cell("1"),
    )
    with pytest.raises(SeverstalError) as error:
        run_notebooks([source], tmp_path / "out", {})
    assert str(error.value).startswith(message.format(folder=tmp_path))
    assert "\n" not in str(error.value)
    kept = read_notebook(tmp_path / "out" / "broken.ipynb").cells
    assert [cell.source for cell in kept] == [cell.source for cell in read_notebook(source).cells]
    assert printed(kept[0]) == "until here\n"
    assert not kept[2].outputs
    assert (tmp_path / "out" / "broken.html").is_file()


def test_an_unknown_parameter_is_an_error_before_anything_runs(tmp_path):
    source = write(tmp_path / "a.ipynb", new_code_cell("A = 1", metadata={"tags": ["parameters"]}))
    with pytest.raises(SeverstalError, match="no notebook has a parameter 'B'"):
        run_notebooks([source], tmp_path / "out", {"A": 1, "B": 2})
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("text", ["", "{", "<<<<<<< HEAD", "\xff"])
def test_what_is_not_a_notebook_is_named(tmp_path, text):
    path = tmp_path / "a.ipynb"
    path.write_text(text, encoding="latin-1")
    with pytest.raises(SeverstalError, match=r"a\.ipynb: not a notebook"):
        run_notebooks([path], tmp_path, {})


def test_tidy_takes_out_only_what_changes_from_run_to_run():
    code = new_code_cell(
        "1", id="kept-id", execution_count=4, metadata={"tags": ["slow"], "papermill": {}, "execution": {}}
    )
    bar = (
        "\r  0%|          | 0/2 [00:00<?, ?image/s]",
        "\r100%|####| 2/2 [00:01<00:00, 1.9image/s, loss=0.5]\n",
    )
    code.outputs = [
        new_output("stream", name="stdout", text="a\n"),
        new_output("stream", name="stderr", text=bar[0]),
        new_output("stream", name="stdout", text="b\n"),
        new_output("stream", name="stderr", text=bar[1] + "a warning\n"),
        new_output("stream", name="stderr", text="\r 50%|##  | 1/2 [00:01<00:01,  1.0s/it]\r           \r"),
        new_output("execute_result", data={"text/plain": "1"}, execution_count=4),
    ]
    banner = new_markdown_cell(
        "An Exception was encountered", metadata={"tags": ["papermill-error-cell-tag"]}
    )
    prose = new_markdown_cell("prose", metadata={"tags": []})
    notebook = new_notebook(
        cells=[banner, prose, code],
        metadata={
            "papermill": {"input_path": "/home/me"},
            "language_info": {"name": "python", "version": "3.11.7"},
        },
    )
    before = nbformat.writes(notebook)
    tidied = tidy_notebook(notebook)
    assert nbformat.writes(notebook) == before
    assert tidied.metadata == {
        "kernelspec": KERNELSPEC,
        "language_info": {"name": "python", "pygments_lexer": "ipython3"},
    }
    assert [cell.source for cell in tidied.cells] == ["prose", "1"]
    kept = tidied.cells[1]
    assert (kept.id, kept.execution_count, kept.metadata) == ("kept-id", 4, {"tags": ["slow"]})
    assert [(out.get("name"), out.get("text")) for out in kept.outputs] == [
        ("stdout", "a\nb\n"),
        ("stderr", "a warning\n"),
        (None, None),
    ]
    assert tidied.cells[0].metadata == {}
    assert tidy_notebook(tidied) == tidied
