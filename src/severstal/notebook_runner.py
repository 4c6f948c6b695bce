"""Execution of notebooks, and removal of content that differs from run to run."""

import copy
import itertools
import logging
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import nbformat
import papermill
from ipykernel.kernelspec import get_kernel_dict
from jupyter_client import AsyncKernelManager
from jupyter_client.kernelspec import KernelSpec
from nbclient.exceptions import DeadKernelError
from nbconvert import HTMLExporter
from nbformat import NotebookNode
from papermill.exceptions import PapermillExecutionError
from traitlets.config import Config

from severstal.errors import SeverstalError
from severstal.files import write_text

# Its warnings become errors here, with readable messages.
logging.getLogger("papermill").setLevel(logging.CRITICAL)

logger = logging.getLogger("severstal")

_KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}
_LANGUAGE = {"name": "python", "pygments_lexer": "ipython3"}
_BANNER_TAG = "papermill-error-cell-tag"
_ESCAPES = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_BAR = re.compile(r"\[(\d+:)?\d\d:\d\d(<[^,\]]+)?, .*\]$")  # how tqdm ends a line: [00:04<00:10, 3.1image/s]

# A picture fills the page when it is tapped, at its full size, and goes back when tapped again: by an address
# within the page, without a script.
_PICTURES = """<style>
.figure { display: block; } .figure > a { display: block; } .figure .close { display: none; }
.figure img { max-width: 100%; height: auto; }
.figure:target { position: fixed; inset: 0; z-index: 1000; overflow: auto; background: #fff; }
.figure:target .open { pointer-events: none; } .figure:target img { max-width: none; min-width: 100%; }
.figure:target .close { display: block; position: fixed; inset: 0 0 auto auto; z-index: 1001;
  padding: 0.6em 0.9em; background: #000; color: #fff; font: 16px sans-serif; text-decoration: none; }
</style>"""
_PICTURE = re.compile(r'<img\b[^>]*\bsrc="data:image/[^>]*>')

# JupyterLab's look without the scripts that its template fetches from the net: it needs none of them.
_PAGE = "{% extends 'lab/index.html.j2' %}" + "".join(
    f"{{% block {block} %}}{{% endblock %}}"
    for block in (
        "html_head_js_requirejs",
        "html_head_js_mathjax",
        "html_head_js_mermaidjs",
        "jupyter_widgets",
    )
)


class OwnPython(AsyncKernelManager):
    """Starts the interpreter of this process, whatever kernel specs the machine has.

    IPython writes to the folder of the `connection_file` instead of the home folder.
    """

    @property
    def kernel_spec(self) -> KernelSpec:
        """The command and environment of the kernel."""
        # Without this, its log would interrupt the progress bars.
        own = get_kernel_dict(["--IPKernelApp.log_level=CRITICAL"])
        quiet = "ignore:IProgress not found"  # bars are plain text here, and need no widgets
        folder = str(Path(self.connection_file).parent)
        return KernelSpec(**own, env={"IPYTHONDIR": folder, "PYTHONWARNINGS": quiet, "SEVERSTAL_STATIC": "1"})


def run_notebooks(sources: Sequence[Path], output: Path, parameters: Mapping[str, Any]) -> None:
    """Execute notebooks one after the other, in the working directory of the caller.

    Output of the cells is passed on at once, including progress bars.

    Args:
        sources: the notebooks, which are not changed.
        output: folder for `NAME.ipynb`, executed and tidied, and `NAME.html`, a self-contained page.
        parameters: override values of the cell tagged `parameters`; each notebook gets those that it has.

    Raises:
        SeverstalError: a cell failed (the output until then is kept), a source is missing or is not a
            notebook, or no notebook has a given parameter.
    """
    notebooks = [read_notebook(source) for source in sources]
    known = [papermill.inspect_notebook(notebook).keys() for notebook in notebooks]
    for name in sorted(parameters.keys() - set().union(*known)):
        raise SeverstalError(f"no notebook has a parameter {name!r}: add it to a cell tagged parameters")
    for source, notebook, names in zip(sources, notebooks, known, strict=True):
        logger.info("%s", Path(source).name)
        own = {name: value for name, value in parameters.items() if name in names}
        execute(notebook, Path(output) / Path(source).name, own)


def read_notebook(path: str | Path) -> NotebookNode:
    """Read a notebook.

    Raises:
        SeverstalError: the file is missing or is not a notebook.

    Example:
        >>> read_notebook("gone.ipynb")
        Traceback (most recent call last):
        severstal.errors.SeverstalError: gone.ipynb: no such notebook: restore it from the repository
    """
    try:
        return nbformat.read(path, as_version=4)
    except FileNotFoundError:
        raise SeverstalError(f"{path}: no such notebook: restore it from the repository") from None
    except (nbformat.reader.NotJSONError, nbformat.ValidationError, UnicodeDecodeError) as error:
        raise SeverstalError(f"{path}: not a notebook: restore it from the repository") from error


def execute(notebook: NotebookNode, target: Path, parameters: Mapping[str, Any]) -> None:
    """Execute one notebook and write it, also after a failure, to `target` and as a page beside it.

    Raises:
        SeverstalError: a cell failed, or the kernel died.
    """
    with TemporaryDirectory(prefix="severstal-") as scratch:
        executed = Path(scratch) / "executed.ipynb"
        try:
            papermill.execute_notebook(
                notebook,
                executed,
                dict(parameters),
                kernel_name=_KERNEL["name"],
                language=_KERNEL["language"],
                progress_bar=False,
                stdout_file=sys.stdout,
                stderr_file=sys.stderr,
                kernel_manager_class=OwnPython,
                config=Config(OwnPython={"connection_file": str(Path(scratch) / "kernel.json")}),
            )
        except PapermillExecutionError as error:
            raise SeverstalError(
                f"{target.name} cell {error.exec_count}: {explain_error(error, target)}"
            ) from error
        except DeadKernelError as error:
            raise SeverstalError(
                f"{target.name}: its Python was killed, usually because memory ran out: close other "
                "programs, or reduce training.batch_size in the recipe"
            ) from error
        finally:
            if executed.is_file():
                kept = tidy_notebook(nbformat.read(executed, as_version=4))
                write_text(target, nbformat.writes(kept))
                write_text(target.with_suffix(".html"), to_html(kept, target.stem))


def explain_error(error: PapermillExecutionError, target: Path) -> str:
    """The error of a cell in one line: of a `SeverstalError` only the message."""
    # SeverstalError and its subclasses render their traceback like this.
    if error.traceback == [f"severstal: {error.evalue}"]:
        return error.evalue
    first = (error.evalue.strip().splitlines() or [""])[0]
    return f"{error.ename}: {first} (traceback in {target})"


def tidy_notebook(notebook: NotebookNode) -> NotebookNode:
    r"""Remove from an executed notebook all content that differs between runs or machines.

    Removed: execution times, metadata and banners of papermill, the version of Python, progress bars, text
    overwritten by carriage returns, and streams that are then blank. Kept: sources, cell ids, tags, execution
    counts, output.

    Returns:
        A tidied copy; the function is idempotent.

    Example:
        >>> cell = nbformat.v4.new_code_cell("bar()", metadata={"execution": {"iopub.execute_input": "2026"}})
        >>> bar = "\r 50%|##  | 1/2 [00:01<00:01, 1.0s/image]\r             \rdone\n"
        >>> cell["outputs"] = [nbformat.v4.new_output("stream", name="stderr", text=bar)]
        >>> tidied = tidy_notebook(nbformat.v4.new_notebook(cells=[cell])).cells[0]
        >>> tidied.outputs[0].text, dict(tidied.metadata)
        ('done\n', {})
    """
    notebook = copy.deepcopy(notebook)
    notebook.metadata = nbformat.from_dict({"kernelspec": _KERNEL, "language_info": _LANGUAGE})
    notebook.cells = [cell for cell in notebook.cells if _BANNER_TAG not in cell.metadata.get("tags", [])]
    for cell in notebook.cells:
        for key in ("execution", "papermill"):
            cell.metadata.pop(key, None)
        if not cell.metadata.get("tags"):
            cell.metadata.pop("tags", None)
        if cell.cell_type == "code":
            cell.outputs = tidy_outputs(cell.outputs)
    return notebook


def tidy_outputs(outputs: Sequence[NotebookNode]) -> list[NotebookNode]:
    """Reduce streams to the text that a terminal would still show, in as few outputs as possible."""
    pieces = join_streams(outputs)
    for output in pieces:
        if output.output_type == "stream":
            output.text = printed(output.text)
    # Joined again: whether a bar came between two prints depends on the speed of the machine.
    return join_streams(out for out in pieces if out.output_type != "stream" or out.text.strip())


def join_streams(outputs: Iterable[NotebookNode]) -> list[NotebookNode]:
    """Join consecutive outputs of one stream."""
    joined: list[NotebookNode] = []
    for output in outputs:
        last = joined[-1] if joined else None
        if last and output.output_type == last.output_type == "stream" and output.name == last.name:
            last.text += output.text
        else:
            joined.append(output)
    return joined


def printed(text: str) -> str:
    r"""The text of a stream without progress bars and overwritten lines.

    Example:
        >>> printed("fold 0\n 50%|##  | 1/2\r100%|####| 2/2 [00:02<00:00, 1.0s/image]\nscore 0.91\n")
        'fold 0\nscore 0.91\n'
    """
    kept = []
    for line, end in re.findall(r"([^\n]*)(\n|$)", _ESCAPES.sub("", text).replace("\r\n", "\n")):
        shown = line.rstrip("\r").rpartition("\r")[2]
        # Lines left blank or as a bar are remains of progress bars.
        if not (_BAR.search(shown.rstrip()) or (shown != line and not shown.strip())):
            kept.append(shown + end)
    return "".join(kept)


def to_html(notebook: NotebookNode, title: str) -> str:
    """The notebook as one self-contained page of HTML.

    Each picture can be enlarged to its full size, for a phone. Formulas in TeX would need a script from the
    network, and are not supported.

    Example:
        >>> page = to_html(nbformat.v4.new_notebook(), "01_eda")
        >>> "<title>01_eda</title>" in page, "<script" in page
        (True, False)
    """
    page, _ = HTMLExporter(raw_template=_PAGE).from_notebook_node(notebook, {"metadata": {"name": title}})
    count = itertools.count(1)

    def linked(match: re.Match[str]) -> str:
        name = f"figure-{next(count)}"
        return (
            f'<span class="figure" id="{name}"><a class="open" href="#{name}" title="enlarge">{match[0]}</a>'
            f'<a class="close" href="#{name}-text">close</a></span><span id="{name}-text"></span>'
        )

    return _PICTURE.sub(linked, page).replace("</head>", f"{_PICTURES}</head>", 1)
