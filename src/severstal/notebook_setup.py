"""Set-up of a notebook on Kaggle, on Colab and on a laptop.

Each notebook begins with one line that finds this package and calls `set_up`. It imports nothing that
Kaggle's image may lack.
"""

import importlib.util
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from severstal.errors import SeverstalError

# By the name under which each is imported; tests/test_notebook_setup.py holds them against pyproject.toml.
REQUIREMENTS = {
    "albumentations": "albumentations==2.0.8",
    "iterstrat": "iterative-stratification>=0.1.7",
    "safetensors": "safetensors>=0.4.3",
    "segmentation_models_pytorch": "segmentation-models-pytorch>=0.6,<0.7",
    "tomli_w": "tomli-w>=1.0",
}


def set_up(root: str | Path = "/") -> None:
    """Go to the folder that runs and submissions are written to, and install what is missing.

    On Kaggle and Colab missing packages are installed: from wheels attached anywhere below the input folder,
    without a network, else from the package index. The working folder becomes Kaggle's or Colab's own, or,
    where a notebook is opened from the repository's `notebooks/`, the folder above it.

    Args:
        root: root of the file system; another folder to try Kaggle's or Colab's layout.

    Raises:
        SeverstalError: a package is missing and cannot be installed.
    """
    kaggle, colab = Path(root, "kaggle"), Path(root, "content")
    sys.path[:] = [os.path.abspath(folder) if folder else folder for folder in sys.path]
    if (kaggle / "working").is_dir():
        _install(_missing(), kaggle / "input")
        os.chdir(kaggle / "working")
    elif "google.colab" in sys.modules:
        _install(_missing(), colab)
        os.chdir(colab)
    elif Path.cwd().name == "notebooks" and Path("../src/severstal").is_dir():
        os.chdir("..")


def _missing() -> list[str]:
    """The requirements whose packages cannot be imported here."""
    return [text for name, text in REQUIREMENTS.items() if importlib.util.find_spec(name) is None]


def _install(requirements: Sequence[str], wheels: Path) -> None:
    """Install requirements from the wheels found below a folder, or else from the package index."""
    if not requirements:
        return
    folders = sorted({str(wheel.parent) for wheel in wheels.glob("**/*.whl")})
    source = ["--no-index", *(f"--find-links={folder}" for folder in folders)] if folders else []
    command = [sys.executable, "-m", "pip", "install", "--quiet", *source, *requirements]
    if subprocess.run(command, check=False).returncode:
        raise SeverstalError(
            f"{', '.join(requirements)} cannot be installed: turn the notebook's internet on, or attach a "
            "dataset with their wheels (pip download)"
        )
    importlib.invalidate_caches()
