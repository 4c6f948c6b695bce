"""A training with a deadline: it stops between epochs in time, and goes on as if it never had."""

import time
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from severstal.cli import main
from severstal.errors import SeverstalError
from severstal.runs.opening import open_job
from severstal.training.deadline import Deadline, DeadlineReached
from severstal.training.fit import FoldData, fit


class Clock(Deadline):
    """A deadline that leaves time for some epochs."""

    def __init__(self, epochs):
        super().__init__(time.time() + 3600)
        self.left = epochs

    def allows_epoch(self):
        self.left -= 1
        return self.left >= 0


@pytest.fixture
def job(small_input, tiny_recipe, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return open_job(tiny_recipe, small_input)


def test_the_slowest_epoch_decides_whether_another_begins():
    deadline = Deadline(time.time() + 100)
    for slowest, allowed in ((0, True), (80, True), (95, False), (200, False)):
        deadline.slowest = slowest
        assert deadline.allows_epoch() is allowed
    assert not Deadline(time.time() - 1).allows_epoch()
    assert 7190 < Deadline.within(2).at - time.time() <= 7200


@pytest.mark.parametrize("hours", [0, -1, float("nan")])
def test_hours_that_leave_no_time_are_refused(hours):
    with pytest.raises(SeverstalError, match=r"--hours is .*: give more than 0"):
        Deadline.within(hours)


def test_a_stopped_training_ends_with_the_same_weights(job):
    recipe = replace(job.recipe, training=replace(job.recipe.training, epochs=3))
    data = FoldData(job.train_pictures, job.masks, job.spec, job.images[:12], job.images[12:])
    whole = fit(data, recipe, 0, "whole", "key")
    for epoch in (1, 2):
        with pytest.raises(DeadlineReached, match=rf"fold 0: stopped after epoch {epoch} of 3.*same command"):
            fit(data, recipe, 0, "parts", "key", Clock(1))
    deadline = Clock(1)
    parts = fit(data, recipe, 0, "parts", "key", deadline)
    assert [epoch["loss"] for epoch in parts.epochs] == [epoch["loss"] for epoch in whole.epochs]
    assert deadline.slowest == parts.epochs[-1]["seconds"]
    first, second = (load_file(f"{name}/model.safetensors") for name in ("whole", "parts"))
    assert first.keys() == second.keys()
    assert all(torch.equal(first[name], second[name]) for name in first)
    fit(data, recipe, 0, "parts", "key", Clock(0))  # nothing is left to train


def test_the_command_ends_with_one_line_and_exit_code_1(job, tiny_recipe, small_input, monkeypatch, capsys):
    command = ["train", str(tiny_recipe), "--input", str(small_input), "--name", "timed", "--hours", "1"]
    with monkeypatch.context() as patch:
        patch.setattr(Deadline, "allows_epoch", lambda self: False)
        with pytest.raises(SystemExit) as ended:
            main(command)
    assert ended.value.code == 1
    errors = [line for line in capsys.readouterr().err.splitlines() if line.startswith("severstal: ")]
    assert len(errors) == 1
    assert "fold 0: stopped after epoch 0 of" in errors[0]
    with pytest.raises(SystemExit) as ended:
        main(command)
    assert ended.value.code == 0
    assert Path("runs/timed/fold0/model.safetensors").is_file()
