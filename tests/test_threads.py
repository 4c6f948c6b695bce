"""Threads are as many as a container allows, and the user's own choice is kept."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from severstal import threads
from severstal.threads import SPIN_COUNT, available_cores, set_thread_defaults


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
