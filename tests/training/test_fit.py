"""Training a fold: it learns, every switch of a recipe does something, and it stops on nonsense."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from accelerate import Accelerator
from safetensors.torch import load_file
from torch import Tensor, nn

from severstal.errors import SeverstalError
from severstal.models.from_recipe import load_network
from severstal.models.network import Network, encoder_of
from severstal.recipe import PhaseSettings, Recipe
from severstal.runs.opening import open_job
from severstal.training import fit as fit_module
from severstal.training.fit import FoldData, fit
from severstal.training.step import StepResult, TrainStep


@pytest.fixture
def data(small_input: Path, tiny_recipe: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FoldData:
    monkeypatch.chdir(tmp_path)
    job = open_job(tiny_recipe, small_input)
    pytest.recipe = job.recipe
    return FoldData(job.train_pictures, job.masks, job.spec, job.images[:12], job.images[12:])


def recipe(**training: object) -> Recipe:
    return replace(pytest.recipe, training=replace(pytest.recipe.training, **training))


def weights(path: Path, name: str = "last") -> dict[str, Tensor]:
    return load_file(path / f"{name}.safetensors")


def same(one: dict[str, Tensor], other: dict[str, Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


@pytest.fixture
def epochs(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Tensor]]:
    """The weights that each epoch is validated with."""
    seen, real = [], fit_module.validate

    def watched(network: nn.Module, *arguments: object) -> object:
        seen.append({name: tensor.clone() for name, tensor in network.state_dict().items()})
        return real(network, *arguments)

    monkeypatch.setattr(fit_module, "validate", watched)
    return seen


@pytest.fixture
def shapes(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, ...]]:
    """The shape of each part of a batch that is trained on."""
    seen, real = [], Network.forward

    def watched(self: Network, pictures: Tensor) -> object:
        if self.training:
            seen.append(tuple(pictures.shape))
        return real(self, pictures)

    monkeypatch.setattr(Network, "forward", watched)
    return seen


def test_a_state_of_another_key_is_not_gone_on_from(data: FoldData, tmp_path: Path) -> None:
    fit(data, recipe(epochs=1), 0, tmp_path / "fold", "one")
    history = fit(data, recipe(epochs=2), 0, tmp_path / "fold", "two")
    fresh = fit(data, recipe(epochs=2), 0, tmp_path / "fresh", "two")
    assert history.epochs[0]["loss"] == fresh.epochs[0]["loss"]
    assert same(weights(tmp_path / "fold"), weights(tmp_path / "fresh"))


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


def test_a_loss_that_is_no_number_stops_and_names_the_pictures(
    data: FoldData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = recipe(epochs=2, epoch_images=8)
    whole = fit(data, settings, 0, tmp_path / "whole", "key")
    calls = []

    class Bad(nn.Module):
        def forward(self, output: object, *_: Tensor) -> Tensor:
            calls.append(0)
            return output.masks.mean() * (float("nan") if len(calls) == 4 else 1)

    monkeypatch.setattr(fit_module, "loss_of", lambda *_: Bad())
    with pytest.raises(
        SeverstalError, match=r"the loss of epoch 2 is nan, at batch 2 with .*: lower training"
    ):
        fit(data, settings, 0, tmp_path / "fold", "key")
    assert (tmp_path / "fold" / "nan_batch.json").is_file()
    assert not (tmp_path / "fold" / "last.safetensors").exists()
    monkeypatch.undo()
    monkeypatch.chdir(tmp_path)
    assert len(fit(data, settings, 0, tmp_path / "fold", "key")) == len(whole)  # from the state of epoch 1


def test_a_weight_that_is_no_number_stops_before_the_state_is_written(
    data: FoldData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last step of all: no loss after it tells of the weights that it leaves."""
    settings, real, calls = recipe(epochs=2, epoch_images=8), TrainStep.__call__, []

    def spoils(self: TrainStep, *arguments: object, **words: object) -> StepResult:
        calls.append(real(self, *arguments, **words))
        if len(calls) == 4:
            next(self._state.network.parameters()).data[0] = float("nan")
        return calls[-1]

    monkeypatch.setattr(TrainStep, "__call__", spoils)
    with pytest.raises(SeverstalError, match=r"epoch 2 left nan in .*: lower training\.learning"):
        fit(data, settings, 0, tmp_path / "fold", "key")
    assert not (tmp_path / "fold" / "last.safetensors").exists()
    monkeypatch.setattr(TrainStep, "__call__", real)
    fit(data, settings, 0, tmp_path / "fold", "key")  # from the state of epoch 1
    assert all(tensor.isfinite().all() for tensor in weights(tmp_path / "fold").values())


def test_what_a_late_phase_could_not_do_is_reported_at_once(data: FoldData, tmp_path: Path) -> None:
    overlap = {"dice": 1.0}  # which looks at no weights of pixels
    few = replace(recipe(), loss=replace(recipe().loss, masks=overlap, positive_weights=(1.0, 2.0, 3.0)))
    never = replace(recipe(epochs=2), phases=(PhaseSettings(start=0.9, masks={"bce": 1.0}),))
    for settings, words in ((few, "positive_weights has 3 numbers for 2"), (never, "training.epochs = 10")):
        with pytest.raises(SeverstalError, match=words):
            fit(data, settings, 0, tmp_path / "fold", "key")
    assert not (tmp_path / "fold").exists()


def test_a_late_batch_with_less_than_a_picture_for_each_process_is_reported_at_once(
    data: FoldData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = replace(recipe(epochs=4), phases=(PhaseSettings(0.25), PhaseSettings(0.5, batch_size=1)))
    monkeypatch.setattr(Accelerator, "num_processes", property(lambda _: 2))
    monkeypatch.setattr(fit_module, "train_epoch", None)
    with pytest.raises(SeverstalError, match=r"^phases\[1\]\.batch_size is 1: give 2 or more, one for each"):
        fit(data, settings, 0, tmp_path / "fold", "key")


def test_a_late_batch_in_parts_of_one_picture_is_reported_at_once(
    data: FoldData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the network's features of a crop are 1 x 1; those of a wider crop have a variance."""
    settings = recipe(epochs=2, epoch_images=4)
    narrow, wide = (
        replace(settings, phases=(PhaseSettings(0.5, crop=crop, batch_size=1),))
        for crop in ((64, 64), (64, 96))
    )
    assert len(fit(data, wide, 0, tmp_path / "wide", "key")) == 2
    monkeypatch.setattr(fit_module, "train_epoch", None)
    with pytest.raises(SeverstalError, match=r"^phases\[0\]\.batch_size / training\.accumulate leaves"):
        fit(data, narrow, 0, tmp_path / "narrow", "key")


def test_a_last_batch_of_one_is_left_out(
    data: FoldData, tmp_path: Path, shapes: list[tuple[int, ...]]
) -> None:
    history = fit(data, recipe(epochs=1, epoch_images=5, batch_size=4), 0, tmp_path / "fold", "key")
    assert [shape[0] for shape in shapes if shape[0] > 1] == [4]
    assert len(history) == 1


def test_the_learning_rate_ends_near_nothing(data: FoldData, tmp_path: Path) -> None:
    history = fit(data, recipe(epochs=3, epoch_images=16), 0, tmp_path / "fold", "key")
    rates = [epoch["learning_rate"] for epoch in history.epochs]
    assert rates[-1] < 0.1 * max(rates)


SWITCHES: dict[str, Callable[[], Recipe]] = {
    "clip": lambda: recipe(clip=1e-3),
    "optimizer": lambda: recipe(optimizer="sgd"),
    "encoder_lr_factor": lambda: recipe(encoder_lr_factor=0.1),
    "weight_decay": lambda: recipe(weight_decay=1.0),
    "warmup": lambda: recipe(warmup=0.9),
    "flat": lambda: recipe(flat=1.0),
    "accumulate": lambda: recipe(accumulate=2),
    "precision": lambda: recipe(precision="bf16"),
    "ema": lambda: recipe(ema=0.9),
    "mixup": lambda: replace(recipe(), augment=replace(recipe().augment, mixup=0.5)),
    "copy_paste": lambda: replace(recipe(), augment=replace(recipe().augment, copy_paste=1.0)),
    "balance": lambda: replace(recipe(), sampling=replace(recipe().sampling, balance="classes")),
    "positive_weights": lambda: replace(recipe(), loss=replace(recipe().loss, positive_weights=(9.0, 1.0))),
    "class_weights": lambda: replace(recipe(), loss=replace(recipe().loss, class_weights="balanced")),
    "label_smoothing": lambda: replace(recipe(), loss=replace(recipe().loss, label_smoothing=0.2)),
    "edge_smoothing": lambda: replace(recipe(), loss=replace(recipe().loss, edge_smoothing=2.0)),
    "frozen_encoder": lambda: replace(recipe(), phases=(PhaseSettings(frozen_encoder=True),)),
    "phase_masks": lambda: replace(recipe(), phases=(PhaseSettings(masks={"dice": 1.0}),)),
    "phase_rate": lambda: replace(recipe(), phases=(PhaseSettings(learning_rate=1e-4),)),
    "phase_weights": lambda: replace(recipe(), phases=(PhaseSettings(class_weights="balanced"),)),
}


@pytest.mark.slow
def test_every_switch_changes_what_is_learnt(
    data: FoldData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # In the small data set the classes have equally many pixels.
    monkeypatch.setattr(fit_module, "rarity_weights", lambda *_: np.array([1.8, 0.2]))

    def trained(settings: Recipe, name: str) -> dict[str, Tensor]:
        settings = replace(settings, training=replace(settings.training, epochs=1, epoch_images=12))
        fit(data, settings, 0, tmp_path / name, "key")
        return weights(tmp_path / name)

    plain = trained(recipe(), "plain")
    assert same(plain, trained(recipe(), "again"))
    dead = [name for name, change in SWITCHES.items() if same(plain, trained(change(), name))]
    assert dead == []


@pytest.mark.slow
@pytest.mark.parametrize(
    "changed",
    [{"workers": 2}, {"checkpoint_activations": True}, {"channels_last": False}, {"tensorboard": True}],
)
def test_what_only_changes_speed_and_sight_changes_no_weight(
    data: FoldData, tmp_path: Path, changed: dict[str, object]
) -> None:
    # Plain descent: adaptive steps blow up what rounding leaves of a gradient near 0.
    few = {"epochs": 1, "epoch_images": 8, "optimizer": "sgd", "learning_rate": 1e-3}
    for name, settings in (("plain", recipe(**few)), ("changed", recipe(**few, **changed))):
        fit(data, settings, 0, tmp_path / name, "key")
    torch.testing.assert_close(
        weights(tmp_path / "changed"), weights(tmp_path / "plain"), rtol=1e-3, atol=1e-3
    )
    assert (tmp_path / "changed" / "tensorboard").exists() == ("tensorboard" in changed)


def test_phases_change_crop_batch_losses_and_what_learns(
    data: FoldData,
    tmp_path: Path,
    epochs: list[dict[str, Tensor]],
    shapes: list[tuple[int, ...]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    losses, real = [], fit_module.loss_of

    def watched(recipe: Recipe, classes: int, masks: dict[str, float], weights: object) -> nn.Module:
        losses.append((dict(masks), weights is not None))
        return real(recipe, classes, masks, weights)

    monkeypatch.setattr(fit_module, "loss_of", watched)
    settings = replace(
        recipe(epochs=4, epoch_images=8),
        phases=(
            PhaseSettings(start=0.25, frozen_encoder=True, masks={"dice": 1.0}),
            PhaseSettings(start=0.75, crop=(64, 96), batch_size=2, class_weights="balanced"),
        ),
    )
    fit(data, settings, 0, tmp_path / "fold", "key")
    trained = [shape for shape in shapes if shape[0] > 1]
    assert trained == [(4, 1, 32, 32)] * 6 + [(2, 1, 32, 48)] * 4  # the pictures are shrunk by 2
    assert losses == [
        ({"bce": 0.75, "dice": 0.25}, False),
        ({"dice": 1.0}, False),
        ({"bce": 0.75, "dice": 0.25}, True),
    ]
    network = load_network(settings, data.spec, tmp_path / "fold" / "last.safetensors")
    inside = {id(weight) for weight in encoder_of(network).parameters()}
    encoder = [name for name, weight in network.named_parameters() if id(weight) in inside]
    rest = [name for name, weight in network.named_parameters() if id(weight) not in inside]
    for epoch, frozen in ((1, True), (2, True), (3, False)):
        before, after = epochs[epoch - 1], epochs[epoch]
        assert all(torch.equal(before[name], after[name]) for name in encoder) is frozen
        assert not all(torch.equal(before[name], after[name]) for name in rest)


def test_the_moving_average_is_what_is_validated_and_kept(
    data: FoldData, tmp_path: Path, epochs: list[dict[str, Tensor]]
) -> None:
    fit(data, recipe(epochs=2, epoch_images=8), 0, tmp_path / "plain", "key")
    raw = list(epochs)
    epochs.clear()
    fit(data, recipe(epochs=2, epoch_images=8, ema=0.8), 0, tmp_path / "ema", "key")
    state = load_file(tmp_path / "ema" / "state.safetensors")
    network = {name.removeprefix("network."): t for name, t in state.items() if name.startswith("network.")}
    assert same(network, raw[-1])  # what is trained does not know of its average
    assert not same(epochs[-1], raw[-1])
    assert same(weights(tmp_path / "ema"), epochs[-1])


def mean(states: list[dict[str, Tensor]], names: list[str]) -> dict[str, Tensor]:
    return {name: torch.stack([state[name].double() for state in states]).mean(0).float() for name in names}


def test_the_last_epochs_and_the_best_are_averaged(
    data: FoldData, tmp_path: Path, epochs: list[dict[str, Tensor]]
) -> None:
    settings = recipe(epochs=4, epoch_images=8, swa=0.5, soup=2)
    history = fit(data, settings, 0, tmp_path / "fold", "key")
    network = load_network(settings, data.spec, tmp_path / "fold" / "swa.safetensors")
    names = [name for name, _ in network.named_parameters()]
    means = [name for name in epochs[0] if name.endswith("running_mean")]
    swa, soup = weights(tmp_path / "fold", "swa"), weights(tmp_path / "fold", "soup")
    torch.testing.assert_close({name: swa[name] for name in names}, mean(epochs[2:], names))
    ranked = sorted(history.epochs, key=lambda each: (-each["score"], -(each["dice_on_defects"] or 0)))
    best = [epochs[each["epoch"] - 1] for each in ranked[:2]]
    torch.testing.assert_close({name: soup[name] for name in names}, mean(best, names))
    for average, parts in ((swa, epochs[2:]), (soup, best)):
        mixed = mean(parts, means)
        assert not all(torch.allclose(average[name], mixed[name]) for name in means)  # they are found anew
    assert same(weights(tmp_path / "fold", "model"), best[0])


def test_averages_are_refreshed_with_crops_of_the_last_epoch(
    data: FoldData, tmp_path: Path, shapes: list[tuple[int, ...]]
) -> None:
    settings = recipe(epochs=2, epoch_images=8, swa=0.5, soup=2)
    settings = replace(settings, phases=(PhaseSettings(start=1.0, crop=(64, 96)),))  # never in force
    fit(data, settings, 0, tmp_path / "fold", "key")
    assert [shape for shape in shapes if shape[0] > 1] == [(4, 1, 32, 32)] * 8  # half of them to refresh


def test_it_ends_when_nothing_gets_better(
    data: FoldData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scores, real = [], fit_module.validate

    def constant(*arguments: object) -> object:
        scores.append(real(*arguments)) if not scores else None
        return scores[0]

    monkeypatch.setattr(fit_module, "validate", constant)
    settings = recipe(epochs=9, epoch_images=8, early_stopping=3, swa=0.1)
    history = fit(data, settings, 0, tmp_path / "fold", "key")
    assert len(history) == 4
    again = fit(data, settings, 0, tmp_path / "fold", "key")
    assert again.epochs == history.epochs
    assert same(weights(tmp_path / "fold", "model"), weights(tmp_path / "fold", "best/epoch0001"))
    assert (tmp_path / "fold" / "swa.safetensors").is_file()  # of the last epoch alone


def test_out_of_memory_the_training_goes_on_in_parts(
    data: FoldData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """From the second batch on: half the first one's memory is gone."""
    settings = recipe(epochs=2, epoch_images=12)
    real, calls = Network.forward, []

    def limited(self: Network, pictures: Tensor) -> object:
        output = real(self, pictures)
        if self.training and len(pictures) > 1:
            calls.append(len(pictures))
            if len(calls) > 1 and len(pictures) > 2:
                raise torch.cuda.OutOfMemoryError("CUDA out of memory.")
        return output

    monkeypatch.setattr(Network, "forward", limited)
    history = fit(data, settings, 0, tmp_path / "fold", "key")
    line = "out of memory: batches of 4 pictures are now split into 2 micro-batches, not 1"
    assert caplog.text.count(line) == 1
    assert [epoch["accumulate"] for epoch in history.epochs] == [2, 2]
    assert calls == [4, 4, 2, 2, 2, 2] + [2] * 6
    assert all(epoch["loss"] > 0 for epoch in history.epochs)


def test_hard_pictures_are_drawn_by_what_the_epoch_before_found(data: FoldData, tmp_path: Path) -> None:
    settings = recipe(epochs=2, epoch_images=12)
    settings = replace(settings, sampling=replace(settings.sampling, hard_negatives=0.5))
    fit(data, settings, 0, tmp_path / "fold", "key")
    hardness = load_file(tmp_path / "fold" / "state.safetensors")["sampler.hardness"]
    clean = torch.from_numpy(~data.masks.presence(data.train).any(1))
    assert torch.isfinite(hardness[clean]).any()
    assert torch.isnan(hardness[~clean]).all()


def test_deep_supervision_is_learnt_and_predicted_without(data: FoldData, tmp_path: Path) -> None:
    settings = recipe(epochs=1, epoch_images=8)
    settings = replace(settings, loss=replace(settings.loss, deep_supervision=0.5))
    fit(data, settings, 0, tmp_path / "deep", "key")
    network = load_network(settings, data.spec, tmp_path / "deep" / "last.safetensors")
    assert network(torch.zeros(1, 1, 32, 32))._fields == ("masks", "classes")


@pytest.mark.slow
def test_a_compiled_training_leaves_weights_under_their_own_names(
    data: FoldData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def small(*_: object) -> Network:
        layers = nn.Conv2d(1, 4, 3, padding=1, bias=False), nn.BatchNorm2d(4), nn.ReLU(), nn.Conv2d(4, 2, 1)
        return Network(nn.Sequential(*layers), stride=1)

    monkeypatch.setattr(fit_module, "new_network", small)
    for name, compiled in (("plain", False), ("compiled", True)):
        fit(
            data,
            recipe(epochs=2, epoch_images=8, compile=compiled, ema=0.9, optimizer="sgd"),
            0,
            tmp_path / name,
            "key",
        )
    plain, compiled = weights(tmp_path / "plain"), weights(tmp_path / "compiled")
    assert plain.keys() == compiled.keys() == small().state_dict().keys()
    torch.testing.assert_close(compiled, plain, rtol=1e-3, atol=1e-4)
