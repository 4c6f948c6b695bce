"""Variables of make reach the command unchanged, and never the shell."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PYTHON = """#!/bin/sh
printf '%s\\n' "$@" > arguments.txt
"""

pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A folder in which everything is set up, and whose Python writes down its arguments."""
    folder = tmp_path / 'it\'s a "clone" of $HOME'
    (folder / ".venv" / "bin").mkdir(parents=True)
    for name in ("Makefile", "requirements.txt", "pyproject.toml"):
        shutil.copy(ROOT / name, folder)
        os.utime(folder / name, (0, 0))
    (folder / ".venv" / "bin" / "python").write_text(PYTHON)
    (folder / ".venv" / "bin" / "python").chmod(0o755)
    (folder / ".venv" / "installed").write_text(f"{folder}\n")
    return folder


def make(folder: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("MAKE")}
    command = ["make", "--no-print-directory", *words]
    return subprocess.run(command, cwd=folder, env=inherited | environment, capture_output=True, text=True)


HOSTILE = [
    'x"; touch planted; "',
    "$(shell touch planted)",
    "`touch planted`",
    "$$(touch planted)",
    "'; touch planted; '",
    "a b  c",
    "$HOME",
    "x; touch planted",
    "\\",
]


@pytest.mark.parametrize("value", HOSTILE)
@pytest.mark.parametrize("way", ["on the command line", "in the environment"])
def test_values_reach_the_command_as_they_are(clone: Path, value: str, way: str) -> None:
    values = {"RECIPE": value, "INPUT": value, "OUTPUT": value}
    if way == "in the environment":
        done = make(clone, "submission", **values)
    else:
        done = make(clone, "submission", *(f"{name}={value}" for name, value in values.items()))
    assert done.returncode == 0, done.stderr
    words = ["-m", "severstal", "notebooks", value, "--output", value, "--input", value]
    assert (clone / "arguments.txt").read_text().splitlines() == words
    assert set(os.listdir(clone)) == {
        ".venv",
        "Makefile",
        "arguments.txt",
        "pyproject.toml",
        "requirements.txt",
    }


def test_without_values_the_defaults_are_taken(clone: Path) -> None:
    assert make(clone, "submission", RECIPE="", INPUT="").returncode == 0
    (clone / "arguments.txt").unlink()
    done = make(clone, "submission")
    assert done.returncode == 0, done.stderr
    words = ["-m", "severstal", "notebooks", "auto", "--output", "submissions/submission.csv"]
    assert (clone / "arguments.txt").read_text().splitlines() == words


@pytest.mark.parametrize("value", HOSTILE)
def test_the_name_of_a_python_is_not_run_by_the_shell(clone: Path, value: str) -> None:
    (clone / ".venv" / "installed").unlink()
    done = make(clone, "setup", f"PYTHON={value}")
    assert done.returncode != 0
    assert not (clone / "planted").exists()
    assert not (clone / "arguments.txt").exists()


def test_a_folder_of_any_name_is_set_up_once(clone: Path) -> None:
    python = clone / "python"
    python.write_text("#!/bin/sh\nexit 0\n")
    python.chmod(0o755)
    (clone / ".venv" / "installed").unlink()
    assert make(clone, "setup", f"PYTHON={python}").returncode == 0
    assert (clone / ".venv" / "installed").read_text() == f"{clone}\n"
    assert "setting up" not in make(clone, "setup", f"PYTHON={python}").stdout


def test_a_python_is_found_where_none_is_named(clone: Path) -> None:
    """`make setup` in a new clone makes the environment by a Python of the machine."""
    (clone / ".venv" / "installed").unlink()
    inherited = {key: value for key, value in os.environ.items() if key != "PYTHON"}
    done = subprocess.run(
        ["make", "-p", "-n", "setup"], cwd=clone, env=inherited, capture_output=True, text=True
    )
    line = next(line for line in done.stdout.splitlines() if line.startswith("PYTHON :="))
    assert line.split(":=")[1].strip() in {"python3", "python3.13", "python3.12", "python3.11", "python"}
