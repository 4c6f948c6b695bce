"""Kaggle's Severstal: Steel Defect Detection, from a fresh clone to submission.csv."""

import logging
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from severstal.threads import set_thread_defaults

if TYPE_CHECKING:
    from severstal.deploy.predictor import Predictor

set_thread_defaults()  # before torch is imported, which reads them then
if os.environ.get("WORLD_SIZE", "1") != "1":  # else each process warns that it looks for unused weights
    os.environ.setdefault("TORCH_CPP_LOG_LEVEL", "ERROR")
logging.getLogger("severstal").addHandler(logging.NullHandler())
if "IPython" in sys.modules and sys.modules["IPython"].get_ipython() is not None:  # a notebook
    from severstal.logs import show_log

    show_log()


def load(run: str | Path) -> "Predictor":
    """Load what a run trained, to segment pictures: see `severstal.deploy.predictor`."""
    from severstal.deploy.predictor import load_predictor  # here, so that the rules alone need no torch

    return load_predictor(run)
