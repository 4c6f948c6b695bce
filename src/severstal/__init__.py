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


def load(
    path: str | Path,
    device: str | None = None,
    threshold: float | None = None,
    mm_per_pixel: float | None = None,
    tile: tuple[int, int] | None = None,
) -> "Predictor":
    """Load what was trained, to segment pictures.

    Args:
        path: folder of a run, an ensemble of runs or a release.
        device: as torch names it, such as "cpu" or "cuda:1"; None takes the GPU where there is one.
        threshold: draw every class where its probability reaches this, in place of the rules that were found.
        mm_per_pixel: side of a pixel in millimetres, for areas and lengths.
        tile: height and width of the tiles of large pictures; None takes the size of the training pictures.

    Returns:
        See `severstal.deploy.predictor.Predictor`.

    Raises:
        SeverstalError: the folder is none of the three, is incomplete or damaged; or an option is impossible.
    """
    from severstal.deploy.predictor import load_predictor  # here, so that the rules alone need no torch

    return load_predictor(path, device, threshold, mm_per_pixel, tile)
