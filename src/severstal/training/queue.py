"""Trains several folds at once by Ray: one for each GPU, or CPU core, of a machine or of a cluster.

A cluster is used where `RAY_ADDRESS` names it. It needs, on every machine: this package and Ray 2.52 or newer
in the same versions, the working folder under the same path, and token authentication. Once, on the head
machine, `ray get-auth-token --generate` writes the token to `~/.ray/auth_token`; copy that file to all other
machines, also to this one, and start Ray on each with `RAY_AUTH_MODE=token ray start ...`. Tokens are not
encrypted on their way: keep the machines in a private network. See
https://docs.ray.io/en/latest/ray-security/token-auth.html.
"""

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

from severstal.errors import SeverstalError, import_fault
from severstal.files import exclusive_lock
from severstal.logs import show_log
from severstal.processes import process_count

logger = logging.getLogger("severstal")

Engine = Literal["local", "ray"]
"""One fold after the other, or as many at once as there are devices."""

_TRIES = 6
"""A fold is given up after so many lost workers."""

_MEMORY = 80_000_000  # bytes of Ray's object store, near its minimum: tasks return only short texts

_RAY_FLOOR = (2, 52)  # the first with token authentication
_ANY_RAY = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_DEDUP_LOGS": "0", "RAY_COLOR_PREFIX": "0"}
_OWN_RAY = {
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",  # listens on this machine only, not on the network
    "RAY_worker_niceness": "0",  # else any other program of this machine would have priority
}


@dataclass(frozen=True)
class Task:
    """One fold of a run.

    Attributes:
        run: folder of the run, which every machine of a cluster sees under the same path.
        fold: number of the fold, from 0.
        deadline: Unix time by which the training has to have stopped, in seconds; None trains to the end.

    Example:
        >>> print(Task(Path("runs/smoke-sample"), 2))
        smoke-sample fold 2
    """

    run: Path
    fold: int
    deadline: float | None = None

    def __str__(self) -> str:
        return f"{self.run.name} fold {self.fold}"


def run_tasks(tasks: Sequence[Task], train: Callable[[Task], object]) -> None:
    """Train folds by Ray: as many at once as there are GPUs, or where there are none CPU cores.

    A Ray of this machine alone is started and stopped, with a random token, so that it accepts nobody else's
    commands; where `RAY_ADDRESS` is set, the cluster there is used. Output of the workers is shown here. A
    task whose worker is lost, killed or with its machine, is queued again and resumes from its last state. If
    a task fails, the others are finished.

    Args:
        tasks: each once; input, pictures and folds have to exist.
        train: trains one of them; a function that a worker can import.

    Raises:
        SeverstalError: Ray is not installed, is too old, cannot be reached, has no token, or is started by
            several processes; or a task failed, or lost too many workers.
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
            _follow(ray, under_way, submit)
        finally:  # after Ctrl-C a cluster would train on
            for stream in under_way:
                ray.cancel(stream, force=True)


def _follow(ray: ModuleType, under_way: dict[Any, Task], submit: Callable[[Task], None]) -> None:
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
                    line = "its worker was lost: it resumes from its last state"
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
    """Run in a worker: report where it is, and train."""
    try:
        os.chdir(folder)  # a recipe may name weights by a path from here
    except OSError:
        raise SeverstalError(
            f"{folder}: not on {platform.node()}: run the command in a folder that all machines share"
        ) from None
    yield f"process {os.getpid()} on {platform.node()}"
    show_log()  # Ray passes on what a worker writes
    with exclusive_lock(task.run / f"fold{task.fold}", "a worker of an earlier command"):
        train(task)


def _environment(gpus: int, nodes: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """The workers' environment: no progress bars, and a share of the CPU's cores."""
    variables = {"TQDM_DISABLE": "1"}
    if gpus:
        machines = sum("GPU" in node["Resources"] for node in nodes if node["Alive"])
        return variables | {"LOCAL_WORLD_SIZE": str(-(-gpus // machines))}  # for the workers that load crops
    return variables | {"OMP_NUM_THREADS": "1"}


def _own_python() -> dict[str, str]:
    """Quote the path of this Python where it has a space: Ray starts workers by a shell."""
    quoted = shlex.quote(sys.executable)
    return {} if os.name == "nt" or quoted == sys.executable else {"py_executable": quoted}


@contextmanager
def _ray() -> Iterator[ModuleType]:
    """Start Ray, or connect to the cluster."""
    address = os.environ.get("RAY_ADDRESS")
    os.environ.update(_ANY_RAY if address else _ANY_RAY | _OWN_RAY)  # before Ray is imported
    # Ray's default accepts anybody's commands. A cluster may have another kind of authentication.
    os.environ["RAY_AUTH_MODE"] = os.environ.get("RAY_AUTH_MODE", "token") if address else "token"
    try:
        import ray
    except ImportError as error:
        raise SeverstalError(
            f"--engine ray needs the package ray, which {import_fault(error, 'ray')}: "
            "pip install 'ray>=2.52', or leave --engine out"
        ) from error
    if tuple(int(number) for number in ray.__version__.split(".")[:2]) < _RAY_FLOOR:
        raise SeverstalError(
            f"ray {ray.__version__} has no token authentication: pip install 'ray>=2.52', or leave "
            "--engine out"
        )
    if address:
        _check_address(address)
        _check_token(address)
    # Paths of Ray's sockets may have 100 characters: the default folder is too long on a Mac.
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


def _check_token(address: str) -> None:
    """Refuse a cluster for which this machine has no token, which Ray reports by a traceback."""
    given = any(os.environ.get(name) for name in ("RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH"))
    found = given or Path("~/.ray/auth_token").expanduser().is_file()
    if os.environ["RAY_AUTH_MODE"] == "token" and not found:
        raise SeverstalError(
            f"RAY_ADDRESS {address}: there is no token of that cluster here: copy its ~/.ray/auth_token to "
            "this machine, or set RAY_AUTH_TOKEN_PATH"
        )


def _check_address(address: str) -> None:
    """Check that something listens at a `host:port`: Ray itself would try for minutes."""
    try:
        place = urlsplit(address if "://" in address else f"//{address}")
        if place.hostname and place.port:
            socket.create_connection((place.hostname, place.port), timeout=10).close()
    except (OSError, ValueError):
        raise SeverstalError(
            f"RAY_ADDRESS {address}: no Ray answers there: start it by `ray start --head`, or unset that "
            "variable to use this machine alone"
        ) from None
