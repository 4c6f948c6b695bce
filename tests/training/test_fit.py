"""Training a fold: it learns, stops on nonsense, and a break changes nothing, bit for bit."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from severstal.errors import SeverstalError
from severstal.job import open_job
from severstal.recipe import Recipe
from severstal.training import fit as fit_module
from severstal.training.fit import FoldData, fit


@pytest.fixture
def data(small_input: Path, tiny_recipe: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FoldData:
    monkeypatch.chdir(tmp_path)
    job = open_job(tiny_recipe, small_input)
    pytest.recipe = job.recipe
    return FoldData(job.train_pictures, job.masks, job.spec, job.images[:12], job.images[12:])


def recipe(**training: object) -> Recipe:
    return replace(pytest.recipe, training=replace(pytest.recipe.training, **training))


def weights(path: Path) -> dict[str, torch.Tensor]:
    return load_file(path / "last.safetensors")


def test_a_break_after_any_epoch_changes_nothing(
    data: FoldData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = recipe(epochs=3, epoch_images=8)
    fit(data, settings, 0, tmp_path / "whole", "key")
    for stop in (1, 2):
        calls = []
        real = fit_module.validate

        def killed(*arguments: object, calls: list = calls, stop: int = stop, real: object = real) -> object:
            calls.append(0)
            if len(calls) > stop:
                raise KeyboardInterrupt
            return real(*arguments)

        monkeypatch.setattr(fit_module, "validate", killed)
        with pytest.raises(KeyboardInterrupt):
            fit(data, settings, 0, tmp_path / f"broken{stop}", "key")
        monkeypatch.setattr(fit_module, "validate", real)
        history = fit(data, settings, 0, tmp_path / f"broken{stop}", "key")
        assert [epoch["epoch"] for epoch in history.epochs] == [1, 2, 3]
        whole, broken = weights(tmp_path / "whole"), weights(tmp_path / f"broken{stop}")
        assert all(torch.equal(whole[name], broken[name]) for name in whole)


def test_a_state_of_another_key_is_not_gone_on_from(data: FoldData, tmp_path: Path) -> None:
    fit(data, recipe(epochs=1), 0, tmp_path / "fold", "one")
    history = fit(data, recipe(epochs=2), 0, tmp_path / "fold", "two")
    fresh = fit(data, recipe(epochs=2), 0, tmp_path / "fresh", "two")
    assert history.epochs[0]["loss"] == fresh.epochs[0]["loss"]
    first, second = weights(tmp_path / "fold"), weights(tmp_path / "fresh")
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_folds_and_seeds_differ(data: FoldData, tmp_path: Path) -> None:
    losses = {
        fit(data, settings, fold, tmp_path / f"{fold}{settings.seed}", "key").epochs[0]["loss"]
        for fold, settings in [
            (0, recipe(epochs=1)),
            (1, recipe(epochs=1)),
            (0, replace(recipe(epochs=1), seed=1)),
        ]
    }
    assert len(losses) == 3


def test_a_loss_that_is_no_number_stops_with_a_repair(
    data: FoldData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nowhere = torch.tensor(float("nan"), requires_grad=True)
    monkeypatch.setattr(fit_module, "build_loss", lambda *_: lambda output, _: output.masks.mean() * nowhere)
    with pytest.raises(SeverstalError, match=r"the loss of epoch 1 is nan: lower training\.learning_rate"):
        fit(data, recipe(epochs=1), 0, tmp_path / "fold", "key")
    assert not (tmp_path / "fold" / "model.safetensors").exists()


def test_a_last_batch_of_one_is_left_out(data: FoldData, tmp_path: Path) -> None:
    fit(data, recipe(epochs=1, epoch_images=5, batch_size=4), 0, tmp_path / "fold", "key")
    assert (tmp_path / "fold" / "last.safetensors").is_file()


def test_the_learning_rate_ends_near_nothing(data: FoldData, tmp_path: Path) -> None:
    history = fit(data, recipe(epochs=3, epoch_images=16), 0, tmp_path / "fold", "key")
    rates = [epoch["learning_rate"] for epoch in history.epochs]
    assert rates[-1] < 0.1 * max(rates)
