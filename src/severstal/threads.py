"""The number of threads that torch starts on a CPU, and how they wait for one another."""

import os
import time
from collections.abc import Iterator, MutableMapping
from math import ceil
from pathlib import Path, PurePosixPath

SPIN_COUNT = 10_000
"""Rounds that a thread of GNU's OpenMP spins before it sleeps, some 0.3 ms; see docs/performance.md."""

_CGROUPS = Path("/sys/fs/cgroup")


def set_thread_defaults(environment: MutableMapping[str, str] = os.environ) -> None:
    """Choose how OpenMP's threads wait, and how many there are, unless the user has chosen himself.

    OpenMP reads these variables when torch is first imported, so this runs when `severstal` is imported.
    Processes that are started later inherit them.

    - `GOMP_SPINCOUNT`: by default a waiting thread spins 300,000 rounds, some 10 ms. On cores that are shared
      with other programs it thereby takes the time in which the thread that it waits for could run. A choice
      of the user's, `OMP_WAIT_POLICY` included, is kept.
    - `OMP_NUM_THREADS`: where a container's CPU limit is below the number of cores, that limit. Otherwise
      torch's own default stays, one thread per core; `free_cores` tells a training how many of them to use.

    Example:
        >>> chosen = {"OMP_NUM_THREADS": "3"}
        >>> set_thread_defaults(chosen)
        >>> chosen
        {'OMP_NUM_THREADS': '3', 'GOMP_SPINCOUNT': '10000'}
    """
    if "OMP_WAIT_POLICY" not in environment:
        environment.setdefault("GOMP_SPINCOUNT", str(SPIN_COUNT))
    if (cores := available_cores()) < _affinity():
        environment.setdefault("OMP_NUM_THREADS", str(cores))


def available_cores() -> int:
    """CPU cores that this process may use: by its affinity and by the container's limit, rounded up.

    Example:
        >>> 1 <= available_cores() <= os.cpu_count()
        True
    """
    return min([_affinity(), *(max(1, ceil(limit)) for limit in _container_limits())])


def free_cores(seconds: float = 0.5) -> int:
    """CPU cores that other programs leave to this process, at least 1, watched for some time.

    Programs of lowered priority (`nice`) do not count: they give way.

    Example:
        >>> 1 <= free_cores(0.01) <= available_cores()
        True
    """
    before = _busy_seconds()
    if before is None:  # not Linux
        return available_cores()
    began = time.perf_counter()
    time.sleep(seconds)
    taken = (_busy_seconds() - before) / (time.perf_counter() - began)
    return max(1, min(available_cores(), round((os.cpu_count() or 1) - taken)))


def _busy_seconds(statistics: Path = Path("/proc/stat")) -> float | None:
    """Seconds of CPU that all other programs of normal priority have used since the machine was started."""
    try:
        columns = [int(column) for column in statistics.read_text().splitlines()[0].split()[1:8]]
    except (OSError, IndexError, ValueError):
        return None
    user, _nice, system, _idle, _waiting, interrupts, soft_interrupts = columns
    busy = (user + system + interrupts + soft_interrupts) / os.sysconf("SC_CLK_TCK")
    own = os.times()
    return busy - own.user - own.system


def _affinity() -> int:
    if hasattr(os, "sched_getaffinity"):  # not on macOS and Windows
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _container_limits(cgroups: Path = _CGROUPS, own: Path = Path("/proc/self/cgroup")) -> Iterator[float]:
    """CPU limits in cores, of this process's control group and those around it, in version 1 or 2."""
    try:
        lines = own.read_text().splitlines()
    except OSError:  # not Linux
        return
    for line in lines:
        _, controllers, group = line.split(":", 2)
        if controllers == "":
            root, names = cgroups, ("cpu.max",)
        elif "cpu" in controllers.split(","):
            root, names = cgroups / controllers, ("cpu.cfs_quota_us", "cpu.cfs_period_us")
        else:
            continue
        inside = PurePosixPath(group).relative_to("/")
        for folder in (inside, *inside.parents):  # a container may see its own group as the root
            try:
                words = [word for name in names for word in (root / folder / name).read_text().split()]
                quota, period = (float("inf") if word == "max" else float(word) for word in words)
            except (OSError, ValueError):
                continue
            if 0 < quota < float("inf") and period > 0:  # version 1 says -1 for none
                yield quota / period
