"""Threads are as many as a container allows, and the user's own choice is kept."""

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from severstal import threads
from severstal.threads import SPIN_COUNT, available_cores, free_cores, set_thread_defaults


@pytest.fixture
def limits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """CPU limits of the container on a machine of 8 cores."""
    found: list[float] = []
    monkeypatch.setattr(threads, "_affinity", lambda: 8)
    monkeypatch.setattr(threads, "_container_limits", lambda: iter(found))
    return found


@pytest.mark.parametrize(
    ("given", "cores"), [([], 8), ([16.0], 8), ([3.0], 3), ([2.5], 3), ([0.2], 1), ([4.0, 2.0, 6.0], 2)]
)
def test_the_smallest_limit_counts_rounded_up(limits: list[float], given: list[float], cores: int) -> None:
    limits += given
    assert available_cores() == cores
    environment: dict[str, str] = {}
    set_thread_defaults(environment)
    assert environment.get("OMP_NUM_THREADS") == (None if cores == 8 else str(cores))


@pytest.mark.parametrize(
    "own", [{"GOMP_SPINCOUNT": "7"}, {"OMP_WAIT_POLICY": "ACTIVE"}, {"OMP_WAIT_POLICY": "passive"}]
)
def test_a_choice_of_the_user_s_is_kept(limits: list[float], own: dict[str, str]) -> None:
    limits.append(2.0)
    environment = own | {"OMP_NUM_THREADS": "5"}
    set_thread_defaults(environment)
    assert environment == own | {"OMP_NUM_THREADS": "5"}


@pytest.mark.parametrize(
    ("groups", "files", "expected"),
    [
        ("0::/\n", {"cpu.max": "max 100000"}, []),
        ("0::/\n", {"cpu.max": "250000 100000"}, [2.5]),
        ("0::/a/b\n", {"a/b/cpu.max": "max 100000", "a/cpu.max": "400000 100000"}, [4.0]),
        ("0::/gone\n", {"cpu.max": "100000 50000"}, [2.0]),  # seen from inside, its own group is the root
        ("3:cpu,cpuacct:/x\n", {"cpu,cpuacct/x/cpu.cfs_quota_us": "-1"}, []),
        (
            "9:memory:/y\n3:cpu:/\n0::/\n",
            {"cpu/cpu.cfs_quota_us": "150000", "cpu/cpu.cfs_period_us": "100000"},
            [1.5],
        ),
        ("1:cpu:/\n", {"cpu/cpu.cfs_quota_us": "nonsense", "cpu/cpu.cfs_period_us": "100000"}, []),
    ],
)
def test_limits_of_both_versions_of_control_groups_are_read(
    tmp_path: Path, groups: str, files: dict[str, str], expected: list[float]
) -> None:
    own = tmp_path / "own"
    own.write_text(groups)
    for name, text in files.items():
        (tmp_path / "fs" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "fs" / name).write_text(text + "\n")
    assert list(threads._container_limits(tmp_path / "fs", own)) == expected


@pytest.mark.parametrize(
    ("busy", "limit", "free"),
    [
        (0.0, None, 8),
        (0.4, None, 8),
        (1.6, None, 6),
        (7.9, None, 1),
        (9.0, None, 1),
        (3.0, 4.0, 4),
        (6.0, 4.0, 2),
    ],
)
def test_free_cores_are_those_that_other_programs_leave(
    limits: list[float], monkeypatch: pytest.MonkeyPatch, busy: float, limit: float | None, free: int
) -> None:
    """On 8 cores, of which a container may have 4."""
    if limit is not None:
        limits.append(limit)
    clock, used = iter([0.0, 2.0]), iter([100.0, 100.0 + 2.0 * busy])
    clocks = SimpleNamespace(perf_counter=lambda: next(clock), sleep=lambda _: None)
    monkeypatch.setattr(threads, "time", clocks)
    monkeypatch.setattr(threads, "_busy_seconds", lambda: next(used))
    monkeypatch.setattr(os, "cpu_count", lambda: 8)
    assert free_cores() == free


def test_programs_of_lowered_priority_and_idle_time_do_not_count(tmp_path: Path) -> None:
    def busy(**columns: int) -> float:
        names = ("user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal", "guest", "guest_nice")
        line = " ".join(str(columns.get(name, 1_000_000)) for name in names)
        (tmp_path / "stat").write_text(f"cpu  {line}\ncpu0 1 2 3\n")
        return threads._busy_seconds(tmp_path / "stat")

    ticks, before = 500 * os.sysconf("SC_CLK_TCK"), busy()
    for name in ("user", "system", "irq", "softirq"):
        assert busy(**{name: 1_000_000 + ticks}) - before == pytest.approx(500, abs=1)
    for name in ("nice", "idle", "iowait", "steal", "guest"):
        assert busy(**{name: 1_000_000 + ticks}) - before == pytest.approx(0, abs=1)


def test_where_nothing_tells_of_other_programs_all_cores_are_free(
    limits: list[float], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert threads._busy_seconds(tmp_path / "none") is None
    monkeypatch.setattr(threads, "_busy_seconds", lambda: None)
    assert free_cores() == 8


def test_without_control_groups_there_is_no_limit(tmp_path: Path) -> None:
    assert list(threads._container_limits(tmp_path, tmp_path / "none")) == []


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="Linux only")
def test_a_process_bound_to_one_core_has_one() -> None:
    script = (
        "import os; os.sched_setaffinity(0, [min(os.sched_getaffinity(0))]); import severstal.threads as t;"
    )
    ran = subprocess.run(
        [sys.executable, "-c", f"{script} print(t.available_cores())"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout == "1\n"


def test_importing_the_package_sets_it_before_torch_is_imported() -> None:
    script = (
        "import os, sys, severstal\nassert 'torch' not in sys.modules\nprint(os.environ['GOMP_SPINCOUNT'])"
    )
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("OMP_", "GOMP_"))}
    for own, expected in (({}, SPIN_COUNT), ({"GOMP_SPINCOUNT": "7"}, 7)):
        ran = subprocess.run(
            [sys.executable, "-c", script], env=clean | own, capture_output=True, text=True, check=True
        )
        assert ran.stdout == f"{expected}\n"
