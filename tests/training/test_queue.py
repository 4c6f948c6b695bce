"""Folds side by side on a local Ray: killed, stopped or at fault, they end as one after the other would."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from safetensors.torch import load_file

from severstal.errors import SeverstalError
from severstal.training import queue as engine
from severstal.training.queue import Task, run_tasks

ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1"}
ENVIRONMENT.pop("RAY_ADDRESS", None)
AUTHENTICATION = ("RAY_AUTH_MODE", "RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH")


@pytest.fixture(autouse=True)
def own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*engine._ANY_RAY, *engine._OWN_RAY, "RAY_ADDRESS", *AUTHENTICATION):  # undone after the test
        monkeypatch.setenv(name, "0")
        monkeypatch.delenv(name)


@pytest.fixture
def recipe(tiny_recipe: Path) -> Path:
    """Trains long enough to be killed in the middle."""
    tiny_recipe.write_text(
        tiny_recipe.read_text().replace("epochs = 2\nepoch_images = 48", "epochs = 40\nepoch_images = 24")
    )
    return tiny_recipe


class Command:
    """`severstal train` in a process of its own, read line by line."""

    def __init__(self, recipe: Path, input: Path, name: str, *options: str):
        words = ["train", str(recipe), "--input", str(input), "--name", name, *options]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "severstal", *words],
            env=ENVIRONMENT,
            cwd=input.parent,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.folder, self.output = input.parent / "runs" / name, ""

    def read_until(self, condition: Callable[[], object]) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.output += line
            if condition():
                return
        raise AssertionError(f"it ended first:\n{self.output}")

    def wait_for(self, condition: Callable[[], object]) -> None:
        """Look at files, not at lines: those of workers come late on a busy machine, even after the end."""
        while not condition():
            assert self.process.poll() is None, "it ended first"
            time.sleep(0.02)

    def end(self) -> int:
        self.output += self.process.communicate(timeout=300)[0]
        return self.process.returncode

    def workers(self) -> list[int]:
        return [int(found) for found in re.findall(r"trains in process (\d+)", self.output)]


@pytest.fixture
def train(recipe: Path, small_input: Path) -> Iterator[Callable[..., Command]]:
    started: list[Command] = []

    def start(name: str, *options: str) -> Command:
        started.append(Command(recipe, small_input, name, *options))
        return started[-1]

    yield start
    for command in started:
        if command.process.poll() is None:
            os.killpg(command.process.pid, signal.SIGKILL)
            command.process.wait()


def assert_same_weights(one: Path, other: Path) -> None:
    for fold in (0, 1):
        for name in ("model", "last"):
            first, second = (load_file(run / f"fold{fold}" / f"{name}.safetensors") for run in (one, other))
            assert first.keys() == second.keys()
            assert all(torch.equal(first[key], second[key]) for key in first), f"fold {fold} {name}"


@pytest.mark.slow
def test_a_killed_worker_and_ctrl_c_change_nothing(train: Callable[..., Command]) -> None:
    stopped = train("queued", "--engine", "ray")
    states = [stopped.folder / f"fold{fold}" / "state.safetensors" for fold in (0, 1)]
    stopped.wait_for(lambda: all(state.is_file() for state in states))
    os.killpg(stopped.process.pid, signal.SIGINT)
    assert stopped.end() == 130, stopped.output
    assert stopped.output.endswith("severstal: stopped: the same command resumes from here\n")
    assert "Traceback" not in stopped.output
    deadline = time.monotonic() + 60
    while any(Path(f"/proc/{pid}").exists() for pid in stopped.workers()):
        assert time.monotonic() < deadline, "a worker outlives Ctrl-C"
        time.sleep(0.1)
    assert not any((stopped.folder / f"fold{fold}" / "last.safetensors").exists() for fold in (0, 1))

    killed = train("queued", "--engine", "ray")
    killed.read_until(lambda: len(killed.workers()) == 2)
    before = states[0].stat().st_mtime_ns
    killed.wait_for(lambda: states[0].stat().st_mtime_ns > before)
    worker = int(re.search(r"fold 0: trains in process (\d+)", killed.output)[1])
    os.kill(worker, signal.SIGKILL)
    assert killed.end() == 0, killed.output
    assert "queued fold 0: its worker was lost: it resumes from its last state" in killed.output
    assert "ray: 2 of 2 folds done, 0 train, 0 wait" in killed.output
    assert len(killed.workers()) == 3

    whole = train("whole")
    assert whole.end() == 0, whole.output
    assert_same_weights(whole.folder, killed.folder)


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="links need rights there, and no shell starts the workers")
def test_a_python_at_a_path_with_a_space(tiny_recipe: Path, small_input: Path, tmp_path: Path) -> None:
    (tmp_path / "a place").symlink_to(Path(sys.prefix).parent)
    python = tmp_path / "a place" / Path(sys.prefix).name / "bin" / "python"
    words = ["train", tiny_recipe, "--input", small_input, "--name", "spaced", "--engine", "ray"]
    ran = subprocess.run(
        [python, "-m", "severstal", *words],
        env=ENVIRONMENT, cwd=tmp_path, capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "ray: 2 of 2 folds done" in ran.stdout


@pytest.mark.slow
def test_an_error_is_one_line_and_the_others_end(train: Callable[..., Command], small_input: Path) -> None:
    (small_input.parent / "runs" / "faulty" / "fold1" / "state.safetensors").mkdir(parents=True)
    faulty = train("faulty", "--engine", "ray")
    assert faulty.end() == SeverstalError.exit_code
    assert "Traceback" not in faulty.output
    last = faulty.output.splitlines()[-1]
    assert last.startswith("severstal: 1 of 2 folds stopped: ")
    assert last.endswith("state.safetensors: is a folder: name a file in it")
    assert "faulty fold 0: done" in faulty.output
    assert (
        faulty.output.count("faulty fold 1: trains in") == 1
    )  # what a person has to repair is not tried again


def test_without_ray_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(
        SeverstalError, match=r"needs the package ray, which is not installed: pip install 'ray"
    ):
        run_tasks([Task(Path("runs/any"), 0)], print)


def test_several_processes_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(SeverstalError, match="leave out torchrun"):
        run_tasks([Task(Path("runs/any"), 0)], print)


def test_a_ray_that_does_not_answer_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAY_ADDRESS", "127.0.0.1:1")
    with pytest.raises(SeverstalError, match=r"^RAY_ADDRESS 127\.0\.0\.1:1: no Ray answers there"):
        run_tasks([Task(Path("runs/any"), 0)], print)


def fake_ray(monkeypatch: pytest.MonkeyPatch, version: str) -> list[dict[str, str]]:
    """A module that only remembers with which settings it was connected."""
    seen: list[dict[str, str]] = []

    def init(*_: object, **__: object) -> None:
        seen.append({name: os.environ[name] for name in AUTHENTICATION if name in os.environ})

    module = SimpleNamespace(__version__=version, init=init, shutdown=lambda: None)
    monkeypatch.setitem(sys.modules, "ray", module)
    return seen


@pytest.mark.parametrize("version", ["2.9.3", "2.51.1", "1.13.0"])
def test_a_ray_without_authentication_is_refused(monkeypatch: pytest.MonkeyPatch, version: str) -> None:
    seen = fake_ray(monkeypatch, version)
    with pytest.raises(SeverstalError, match=rf"^ray {version} has no token .*: pip install 'ray>=2\.52'"):
        run_tasks([Task(Path("runs/any"), 0)], print)
    assert not seen


def test_a_ray_of_its_own_gets_a_random_token(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = fake_ray(monkeypatch, "2.52.0")
    monkeypatch.setenv("RAY_AUTH_MODE", "disabled")
    for _ in range(2):
        with engine._ray():
            pass
        monkeypatch.delenv("RAY_AUTH_TOKEN")
    assert [each["RAY_AUTH_MODE"] for each in seen] == ["token", "token"]
    first, second = (each["RAY_AUTH_TOKEN"] for each in seen)
    assert len(first) == len(second) == 64
    assert first != second


def test_a_cluster_is_used_with_its_token_only(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    seen = fake_ray(monkeypatch, "2.60.0")
    monkeypatch.setenv("HOME", str(tmp_path))
    with socket.create_server(("127.0.0.1", 0)) as server:
        monkeypatch.setenv("RAY_ADDRESS", f"127.0.0.1:{server.getsockname()[1]}")
        with pytest.raises(SeverstalError, match=r"no token of that cluster here: copy its"):
            run_tasks([Task(Path("runs/any"), 0)], print)
        assert not seen
        (tmp_path / ".ray").mkdir()
        (tmp_path / ".ray" / "auth_token").write_text("secret")
        with engine._ray():
            pass
        assert seen == [{"RAY_AUTH_MODE": "token"}]
        monkeypatch.setenv("RAY_AUTH_MODE", "k8s")  # a choice of the cluster's own is kept
        (tmp_path / ".ray" / "auth_token").unlink()
        with engine._ray():
            pass
        assert seen[1] == {"RAY_AUTH_MODE": "k8s"}


def test_workers_share_the_cores() -> None:
    nodes = [
        {"Alive": True, "Resources": {"GPU": 4.0, "CPU": 32.0}},
        {"Alive": True, "Resources": {"GPU": 4.0, "CPU": 32.0}},
        {"Alive": True, "Resources": {"CPU": 4.0}},
        {"Alive": False, "Resources": {"GPU": 4.0}},
    ]
    assert engine._environment(8, nodes)["LOCAL_WORLD_SIZE"] == "4"
    assert engine._environment(0, nodes[2:3]) == {"TQDM_DISABLE": "1", "OMP_NUM_THREADS": "1"}
