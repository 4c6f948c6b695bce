"""A submission made in Kaggle's notebook from what is attached; nothing is trained.

`submission.csv` is written with every picture empty first, and again as masks arrive. One process per GPU
segments every n-th picture. What does not fit the time is dropped: views first, then networks.
"""

import json
import logging
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from severstal.competition.folder import InputFolder
from severstal.competition.spec import Spec, read_spec
from severstal.competition.submission import write_submission
from severstal.competition.tables import Sample, read_sample
from severstal.deploy.kaggle.gpus import usable_devices
from severstal.deploy.kaggle.places import choose_attached, find_competition, working_folder
from severstal.deploy.kaggle.worker import WorkerJob
from severstal.errors import SeverstalError
from severstal.files import write_json

logger = logging.getLogger("severstal")

_EVERY = 30.0  # seconds between two versions of the file
_RESERVE = 60.0  # seconds kept for the last version
_COLUMNS = ["ImageId", "ClassId", "EncodedPixels"]


@dataclass(frozen=True)
class KaggleSubmission:
    """A finished submission.

    Attributes:
        path: path of `submission.csv`.
        model: folder of what predicted.
        pictures: how many were asked for.
        segmented: how many were segmented; the others are empty.
        masks: how many were drawn.
        seconds: seconds from the call to the end.
    """

    path: Path
    model: Path
    pictures: int
    segmented: int
    masks: int
    seconds: float


def submit_here(hours: float = 1.0, devices: Sequence[str] | None = None) -> KaggleSubmission:
    """Write `submission.csv` into Kaggle's working folder.

    Args:
        hours: that the notebook may take from now on, above 0.
        devices: devices by torch's names, one process each; None takes every GPU, or the CPU where there is
            none.

    Raises:
        SeverstalError: the competition, or a release or run, is not attached; this torch has no code for a
            GPU; or a process failed. What was finished before is in the file.
    """
    begin = time.time()
    if not 0 < hours <= 12:
        raise SeverstalError(f"hours is {hours:g}: give more than 0 and at most 12, the length of a session")
    data = find_competition()
    spec, sample = read_spec(data), read_sample(data / "sample_submission.csv", read_spec(data))
    path = working_folder() / "submission.csv"
    _write(path, {}, sample, spec)
    logger.info("%s: %d pictures, all empty so far", path, len(sample.images))
    model = choose_attached()
    logger.info("model: %s", model)
    devices = usable_devices() if devices is None else devices
    names, folder = sample.images, InputFolder(data, spec).test_images
    deadline = begin + hours * 3600 - _RESERVE
    with tempfile.TemporaryDirectory() as scratch:
        jobs = [
            WorkerJob(
                str(model), device, str(folder), tuple(names[place :: len(devices)]),
                f"{scratch}/{place}.jsonl", deadline,
            )
            for place, device in enumerate(devices)
        ]  # fmt: skip
        masks = _run(jobs, Path(scratch), path, sample, spec)
    drawn = sum(len(each) for each in masks.values())
    logger.info("%s: %d of %d pictures segmented, %d masks", path, len(masks), len(names), drawn)
    return KaggleSubmission(path, model, len(names), len(masks), drawn, time.time() - begin)


_Masks = dict[str, list[tuple[int, str]]]


def _run(jobs: Sequence[WorkerJob], scratch: Path, path: Path, sample: Sample, spec: Spec) -> _Masks:
    """Run the workers, and write the file again as lines arrive."""
    processes = [_start(job, scratch / f"{place}.json") for place, job in enumerate(jobs)]
    masks: _Masks = {}
    readers = [_Lines(Path(job.lines)) for job in jobs]
    written = time.monotonic()
    try:
        while True:
            running = [process for process in processes if process.poll() is None]
            for reader in readers:
                masks.update(reader.new())
            failed = [process for process in processes if process.poll()]
            if not running or failed or time.monotonic() - written > _EVERY:
                _write(path, masks, sample, spec)
                written = time.monotonic()
            if failed:
                raise SeverstalError(
                    f"{path}: a process failed after {len(masks)} of {len(sample.images)} pictures, see the "
                    "line above: the other pictures are empty"
                )
            if not running:
                return masks
            time.sleep(0.5)
    finally:
        for process in processes:
            if process.poll() is None:
                process.terminate()
                process.wait()


def _start(job: WorkerJob, path: Path) -> subprocess.Popen[bytes]:
    write_json(path, asdict(job))
    Path(job.lines).touch()
    return subprocess.Popen([sys.executable, "-m", "severstal.deploy.kaggle.worker", str(path)])


class _Lines:
    """The results of a worker, as they arrive."""

    def __init__(self, path: Path) -> None:
        self._path, self._place = path, 0

    def new(self) -> _Masks:
        """The masks of the pictures since the last call; a line that is not whole yet waits."""
        with self._path.open("rb") as file:
            file.seek(self._place)
            data = file.read()
        whole = data[: data.rfind(b"\n") + 1]
        self._place += len(whole)
        read: list[dict[str, Any]] = [json.loads(line) for line in whole.splitlines()]
        return {each["image"]: [(int(number), str(runs)) for number, runs in each["masks"]] for each in read}


def _write(path: Path, masks: _Masks, sample: Sample, spec: Spec) -> None:
    """The submission of what there is; `write_submission` checks it before it is put in place."""
    rows = [(image, number, runs) for image, drawn in masks.items() for number, runs in drawn]
    write_submission(path, pd.DataFrame(rows, columns=_COLUMNS), sample, spec)
