"""A stage is done only when all of its outputs are there, whole, and made from the same inputs."""

from pathlib import Path

import pytest

from severstal.runs.record import Stage


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    stage = Stage(tmp_path, "draw", {"seed": 1})
    (tmp_path / "small.txt").write_text("abc")
    (tmp_path / "large.bin").write_bytes(bytes(1_000_001))
    stage.finish([tmp_path / "small.txt", tmp_path / "large.bin"])
    return stage


def test_a_finished_stage_is_done(stage: Stage) -> None:
    assert stage.is_done()
    assert Stage(stage.folder, "draw", {"seed": 1}).is_done()


def test_other_inputs_are_another_stage(stage: Stage) -> None:
    assert not Stage(stage.folder, "draw", {"seed": 2}).is_done()
    assert not Stage(stage.folder, "paint", {"seed": 1}).is_done()


def test_a_missing_output_invalidates_the_stage(stage: Stage) -> None:
    (stage.folder / "small.txt").unlink()
    assert not stage.is_done()


def test_a_changed_small_output_invalidates_the_stage(stage: Stage) -> None:
    (stage.folder / "small.txt").write_text("abd")
    assert not stage.is_done()


def test_a_truncated_large_output_invalidates_the_stage(stage: Stage) -> None:
    (stage.folder / "large.bin").write_bytes(bytes(1_000_000))
    assert not stage.is_done()


def test_changed_and_missing_outputs_and_other_inputs_are_distinguished(stage: Stage) -> None:
    path = stage.folder / "small.txt"
    assert not stage.was_changed(path)
    assert not stage.was_changed(stage.folder / "never.txt")
    path.write_text("abd")
    assert stage.was_changed(path)
    assert not Stage(stage.folder, "draw", {"seed": 2}).was_changed(path)
    path.unlink()
    assert not stage.was_changed(path)


@pytest.mark.parametrize("text", ["[]", '"done"', "{}", '{"key": "x", "outputs": 1}'])
def test_an_empty_record_is_ignored(stage: Stage, text: str) -> None:
    stage.path.write_text(text.replace("x", stage.key))
    assert not stage.is_done()
    assert not stage.was_changed(stage.folder / "small.txt")


def test_the_order_of_inputs_does_not_count(tmp_path: Path) -> None:
    assert Stage(tmp_path, "a", {"x": 1, "y": 2}).key == Stage(tmp_path, "a", {"y": 2, "x": 1}).key
