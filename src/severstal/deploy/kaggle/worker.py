"""One process of a submission: segments its share of the pictures on one device, a line per picture.

    python -m severstal.deploy.kaggle.worker JOB.json

The job names the model, the device, the pictures and the file of lines; see `WorkerJob`.
"""

import json
import logging
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from severstal.competition.rle import encode
from severstal.competition.spec import Spec
from severstal.data.arrays import unpack
from severstal.data.batches import batches_of_one_shape
from severstal.data.pictures import read_picture
from severstal.decision.draw import apply
from severstal.deploy.kaggle.schedule import Clock, Reduction, choose_reduction, reduced_model, reductions
from severstal.deploy.opening import RELEASE_FILE
from severstal.deploy.release.contents import read_description
from severstal.deploy.release.manifest import check_release_files
from severstal.deploy.release.opening import open_release_weights
from severstal.deploy.run_model import open_run_model
from severstal.deploy.torch_model import TorchModel
from severstal.errors import SeverstalError
from severstal.files import read_json
from severstal.inference.maps import enlarge
from severstal.logs import log_shown

logger = logging.getLogger("severstal")

MEASURED = 64
"""Pictures after which the time is looked at, and again after as many more."""


@dataclass(frozen=True)
class WorkerJob:
    """What a worker is given.

    Attributes:
        model: folder of a release or a run.
        device: device by torch's name.
        pictures: folder of the pictures.
        names: which of them, in order.
        lines: file of the results; `{"image": ..., "masks": [[class, runs], ...]}` per line.
        deadline: seconds since the epoch.
    """

    model: str
    device: str
    pictures: str
    names: tuple[str, ...]
    lines: str
    deadline: float

    @classmethod
    def read(cls, path: str | Path) -> "WorkerJob":
        """Read the job that a submission wrote."""
        value: dict[str, Any] = read_json(path)
        return cls(**{**value, "names": tuple(value["names"])})


def work(job: WorkerJob, model: TorchModel | None = None) -> str:
    """Segment the pictures of a job; a picture that cannot be read gets no mask, and a line says so.

    Args:
        job: what to do.
        model: opened already; None opens it.

    Returns:
        What was dropped for want of time, in words; empty where nothing was.

    Raises:
        SeverstalError: the model cannot be opened, or fails on a picture.
    """
    whole = _open(job) if model is None else model
    spec, clock, steps = whole.description.spec, Clock(job.deadline), reductions(whole.members)
    step, active = steps[0], whole
    counted, since, spent = 0, 0, 0.0
    with Path(job.lines).open("a", encoding="utf-8") as lines:
        for names, pictures in _batches(job, spec, whole.batch_size):
            begin = time.monotonic()
            for name, picture, masks in zip(names, pictures, _segment(active, pictures), strict=True):
                if picture is None:
                    logger.warning("%s: cannot be read and gets no mask", name)
                lines.write(json.dumps({"image": name, "masks": masks}) + "\n")
            lines.flush()
            spent += time.monotonic() - begin
            since, counted = since + len(names), counted + len(names)
            if since >= MEASURED or counted == len(job.names):
                step, active = _look_at_clock(whole, step, active, steps, spent / since, job, counted, clock)
                since, spent = 0, 0.0
            if not clock.left() and counted < len(job.names):
                logger.warning(
                    "%s: out of time: %d pictures get no mask", job.device, len(job.names) - counted
                )
                break
    return step.dropped


def _look_at_clock(
    whole: TorchModel,
    step: Reduction,
    active: TorchModel,
    steps: Sequence[Reduction],
    seconds: float,
    job: WorkerJob,
    done: int,
    clock: Clock,
) -> tuple[Reduction, TorchModel]:
    """The step that fits what is left of the time, and its model; never one with more work than now."""
    left, remaining = len(job.names) - done, clock.left()
    logger.info(
        "%s: %d of %d pictures, %.3f s each, %.0f s left",
        job.device,
        done,
        len(job.names),
        seconds,
        remaining,
    )
    cheaper = [each for each in steps if each.cost <= step.cost]
    chosen = choose_reduction(cheaper, seconds / step.cost, left, remaining)
    if chosen is step:
        return step, active
    logger.warning("%s: the time does not suffice: dropped %s", job.device, chosen.dropped)
    return chosen, reduced_model(whole, chosen)


def _segment(model: TorchModel, pictures: Sequence[np.ndarray | None]) -> list[list[tuple[int, str]]]:
    """Of each picture its masks: class and run lengths."""
    found: list[list[tuple[int, str]]] = [[] for _ in pictures]
    there = [row for row, picture in enumerate(pictures) if picture is not None]
    if not there:
        return found
    spec = model.description.spec
    for rows in batches_of_one_shape(there, lambda row: pictures[row].shape, len(there), spec):
        some = [pictures[row] for row in rows]
        said = model.probabilities(np.stack(some))
        for row, maps, classes, picture in zip(rows, said.maps, said.classes, some, strict=True):
            found[row] = _masks(maps, classes, picture, model)
    return found


def _masks(
    maps: np.ndarray, classes: np.ndarray, picture: np.ndarray, model: TorchModel
) -> list[tuple[int, str]]:
    about = model.description
    spec = replace(about.spec, image_shape=picture.shape[:2])
    bits = apply(enlarge(maps, picture.shape[:2]), about.rules, spec, classes, picture)
    planes = unpack(bits, len(spec.classes))
    return [(number, encode(plane)) for number, plane in enumerate(planes, 1) if plane.any()]


def _batches(
    job: WorkerJob, spec: Spec, size: int
) -> Iterator[tuple[tuple[str, ...], list[np.ndarray | None]]]:
    """Names and pictures, batch by batch; the next batch is read while one is computed."""

    def read(name: str) -> np.ndarray | None:
        try:
            return read_picture(Path(job.pictures) / name, spec)
        except SeverstalError:
            return None

    groups = [job.names[start : start + size] for start in range(0, len(job.names), size)]
    with ThreadPoolExecutor(2) as pool:
        waiting = [pool.submit(lambda group: [read(name) for name in group], group) for group in groups[:2]]
        for place, group in enumerate(groups):
            pictures = waiting.pop(0).result()
            if place + 2 < len(groups):
                waiting.append(pool.submit(lambda group: [read(name) for name in group], groups[place + 2]))
            yield group, pictures


def _open(job: WorkerJob) -> TorchModel:
    """The model in torch, also where a release has an ONNX file: views and members can be dropped there."""
    folder = Path(job.model)
    if not (folder / RELEASE_FILE).is_file():
        return open_run_model(folder, job.device)
    files = check_release_files(folder)
    return open_release_weights(files, read_description(files), job.device)


def main(path: str) -> int:
    """Do the job in a file; the exit code."""
    with log_shown():
        try:
            work(WorkerJob.read(path))
        except SeverstalError as error:
            logger.error("%s", error)
            return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
