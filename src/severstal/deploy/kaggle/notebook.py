"""The notebook of a kit: a few calls; everything that may go wrong is in the package."""

import ast
import json
from pathlib import Path
from typing import Any

NOTEBOOK_FILE = "severstal-submission.ipynb"

_INTRODUCTION = """# Submission

Segments the test pictures with the attached weights and writes `submission.csv`. Nothing is trained, and no
network is needed: the packages that Kaggle's image lacks are installed from the attached wheels.

The file is there from the first minute, with every picture empty, and is replaced as masks arrive. What does
not fit the time is dropped, views first and then networks, and a line says so."""

_INSTALL = """import os
import subprocess
import sys
from pathlib import Path

root = Path(os.environ.get("SEVERSTAL_KAGGLE_ROOT", "/kaggle"))
wheels = sorted(own.parent for own in (root / "input").rglob("severstal-*.whl"))
if not wheels:
    raise SystemExit(f"{root}/input: no severstal-*.whl: attach the wheels dataset of the kit")
pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps"]
subprocess.run([*pip, *map(str, wheels[0].glob("*.whl"))], check=True)"""

_SETTINGS = "hours = {hours!r}  # how long this notebook may take; the competition allows one hour"

_SUBMIT = """from severstal.deploy.kaggle.submission import submit_here

submit_here(hours)"""

_LOOK = """import pandas as pd

pd.read_csv(root / "working" / "submission.csv", keep_default_na=False).head()"""


def submission_notebook(hours: float) -> dict[str, Any]:
    """The notebook as JSON.

    Args:
        hours: that it may take.

    Example:
        >>> [cell["cell_type"] for cell in submission_notebook(1.0)["cells"]]
        ['markdown', 'code', 'code', 'code', 'code']
    """
    code = [_INSTALL, _SETTINGS.format(hours=hours), _SUBMIT, _LOOK]
    cells = [_cell("markdown", _INTRODUCTION, 0), *(_cell("code", text, n) for n, text in enumerate(code, 1))]
    return {
        "cells": cells,
        "metadata": {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def notebook_findings(path: Path) -> list[str]:
    """What would keep the notebook from running on Kaggle, one line each."""
    try:
        notebook = json.loads(path.read_text(encoding="utf-8"))
        cells = ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"]
        kernel = notebook["metadata"]["kernelspec"]["name"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        return [f"{path.name}: not a notebook with a kernelspec ({error!r}): make the kit again"]
    findings = []
    if kernel != "python3":
        findings.append(f"{path.name}: its kernel is {kernel!r}: write 'python3'")
    for number, text in enumerate(cells, 1):
        try:
            names = {node.id for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Name)}
        except SyntaxError as error:
            findings.append(f"{path.name} cell {number}: not Python ({error.msg}): make the kit again")
            continue
        trains = names & {"train", "train_folds", "run_all"}
        if trains:
            findings.append(f"{path.name} cell {number}: calls {min(trains)}: a submission never trains")
    if not any("submit_here(" in text for text in cells):
        findings.append(f"{path.name}: no cell calls submit_here: make the kit again")
    return findings


def _cell(kind: str, text: str, number: int) -> dict[str, Any]:
    cell: dict[str, Any] = {"cell_type": kind, "id": f"cell-{number}", "metadata": {}, "source": text}
    return cell if kind == "markdown" else {**cell, "execution_count": None, "outputs": []}
