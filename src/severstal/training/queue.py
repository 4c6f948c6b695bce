"""Folds side by side: tasks in Ray's queue, one for each GPU, or CPU core, of a machine or of a cluster."""

import logging
import os
import platform
import shlex
import socket
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, Literal
from urllib.parse import urlsplit

from severstal.errors import SeverstalError
from severstal.files import exclusive_lock
from severstal.logs import show_log
from severstal.processes import process_count

logger = logging.getLogger("severstal")

Engine = Literal["local", "ray"]
"""One fold after the other, or as many at once as there are devices."""

_TRIES = 6
"""A fold whose workers are lost so often is given up."""

_MEMORY = (
    80_000_000  # bytes that Ray sets aside for what tasks send each other, next to its least: they send words
)

_LEAST_RAY = (2, 52)  # the first with token authentication
_ANY_RAY = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_DEDUP_LOGS": "0", "RAY_COLOR_PREFIX": "0"}
_OWN_RAY = {
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",  # listens to this machine alone, not to the whole network
    "RAY_AUTH_MODE": "token",  # obeys this user alone
    "RAY_worker_niceness": "0",  # else whatever else the machine does comes before the training
}


@dataclass(frozen=True)
class Task:
    """One fold of a run.

    Attributes:
        run: its folder, which every machine of a cluster sees under the same path.
        fold: number, from 0.

    Example:
        >>> print(Task(Path("runs/smoke-sample"), 2))
        smoke-sample fold 2
    """

    run: Path
    fold: int

    def __str__(self) -> str:
        return f"{self.run.name} fold {self.fold}"


def run_tasks(tasks: Sequence[Task], train: Callable[[Task], object]) -> None:
    """Train folds by Ray: as many at once as there are GPUs, or where there are none CPU cores.

    A Ray of this machine alone is started and stopped, which obeys no one else; where `RAY_ADDRESS` is set,
    the Ray there is used. What a worker prints comes out here. A task whose worker is lost, by a kill or with
    its machine, is queued again and goes on from its last state. One that meets an error lets the others come
    to their end.

    Args:
        tasks: each once; input, pictures and folds have to be there.
        train: trains one of them, a function that a worker can import.

    Raises:
        SeverstalError: Ray is not installed, not reached or asked for by several processes; or a task met
            an error, or was lost too often.
    """
    if process_count() > 1:
        raise SeverstalError("--engine ray starts its own processes: leave out torchrun and accelerate")
    with _ray() as ray:
        gpus = int(ray.cluster_resources().get("GPU", 0))
        work = ray.remote(num_gpus=1 if gpus else 0, num_cpus=1, max_retries=0)(_work)
        environment = {"env_vars": _environment(gpus, ray.nodes())}
        under_way: dict[Any, Task] = {}

        def submit(task: Task) -> None:
            options = work.options(name=str(task), runtime_env=environment)
            under_way[options.remote(task, train, os.getcwd())] = task

        try:
            for task in tasks:
                submit(task)
            _see_through(ray, under_way, submit)
        finally:  # after Ctrl-C a cluster would train on
            for stream in under_way:
                ray.cancel(stream, force=True)


def _see_through(ray: ModuleType, under_way: dict[Any, Task], submit: Callable[[Task], None]) -> None:
    """Follow the tasks until each is done or has failed."""
    count, done, training = len(under_way), 0, set()
    lost: Counter[Task] = Counter()
    failures: list[str] = []
    logger.info("ray: %d folds wait", count)
    while under_way:
        ready, _ = ray.wait(list(under_way), timeout=1.0)  # the timeout lets Ctrl-C through
        for stream in ready:
            task = under_way.pop(stream)
            training.discard(task)
            try:
                line = f"trains in {ray.get(next(stream))}"
                under_way[stream] = task
                training.add(task)
            except StopIteration:
                done, line = done + 1, "done"
            except ray.exceptions.RayTaskError as error:
                if not isinstance(error.cause, SeverstalError | OSError):
                    raise
                line = str(error.cause)
                failures.append(line)
            except ray.exceptions.RayError as error:  # of Ray itself: the worker or its machine is gone
                lost[task] += 1
                if lost[task] < _TRIES:
                    line = "its worker was lost: it goes on from its last state"
                    submit(task)
                else:
                    line = f"{_TRIES} workers were lost, the last since {str(error).splitlines()[0]}"
                    failures.append(f"{task}: {line}: give workers more memory, or leave --engine out")
            logger.info("%s: %s", task, line)
            wait = len(under_way) - len(training)
            logger.info("ray: %d of %d folds done, %d train, %d wait", done, count, len(training), wait)
    if failures:
        raise SeverstalError(f"{len(failures)} of {count} folds stopped: {failures[0]}")


def _work(task: Task, train: Callable[[Task], object], folder: str) -> Iterator[str]:
    """What a worker does: says where it is, and trains."""
    try:
        os.chdir(folder)  # a recipe may name weights by a path from here
    except OSError:
        raise SeverstalError(
            f"{folder}: not on {platform.node()}: give the command in a folder that all machines share"
        ) from None
    yield f"process {os.getpid()} on {platform.node()}"
    show_log()  # Ray passes on what a worker writes
    with exclusive_lock(task.run / f"fold{task.fold}", "a worker of an earlier command"):
        train(task)


def _environment(gpus: int, nodes: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """The workers' variables: no bars, and each has its part of the CPU's cores."""
    variables = {"TQDM_DISABLE": "1"}
    if gpus:
        machines = sum("GPU" in node["Resources"] for node in nodes if node["Alive"])
        return variables | {"LOCAL_WORLD_SIZE": str(-(-gpus // machines))}  # for those that prepare crops
    return variables | {"OMP_NUM_THREADS": "1"}


def _own_python() -> dict[str, str]:
    """What Ray has to be told of this Python where its path has a space: it starts workers by a shell."""
    quoted = shlex.quote(sys.executable)
    return {} if os.name == "nt" or quoted == sys.executable else {"py_executable": quoted}


@contextmanager
def _ray() -> Iterator[ModuleType]:
    """Ray, started or reached."""
    address = os.environ.get("RAY_ADDRESS")
    os.environ.update(_ANY_RAY if address else _ANY_RAY | _OWN_RAY)  # before Ray is imported
    try:
        import ray
    except ModuleNotFoundError:
        raise SeverstalError(
            "--engine ray needs the package ray: pip install 'ray>=2.52', or leave --engine out"
        ) from None
    if tuple(map(int, ray.__version__.split(".")[:2])) < _LEAST_RAY:
        raise SeverstalError(
            f"Ray {ray.__version__} obeys whoever reaches it: pip install 'ray>=2.52', or leave --engine out"
        )
    if address:
        _check(address)
    # Ray's sockets lie there, whose whole paths may have 100 letters: the usual place is too long on a Mac.
    place = "/tmp" if os.path.isdir("/tmp") else None
    with tempfile.TemporaryDirectory(prefix="severstal-", dir=place, ignore_cleanup_errors=True) as own:
        if address:
            ray.init(address, logging_level="ERROR")
        else:
            os.environ.setdefault("RAY_AUTH_TOKEN", os.urandom(32).hex())
            ray.init(
                "local",
                include_dashboard=False,
                object_store_memory=_MEMORY,
                logging_level="ERROR",
                runtime_env=_own_python(),
                _temp_dir=own,
            )
        try:
            yield ray
        finally:
            ray.shutdown()


def _check(address: str) -> None:
    """Find out whether anyone listens at a `host:port`: Ray itself would try for minutes."""
    try:
        place = urlsplit(address if "://" in address else f"//{address}")
        if place.hostname and place.port:
            socket.create_connection((place.hostname, place.port), timeout=10).close()
    except (OSError, ValueError):
        raise SeverstalError(
            f"RAY_ADDRESS {address}: no Ray answers there: start it by `ray start --head`, or unset that "
            "variable to use this machine alone"
        ) from None
