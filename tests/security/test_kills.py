"""A run killed at its first write, then at its second, and so on: all is whole, and the end the same."""

import csv
import json
import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
from safetensors import safe_open

# Each attempt is a fork of one process that has everything imported, and is killed right before its own K-th
# write: a file opened to be written, renamed or removed, a folder made or removed, in the working folder.
SCRIPT = """
import os, signal, sys
from severstal import pipeline

within, places = os.getcwd(), [int(word) for word in sys.argv[1].split(",")]
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT

def arm(last):
    count = 0
    def touch(event, arguments):
        nonlocal count
        if event == "open":
            path, mode, flags = arguments
            if not (isinstance(path, (str, os.PathLike)) and flags & WRITES):
                return
        elif event in ("os.rename", "os.remove", "os.mkdir", "os.rmdir"):
            path = arguments[0]
        else:
            return
        if os.path.abspath(os.fspath(path)).startswith(within):
            count += 1
            if count == last:
                os.kill(os.getpid(), signal.SIGKILL)
    sys.addaudithook(touch)

for place in [*places, 1_000_000]:
    child = os.fork()
    if not child:
        arm(place)
        pipeline.run("tiny.toml", "small", "out.csv", "broken")
        os._exit(0)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    print(place, flush=True)
    if code == 0 or not sys.stdin.readline():
        break
    assert code == -signal.SIGKILL, code
"""


def look(folder: Path) -> None:
    """Every file under its final name is whole."""
    for path in folder.rglob("*"):
        if not path.is_file() or path.name == "lock" or path.name.startswith(".severstal-"):
            continue
        match path.suffix:
            case ".json":
                json.loads(path.read_text())
            case ".jsonl":
                [json.loads(line) for line in path.read_text().splitlines()]
            case ".safetensors":
                with safe_open(path, "pt") as file:
                    assert list(file.keys())
            case ".csv":
                lengths = {len(line) for line in csv.reader(path.open(newline=""))}
                assert len(lengths) == 1
            case ".toml" | ".html" | ".txt":
                assert path.read_bytes().endswith(b"\n")


def results(run: Path) -> dict[str, bytes]:
    """The results of a run: weights, folds, maps, rules, masks and scores."""
    kept = ("*.safetensors", "folds.csv", "maps-*.npy", "classes-*.npy", "rules.json", "masks.csv")
    paths = [path for pattern in kept for path in run.rglob(pattern)]
    # Of a training's state and of the records the times differ.
    return {
        path.relative_to(run).as_posix(): path.read_bytes()
        for path in paths
        if path.name != "state.safetensors" and path.parent.name != "stages"
    }


def kill_through(workspace, places: Iterable[int]) -> int:
    """Kill a run at a write, resume it and kill it at the next place, until it ends; return the kills."""
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, ",".join(map(str, places))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=os.environ | {"OMP_NUM_THREADS": "1", "PYTHONWARNINGS": "ignore"},
        text=True,
    )
    kills = -1
    for _ in process.stdout:
        look(workspace.work / "runs" / "broken")
        kills += 1
        process.stdin.write("\n")
        process.stdin.flush()
    assert process.wait() == 0
    unbroken, broken = results(Path("runs/tiny-small")), results(Path("runs/broken"))
    assert {name for name in unbroken if unbroken[name] != broken.get(name)} == set()
    assert Path("out.csv").read_bytes() == Path("submissions/submission.csv").read_bytes()
    return kills


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_killed_at_thirty_random_writes(workspace):
    places = np.random.default_rng(2026).integers(1, 25, 30)
    assert kill_through(workspace, places) >= 30


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_killed_at_one_write_after_the_other(workspace):
    assert kill_through(workspace, range(1, 2000)) > 30
