"""One run does each thing once; and what is complete is opened again, found complete and left alone."""

import hashlib
import time
from collections import Counter
from pathlib import Path

import pytest

from severstal import pipeline
from severstal.data import folds as fold_tables
from severstal.decision.summary import Summary
from severstal.runs import folder as run_folder
from severstal.runs import record


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Counter:
    """Count the actions that a run is to do once."""
    counts: Counter = Counter()

    def count(owner: object, name: str, key: str) -> None:
        original = getattr(owner, name)

        def watched(*values: object, **named: object) -> object:
            counts[key] += 1
            return original(*values, **named)

        monkeypatch.setattr(owner, name, watched)

    count(fold_tables, "split_folds", "split into folds")
    count(run_folder, "save_recipe", "recipe written")
    count(Summary, "load", "summary loaded")
    checksum = record.checksum

    def hashed(path: Path) -> str:
        counts[f"hashed {path.name} of {path.parent.name}"] += 1
        return checksum(path)

    record._checksum.cache_clear()
    monkeypatch.setattr(record, "checksum", hashed)
    return counts


def test_a_run_does_each_thing_once(
    counted: Counter, small_input: Path, tiny_recipe: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    finished = pipeline.run(tiny_recipe, small_input)
    assert counted["split into folds"] == 1
    assert counted["recipe written"] == 1
    assert counted["summary loaded"] <= 1
    weights = list(finished.run.folder.glob("fold*/*.safetensors"))
    kept = [path for path in weights if path.name in ("model.safetensors", "last.safetensors")]
    assert len(kept) == 4
    assert {counted[f"hashed {path.name} of {path.parent.name}"] for path in kept} == {1}
    assert not [key for key, count in counted.items() if count > 1]


def contents(folder: Path) -> dict[Path, tuple[int, str]]:
    return {
        path: (path.stat().st_mtime_ns, hashlib.sha256(path.read_bytes()).hexdigest())
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_a_complete_run_is_left_alone_quickly(
    counted: Counter, small_input: Path, tiny_recipe: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    first = pipeline.run(tiny_recipe, small_input)
    before = contents(tmp_path)
    counted.clear()
    monkeypatch.setattr("severstal.pipeline.training.fit", lambda *_: pytest.fail("trained again"))
    begun = time.process_time()  # of this process alone, however busy the machine is
    again = pipeline.run(tiny_recipe, small_input)
    assert time.process_time() - begun < 1.5
    assert contents(tmp_path) == before
    assert again.scorecard.scores == first.scorecard.scores
    assert counted["split into folds"] == counted["recipe written"] == counted["summary loaded"] == 0
    assert not [key for key in counted if "safetensors" in key]  # known by size and time
