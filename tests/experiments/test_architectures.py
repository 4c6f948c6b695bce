"""A recipe with another network: on its own encoder where that fits, else on the smallest that does."""

from dataclasses import replace

import pytest
import torch

from severstal.competition.spec import Spec
from severstal.errors import SeverstalError
from severstal.experiments.architectures import with_architecture
from severstal.models import weights
from severstal.models.from_recipe import new_network
from severstal.models.smallest import smallest
from severstal.recipe import ModelSettings, Recipe

SPEC = Spec("small", (64, 96), ("bright", "dark"))


def on(architecture: str, encoder: str, encoder_weights: str = "imagenet") -> Recipe:
    return Recipe(name="steel", model=ModelSettings(architecture, encoder, encoder_weights))


@pytest.mark.parametrize(
    ("before", "encoder", "after"),
    [
        pytest.param("fpn", "vgg11_bn", "segnet", marks=pytest.mark.slow),
        ("fpn", "resnet18", "hrnet"),
        ("fpn", "resnet18", "deeplab_v2"),
        ("dpt", "tu-vit_small_patch16_224", "segmenter_linear"),
        ("segmenter_mask", "tu-test_vit", "dpt"),
        ("unet_paper", "own", "unet_paper"),
    ],
)
def test_an_encoder_that_fits_is_kept_with_its_weights(before: str, encoder: str, after: str) -> None:
    other = with_architecture(replace(on(before, encoder)), after)
    assert other.name == f"steel-{after}"
    assert (other.model.architecture, other.model.encoder_name) == (after, encoder)
    assert other.model.encoder_weights == "imagenet"


@pytest.mark.parametrize(
    ("before", "encoder", "after"),
    [
        ("dpt", "tu-test_vit", "unet"),
        pytest.param("dpt", "tu-test_vit", "fcn8s", marks=pytest.mark.slow),
        ("unet", "vgg11_bn", "deeplab_v2"),
        pytest.param("unet", "vgg11_bn", "ksac", marks=pytest.mark.slow),
        pytest.param("fpn", "resnet18", "segnet", marks=pytest.mark.slow),
        ("fpn", "resnet18", "dpt"),
        ("fpn", "resnet18", "dinov3_dpt"),
        ("fpn", "resnet18", "unet_paper"),
        ("fpn", "resnet18", "classical"),
        ("unet_paper", "own", "fpn"),
    ],
)
def test_an_incompatible_encoder_is_replaced_by_the_smallest_without_weights(
    before: str, encoder: str, after: str
) -> None:
    other = with_architecture(on(before, encoder), after)
    assert (other.model.encoder_name, other.model.options) == smallest(after)
    assert other.model.encoder_weights == "none"
    masks = new_network(other, SPEC).eval()(torch.zeros(1, 1, 64, 96)).masks
    assert masks.shape == (1, 2, 64, 96)


def test_checking_an_encoder_downloads_nothing_and_keeps_the_random_state(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(weights, "_fetch", lambda *_: pytest.fail("fetched"))
    before = torch.get_rng_state()
    assert with_architecture(on("fpn", "resnet18"), "unet").model.encoder_weights == "imagenet"
    assert torch.equal(torch.get_rng_state(), before)


def test_options_of_the_other_network_are_dropped() -> None:
    recipe = replace(
        on("unet", "resnet18"), model=ModelSettings("unet", "resnet18", options={"decoder_x": 1})
    )
    assert with_architecture(recipe, "fpn").model.options == {}
    assert with_architecture(recipe, "unet").model == recipe.model


def test_what_is_no_encoder_or_no_single_network_is_reported() -> None:
    with pytest.raises(
        SeverstalError, match=r"encoder_name 'resnet81' is unknown: the nearest .* 'resnet18'"
    ):
        with_architecture(on("fpn", "resnet81"), "unet")
    with pytest.raises(SeverstalError, match="recipe two has 2 members: give one of a single network"):
        with_architecture(Recipe(name="two", members=(Recipe(), Recipe())), "unet")
