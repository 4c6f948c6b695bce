"""The loss of a recipe has all of the recipe's settings."""

from dataclasses import replace

import pytest
import torch

from severstal.errors import SeverstalError
from severstal.losses.from_recipe import loss_of
from severstal.losses.registry import build_loss
from severstal.models.network import Output
from severstal.recipe import LossSettings, Recipe

RECIPE = Recipe(loss=LossSettings(masks={"bce": 0.75, "dice": 0.25}))


def value(loss: torch.nn.Module) -> float:
    generator = torch.Generator().manual_seed(0)
    masks = torch.randn(3, 2, 8, 12, generator=generator)
    truth = (torch.rand(3, 2, 8, 12, generator=generator) > 0.8).float()
    output = Output(masks, torch.randn(3, 2, generator=generator))
    return loss(output, truth, truth.amax((2, 3))).item()


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"classes": 0.5},
        {"positive_weights": (3.0, 1.0)},
        {"label_smoothing": 0.2},
        {"edge_smoothing": 2.0},
        {"masks": {"focal": 1.0}},
    ],
)
def test_each_setting_counts(changed: dict[str, object]) -> None:
    recipe = replace(RECIPE, loss=replace(RECIPE.loss, **changed))
    settings = {"masks": {"bce": 0.75, "dice": 0.25}} | changed
    assert value(loss_of(recipe, 2)) == value(build_loss(**settings))
    assert (value(loss_of(recipe, 2)) == value(loss_of(RECIPE, 2))) == (not changed)


def test_a_phase_has_mask_losses_and_class_weights_of_its_own() -> None:
    found = value(loss_of(RECIPE, 2, {"dice": 1.0}, [0.5, 2.0]))
    assert found == value(build_loss({"dice": 1.0}, class_weights=[0.5, 2.0]))
    assert found != value(loss_of(RECIPE, 2))


def test_deep_supervision_is_passed_on() -> None:
    recipe = replace(RECIPE, loss=replace(RECIPE.loss, deep_supervision=0.3))
    assert loss_of(recipe, 2).deep_supervision == 0.3


def test_weights_of_another_number_of_classes_are_refused() -> None:
    recipe = replace(RECIPE, loss=replace(RECIPE.loss, positive_weights=(1.0, 2.0, 3.0)))
    with pytest.raises(SeverstalError, match="has 3 numbers for 2 classes: give one per class"):
        loss_of(recipe, 2)
