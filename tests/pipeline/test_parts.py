"""Micro-batches: changed, kept and logged; and folds that write side by side."""

import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from severstal import pipeline
from severstal.errors import SeverstalError
from severstal.files import read_json
from severstal.pipeline import training
from severstal.runs import job as job_module
from severstal.runs.opening import open_job
from severstal.training import fit as fit_module
from severstal.training.history import load_history


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def train(recipe: Path, input: Path) -> dict[int, training.Epochs]:
    [trained] = pipeline.train(open_job(recipe, input))
    return trained.histories


def test_a_training_out_of_memory_resumes_with_more_micro_batches(
    small_input: Path, tiny_recipe: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    train_epoch, epochs = fit_module.train_epoch, []

    def run_out(*arguments):
        epochs.append(1)
        if len(epochs) == 2:
            raise SeverstalError("a batch in 1 parts does not fit: set training.accumulate = 2")
        return train_epoch(*arguments)

    monkeypatch.setattr(fit_module, "train_epoch", run_out)
    with pytest.raises(SeverstalError, match="accumulate = 2"):
        train(tiny_recipe, small_input)
    history = Path("runs/tiny-small/fold0/history.jsonl")
    (first,) = load_history(history)
    text = tiny_recipe.read_text()
    tiny_recipe.write_text(text.replace("[training]", "[training]\naccumulate = 2"))
    train(tiny_recipe, small_input)
    again, second = load_history(history)
    assert again == first
    assert (first["accumulate"], second["accumulate"]) == (1, 2)


def with_parts(recipe: Path, count: int) -> Path:
    """The recipe with batches in so many parts, as a file of the same name."""
    text = re.sub("accumulate = .*\n", "", recipe.read_text())
    recipe.write_text(text.replace("[training]", f"[training]\naccumulate = {count}"))
    return recipe


def test_an_interrupted_training_logs_that_it_keeps_its_micro_batches(
    small_input: Path, tiny_recipe: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    tiny_recipe.write_text(tiny_recipe.read_text().replace("train_folds = 2", "train_folds = 1"))
    train_epoch, epochs = fit_module.train_epoch, []

    def stopped(*arguments):
        epochs.append(1)
        if len(epochs) == 2:
            raise KeyboardInterrupt
        return train_epoch(*arguments)

    monkeypatch.setattr(fit_module, "train_epoch", stopped)
    with pytest.raises(KeyboardInterrupt):
        train(with_parts(tiny_recipe, 2), small_input)
    assert "is ignored" not in caplog.text
    (history,) = train(with_parts(tiny_recipe, 1), small_input).values()
    assert (
        caplog.messages.count(
            "fold 0: goes on with 2 micro-batches per batch; training.accumulate = 1 is ignored"
        )
        == 1
    )
    assert [epoch["accumulate"] for epoch in history] == [2, 2]


def test_a_finished_training_logs_that_it_keeps_its_micro_batches(
    small_input: Path, tiny_recipe: Path, caplog: pytest.LogCaptureFixture
) -> None:
    tiny_recipe.write_text(tiny_recipe.read_text().replace("train_folds = 2", "train_folds = 1"))
    train(with_parts(tiny_recipe, 1), small_input)
    train(tiny_recipe, small_input)
    assert "is ignored" not in caplog.text
    (history,) = train(with_parts(tiny_recipe, 2), small_input).values()
    line = "fold 0: was trained with 1 micro-batch per batch; training.accumulate = 2 is ignored"
    assert line in caplog.messages
    assert [epoch["accumulate"] for epoch in history] == [1, 1]


def test_folds_side_by_side_write_the_environment_of_one_run(
    small_input: Path, tiny_recipe: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = open_job(tiny_recipe, small_input)
    monkeypatch.setattr(job_module, "environment", lambda: {"commit": None})
    with ThreadPoolExecutor(4) as folds:
        for written in [folds.submit(job.record_environment) for _ in range(40)]:
            written.result()
    assert read_json(job.folder / "environment.json") == {"commit": None}
