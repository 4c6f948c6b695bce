"""The recipes that come with the project: their networks can be built, stepped, fetched and freely used."""

import gc
import re
from collections import Counter

import pytest
import timm
import torch

from severstal.competition.spec import SEVERSTAL
from severstal.losses.registry import build_loss
from severstal.models.encoders import TIMM, find_encoder, find_published
from severstal.models.packaged import find_package
from severstal.models.registry import build_model
from severstal.recipe import Recipe, load_recipe, recipe_names
from severstal.recipe.reading import RECIPES

FREE = {"apache-2.0", "mit", "bsd-3-clause"}
PARTS = {
    part.name: part for name in recipe_names() for part in load_recipe(name).members or [load_recipe(name)]
}


def mark(recipe: Recipe) -> tuple:
    model = recipe.model
    return model.architecture, model.encoder_name, str(model.options), model.class_head


NETWORKS = {mark(part): part for part in PARTS.values()}  # each kind once


@pytest.mark.parametrize("name", recipe_names())
def test_recipes_say_what_they_are_and_whose(name: str) -> None:
    recipe = load_recipe(name)
    assert recipe.description.endswith((".", "views."))
    ours = {"baseline", "champion", "champion_small", "laptop", "laptop_ensemble", "overfit", "smoke"}
    assert bool(recipe.source) != (name in ours)


@pytest.mark.parametrize("name", recipe_names())
def test_recipes_say_how_long_they_take_or_that_nobody_measured_it(name: str) -> None:
    comment = (RECIPES / f"{name}.toml").read_text().split("\n\n[")[0]
    assert re.search(r"\b(minutes|hours?|evenings?) on|Expected time: (not measured|\d)", comment), comment


def test_khornlund_is_his_final_ensemble() -> None:
    recipe = load_recipe("khornlund")
    assert Counter((part.model.architecture, part.model.encoder_name) for part in recipe.members) == {
        ("unet", "se_resnext50_32x4d"): 2,
        ("unet", "efficientnet-b5"): 1,
        ("fpn", "se_resnext50_32x4d"): 3,
        ("fpn", "efficientnet-b5"): 1,
        ("fpn", "inceptionv4"): 1,
    }
    assert {part.augment.crop for part in recipe.members} == {(256, width) for width in (384, 416, 448, 480)}
    assert {part.augment.non_empty for part in recipe.members} == {0.5}  # either of two crops
    same = [(mark(part), part.seed) for part in recipe.members]
    assert len(set(same)) == len(same)  # no network twice
    comment = " ".join((RECIPES / "khornlund.toml").read_text().split("description")[0].split())
    assert "0.90612 to 0.91023" in comment


@pytest.mark.parametrize("name", PARTS)
def test_pretrained_weights_exist(name: str) -> None:
    model = PARTS[name].model
    if model.encoder_weights != "none":
        repository, _ = find_published(find_encoder(model.encoder_name), model.encoder_weights)
        assert repository.count("/") == 1


@pytest.mark.parametrize("name", ["champion", "champion_small"])
def test_our_encoders_are_under_free_licences(name: str) -> None:
    for member in load_recipe(name).members:
        encoder = member.model.encoder_name
        assert encoder.startswith(TIMM)
        assert "." in encoder, "name the tag of the weights: another one may have another licence"
        assert timm.models.get_pretrained_cfg(encoder.removeprefix(TIMM)).license in FREE


@pytest.mark.parametrize("name", ["smoke", "laptop", "laptop_ensemble"])
def test_recipes_for_a_cpu_need_no_hub(name: str) -> None:
    for part in load_recipe(name).members or [load_recipe(name)]:
        assert find_package(part.model.encoder_name, part.model.encoder_weights) is not None


@pytest.mark.parametrize("name", PARTS)
def test_losses_are_known(name: str) -> None:
    recipe = PARTS[name]
    for masks in [recipe.loss.masks, *(phase.masks for phase in recipe.phases if phase.masks)]:
        build_loss(masks, recipe.loss.classes, positive_weights=recipe.loss.positive_weights)


@pytest.mark.slow
@pytest.mark.parametrize("recipe", NETWORKS.values(), ids=lambda recipe: recipe.name)
def test_each_network_makes_a_step(recipe: Recipe) -> None:
    model, classes = recipe.model, len(SEVERSTAL.classes)
    network = build_model(
        model.architecture,
        model.encoder_name,
        "none",
        classes=classes,
        class_head=model.class_head,
        options=model.options,
    )
    height, width = (side // 4 for side in SEVERSTAL.image_shape)  # as wide for its height as the picture
    truth = torch.zeros(2, classes, height, width)
    truth[0, 2, 10:30, 40:90] = 1
    output = network(torch.randn(2, 1, height, width))
    assert output.masks.shape == truth.shape
    loss = build_loss(recipe.loss.masks, recipe.loss.classes)(output, truth)
    loss.backward()
    assert torch.isfinite(loss)
    assert all(
        torch.isfinite(weight.grad).all() for weight in network.parameters() if weight.grad is not None
    )
    del network, output, loss
    gc.collect()
