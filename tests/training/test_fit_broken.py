"""A training interrupted anywhere resumes to the same result; so does one on a full disk."""

import errno
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from severstal.errors import SeverstalError
from severstal.recipe import PhaseSettings, Recipe, save_recipe
from severstal.runs.opening import open_job
from severstal.training import fit as fit_module
from severstal.training.fit import FoldData, fit

FILES = ("model", "last", "swa", "soup")


@pytest.fixture
def data(small_input: Path, tiny_recipe: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FoldData:
    monkeypatch.chdir(tmp_path)
    job = open_job(tiny_recipe, small_input)
    pytest.recipe = job.recipe
    return FoldData(job.train_pictures, job.masks, job.spec, job.images[:12], job.images[12:])


def all_switches(epochs: int = 4) -> Recipe:
    """Everything that has a memory of its own."""
    recipe = pytest.recipe
    return replace(
        recipe,
        training=replace(
            recipe.training,
            epochs=epochs,
            epoch_images=8,
            accumulate=2,
            clip=1.0,
            ema=0.7,
            swa=0.5,
            soup=2,
        ),
        augment=replace(recipe.augment, mixup=0.4),
        sampling=replace(recipe.sampling, hard_negatives=0.3, balance="classes"),
        phases=(
            PhaseSettings(start=0.0, frozen_encoder=True),
            PhaseSettings(start=0.5, crop=(64, 96), batch_size=2, masks={"dice": 1.0}),
        ),
    )


def results(folder: Path) -> dict[str, torch.Tensor]:
    return {
        f"{file}.{name}": tensor
        for file in FILES
        if (folder / f"{file}.safetensors").exists()
        for name, tensor in load_file(folder / f"{file}.safetensors").items()
    }


def same(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def without_times(folder: Path) -> list[dict[str, object]]:
    from severstal.training.history import load_history

    timed = ("seconds", "pictures_a_second")
    epochs = load_history(folder / "history.jsonl")
    return [{key: value for key, value in epoch.items() if key not in timed} for epoch in epochs]


@pytest.mark.parametrize("stop", [1, 2])
def test_a_break_after_any_epoch_changes_nothing(
    data: FoldData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stop: int
) -> None:
    settings = replace(
        pytest.recipe, training=replace(pytest.recipe.training, epochs=3, epoch_images=8, optimizer="radam")
    )
    fit(data, settings, 0, tmp_path / "whole", "key")
    calls, real = [], fit_module.validate

    def killed(*arguments: object) -> object:
        calls.append(0)
        if len(calls) > stop:
            raise KeyboardInterrupt
        return real(*arguments)

    monkeypatch.setattr(fit_module, "validate", killed)
    with pytest.raises(KeyboardInterrupt):
        fit(data, settings, 0, tmp_path / "broken", "key")
    monkeypatch.setattr(fit_module, "validate", real)
    history = fit(data, settings, 0, tmp_path / "broken", "key")
    assert [epoch["epoch"] for epoch in history.epochs] == [1, 2, 3]
    assert same(results(tmp_path / "whole"), results(tmp_path / "broken"))


class Breaks:
    """Break a training at its so many-th file, just before or just after the file gets its name."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch):
        self.left, self.after, real = -1, False, Path.replace

        def replace_or_break(part: Path, target: Path) -> Path:
            self.left -= 1
            if self.left == 0 and not self.after:
                raise KeyboardInterrupt
            result = real(part, target)
            if self.left == 0:
                raise KeyboardInterrupt
            return result

        monkeypatch.setattr(Path, "replace", replace_or_break)


@pytest.mark.slow
def test_broken_between_any_two_files_it_ends_the_same(
    data: FoldData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = all_switches()
    fit(data, settings, 0, tmp_path / "whole", "key")
    breaks, rng, broken = Breaks(monkeypatch), np.random.default_rng(1), 0
    while broken < 30:
        breaks.left, breaks.after = int(rng.integers(1, 7)), bool(rng.integers(2))
        try:
            fit(data, settings, 0, tmp_path / "broken", "key")
            break
        except KeyboardInterrupt:
            broken += 1
    assert broken >= 5
    assert same(results(tmp_path / "whole"), results(tmp_path / "broken"))
    assert len({name.split(".")[0] for name in results(tmp_path / "whole")}) == len(FILES)
    assert without_times(tmp_path / "whole") == without_times(tmp_path / "broken")
    names = sorted(path.relative_to(tmp_path / "broken") for path in (tmp_path / "broken").rglob("*"))
    assert names == sorted(path.relative_to(tmp_path / "whole") for path in (tmp_path / "whole").rglob("*"))


def test_a_finished_training_whose_record_was_lost_is_only_written_again(
    data: FoldData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = all_switches(epochs=2)
    fit(data, settings, 0, tmp_path / "fold", "key")
    before = results(tmp_path / "fold")
    for file in FILES:
        (tmp_path / "fold" / f"{file}.safetensors").unlink()
    monkeypatch.setattr(fit_module, "train_epoch", None)
    fit(data, settings, 0, tmp_path / "fold", "key")
    assert same(results(tmp_path / "fold"), before)


def test_averages_of_a_network_with_dropout_are_made_again_the_same(
    data: FoldData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed before they were written: what is drawn for their running means follows from the fold's seed."""
    settings = all_switches(epochs=2)
    b0 = replace(settings.model, encoder_name="efficientnet-b0")  # drops whole branches while it learns
    settings = replace(settings, model=b0)
    fit(data, settings, 0, tmp_path / "fold", "key")
    before = results(tmp_path / "fold")
    for file in ("swa", "soup"):
        (tmp_path / "fold" / f"{file}.safetensors").unlink()
    monkeypatch.setattr(fit_module, "train_epoch", None)
    fit(data, settings, 0, tmp_path / "fold", "key")
    assert same(results(tmp_path / "fold"), before)


@pytest.mark.parametrize("keep_best", [0, 2])
def test_a_state_that_lost_its_best_epochs_is_reported_and_not_gone_on_from(
    data: FoldData, tmp_path: Path, caplog: pytest.LogCaptureFixture, keep_best: int
) -> None:
    settings = replace(
        pytest.recipe,
        training=replace(pytest.recipe.training, epochs=2, epoch_images=8, soup=keep_best),
    )
    folder = tmp_path / "fold"
    history = fit(data, settings, 0, folder, "key")
    before = results(folder)
    shutil.rmtree(folder / "best")
    (folder / "model.safetensors").unlink()
    caplog.clear()
    again = fit(data, settings, 0, folder, "key")
    notes = [line for line in caplog.messages if line.startswith("training starts from the beginning")]
    assert len(notes) == 1
    assert f"{folder / 'best'}/epoch" in notes[0]
    assert notes[0].endswith(f" is missing, which {folder / 'state.safetensors'} needs")
    assert [epoch["loss"] for epoch in again.epochs] == [epoch["loss"] for epoch in history.epochs]
    assert same(results(folder), before)
    (folder / "model.safetensors").unlink()  # of this the state has another copy
    caplog.clear()
    fit(data, settings, 0, folder, "key")
    assert "from the beginning" not in caplog.text
    assert same(results(folder), before)


@pytest.mark.parametrize(
    "write", [pytest.param(1, marks=pytest.mark.slow), 2, pytest.param(3, marks=pytest.mark.slow)]
)
def test_a_full_disk_leaves_the_last_state_whole(
    data: FoldData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, write: int
) -> None:
    """The disk is full in the second epoch: at the kept weights, the state or the copy of the best."""
    settings = all_switches(epochs=2)
    fit(data, settings, 0, tmp_path / "whole", "key")
    calls, real = [], Path.replace

    def full(part: Path, target: Path) -> Path:
        if target.suffix == ".safetensors":
            calls.append(target.name)
            if len(calls) == 3 + write:  # the first epoch writes three
                raise OSError(errno.ENOSPC, "No space left on device")
        return real(part, target)

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(SeverstalError) as caught:
        fit(data, settings, 0, tmp_path / "full", "key")
    name = ("epoch0002.safetensors", "state.safetensors", "model.safetensors")[write - 1]
    assert f"{name}: the disk is full: free some space and run the same command again" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not list((tmp_path / "full").rglob(".severstal-*"))
    monkeypatch.setattr(Path, "replace", real)
    fit(data, settings, 0, tmp_path / "full", "key")
    assert same(results(tmp_path / "whole"), results(tmp_path / "full"))


SCRIPT = """
import sys
from pathlib import Path
from severstal.runs.opening import open_job
from severstal.training.fit import FoldData, fit
job = open_job(sys.argv[1], sys.argv[2])
data = FoldData(job.train_pictures, job.masks, job.spec, job.images[:12], job.images[12:])
arm()
fit(data, job.recipe, 0, Path(sys.argv[3]), "key")
"""


@pytest.mark.slow
def test_killed_at_random_instants_it_ends_the_same(
    data: FoldData, tmp_path: Path, small_input: Path, run_and_kill: Callable[..., None]
) -> None:
    """SIGKILL with every switch on that has a memory; the same call ends with the same bits."""
    save_recipe(all_switches(epochs=6), tmp_path / "all.toml")
    ends = {"whole": tmp_path / "whole", "broken": tmp_path / "broken"}
    run_and_kill(SCRIPT, tmp_path / "all.toml", small_input, **ends, kills=4)
    assert same(results(tmp_path / "whole"), results(tmp_path / "broken"))
    assert without_times(tmp_path / "whole") == without_times(tmp_path / "broken")
