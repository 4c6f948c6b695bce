"""Kaggle's Severstal: Steel Defect Detection, from a fresh clone to submission.csv."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from severstal.deploy.predictor import Predictor


def load(run: str | Path) -> "Predictor":
    """Load what a run trained, to segment pictures: see `severstal.deploy.predictor`."""
    from severstal.deploy.predictor import load_predictor  # here, so that the rules alone need no torch

    return load_predictor(run)
