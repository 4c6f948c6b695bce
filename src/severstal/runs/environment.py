"""The environment of a result: versions, machine and commit."""

import importlib.metadata
import os
import platform
import subprocess
import sys
from pathlib import Path

import torch

PACKAGES = (
    "torch",
    "segmentation-models-pytorch",
    "timm",
    "albumentations",
    "accelerate",
    "numpy",
    "pandas",
)


def environment() -> dict[str, object]:
    """Versions of Python and packages, the machine, and the commit of this code.

    Example:
        >>> sorted(environment())
        ['commit', 'cpus', 'device', 'packages', 'python', 'system']
    """
    git = ["git", "-C", str(Path(__file__).parent), "rev-parse", "HEAD"]
    try:
        commit = subprocess.run(git, capture_output=True, text=True, check=True, timeout=10).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        commit = None  # installed without its repository
    cuda = torch.cuda.is_available()
    return {
        "commit": commit,
        "python": sys.version.split()[0],
        "system": platform.platform(terse=True),
        "cpus": os.cpu_count(),
        "device": torch.cuda.get_device_name() if cuda else "cpu",
        "packages": {package: importlib.metadata.version(package) for package in PACKAGES},
    }
