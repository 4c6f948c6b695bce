"""The first line of every notebook, in namespaces laid out as Kaggle's and as a clone."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import nbformat
import pytest

from severstal import notebook_setup
from severstal.errors import SeverstalError
from severstal.notebook_setup import REQUIREMENTS, set_up
from severstal.notebooks import NOTEBOOKS

ROOT = NOTEBOOKS.parent
NAMES = sorted(NOTEBOOKS.glob("0*.ipynb"))


def first_code(path: Path) -> str:
    return next(cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code")


def test_requirements_are_those_of_the_project() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    known = {re.split(r"[=<>]", each)[0]: each for each in project["dependencies"]}
    for text in REQUIREMENTS.values():
        assert known[re.split(r"[=<>]", text)[0]] == text


@pytest.mark.parametrize("path", NAMES, ids=[path.stem for path in NAMES])
def test_the_setup_cell_is_one_line(path: Path) -> None:
    assert len(first_code(path).splitlines()) == 1
    assert first_code(path) == first_code(NAMES[0])


def test_on_kaggle_the_working_folder_is_kaggles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "kaggle" / "working").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    set_up(tmp_path)
    assert Path.cwd() == tmp_path / "kaggle" / "working"


def test_a_clone_is_left_for_its_root_and_another_folder_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "notebooks").mkdir()
    monkeypatch.chdir(tmp_path / "notebooks")
    set_up(tmp_path)
    assert Path.cwd() == tmp_path / "notebooks"  # of no clone
    (tmp_path / "src" / "severstal").mkdir(parents=True)
    set_up(tmp_path)
    assert Path.cwd() == tmp_path


def test_missing_packages_come_from_attached_wheels_without_a_network(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    working, wheels = tmp_path / "kaggle" / "working", tmp_path / "kaggle" / "input" / "wheels"
    working.mkdir(parents=True)
    wheels.mkdir(parents=True)
    (wheels / "tomli_w-1.2.0-py3-none-any.whl").touch()
    monkeypatch.chdir(tmp_path)
    commands = []

    def fail(command: list[str], check: bool) -> subprocess.CompletedProcess:
        commands.append(command)
        return subprocess.CompletedProcess(command, 1)

    monkeypatch.setattr(notebook_setup, "_missing", lambda: ["tomli-w>=1.0"])
    monkeypatch.setattr(notebook_setup.subprocess, "run", fail)
    with pytest.raises(SeverstalError, match=r"tomli-w>=1.0 cannot be installed: turn the .* internet on"):
        set_up(tmp_path)
    assert commands[0][-3:] == ["--no-index", f"--find-links={wheels}", "tomli-w>=1.0"]


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("unshare") is None, reason="needs Linux namespaces")
def test_the_line_works_in_kaggles_layout_without_a_network(tmp_path: Path) -> None:
    """The repository read-only below /kaggle/input, no network, the working folder elsewhere."""
    code = first_code(NAMES[0]) + "\nimport os, severstal\nprint(os.getcwd(), severstal.__file__)\n"
    script = tmp_path / "cell.py"
    script.write_text(code, encoding="utf-8")
    mounts = (
        "set -e; mount -t tmpfs none /kaggle; mkdir -p /kaggle/working /kaggle/input/severstal; "
        f"mount --bind {ROOT} /kaggle/input/severstal; mount -o remount,bind,ro /kaggle/input/severstal; "
        f'cd /kaggle/working; exec {sys.executable} -S -c "import sys; sys.path += {_packages()!r}; '
        f"exec(open('{script}').read())\""
    )
    made = not Path("/kaggle").exists()
    if made and not os.access("/", os.W_OK):
        pytest.skip("needs the right to make /kaggle")
    Path("/kaggle").mkdir(exist_ok=True)
    try:
        done = subprocess.run(["unshare", "-mn", "sh", "-c", mounts], capture_output=True, text=True)
    finally:
        if made:
            Path("/kaggle").rmdir()
    if "Operation not permitted" in done.stderr:
        pytest.skip("needs the right to unshare namespaces")
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["/kaggle/working", "/kaggle/input/severstal/src/severstal/__init__.py"]


def _packages() -> list[str]:
    """The folders of installed packages, without the ones that hold this project's source."""
    return [each for each in sys.path if each.endswith("site-packages")]
