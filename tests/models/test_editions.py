"""Weights of earlier defaults are built with those, and weights of another network are refused."""

from pathlib import Path

import pytest
import torch

from severstal.competition.spec import Spec
from severstal.errors import SeverstalError
from severstal.models.checkpoint import read_built_as, read_tensors, save_weights, write_tensors
from severstal.models.editions import built_as, earlier_options
from severstal.models.from_recipe import load_network, new_network
from severstal.models.registry import architectures, build_model
from severstal.recipe import ModelSettings, Recipe

SPEC = Spec("small", (64, 96), ("bright", "dark"))
PICTURES = torch.randn(1, 1, 256, 384, generator=torch.Generator().manual_seed(0))


def recipe(architecture: str, **options) -> Recipe:
    return Recipe(name="steel", model=ModelSettings(architecture, "tu-test_resnet", "none", False, options))


def masks(network: torch.nn.Module) -> torch.Tensor:
    with torch.inference_mode():
        return network.eval()(PICTURES).masks


# What each was before: smp's own defaults, or what this package had.
EARLIER = {
    "deeplab_v3": {"decoder_atrous_rates": [12, 24, 36]},
    "deeplab_v3plus": {"decoder_atrous_rates": [12, 24, 36]},
    "ksac": {"decoder_atrous_rates": [6, 12, 18]},
    "pspnet": {"encoder_depth": 3, "encoder_output_stride": 32},
}


@pytest.mark.parametrize("architecture", sorted(EARLIER))
def test_weights_without_a_record_are_built_with_the_earlier_defaults(
    architecture: str, tmp_path: Path
) -> None:
    torch.manual_seed(0)
    before = new_network(recipe(architecture, **EARLIER[architecture]), SPEC)
    write_tensors(before.state_dict(), tmp_path / "old.safetensors", {})
    after = load_network(recipe(architecture), SPEC, tmp_path / "old.safetensors")
    assert torch.equal(masks(after), masks(before))


@pytest.mark.parametrize("architecture", sorted(EARLIER))
def test_new_weights_are_built_with_todays_defaults(architecture: str, tmp_path: Path) -> None:
    torch.manual_seed(0)
    before = new_network(recipe(architecture), SPEC)
    save_weights(before, tmp_path / "new.safetensors")
    assert torch.equal(
        masks(load_network(recipe(architecture), SPEC, tmp_path / "new.safetensors")), masks(before)
    )


def test_rates_without_a_record_would_be_filled_in_without_a_word(tmp_path: Path) -> None:
    torch.manual_seed(0)
    before = new_network(recipe("deeplab_v3plus", decoder_atrous_rates=[12, 24, 36]), SPEC)
    after = new_network(recipe("deeplab_v3plus"), SPEC)
    after.load_state_dict(before.state_dict())  # every shape fits: hence the record
    assert (masks(after) - masks(before)).abs().max() > 1e-4


def test_the_recipes_own_options_go_first(tmp_path: Path) -> None:
    chosen = recipe("deeplab_v3plus", decoder_atrous_rates=[1, 2, 3])
    torch.manual_seed(0)
    before = new_network(chosen, SPEC)
    write_tensors(before.state_dict(), tmp_path / "old.safetensors", {})
    assert torch.equal(masks(load_network(chosen, SPEC, tmp_path / "old.safetensors")), masks(before))


def test_weights_of_another_architecture_are_named(tmp_path: Path) -> None:
    save_weights(new_network(recipe("deeplab_v3plus"), SPEC), tmp_path / "a.safetensors")
    with pytest.raises(SeverstalError, match=r"a\.safetensors: weights of deeplab_v3plus, .* names ksac"):
        load_network(recipe("ksac"), SPEC, tmp_path / "a.safetensors")


def test_weights_of_a_newer_version_ask_for_it() -> None:
    with pytest.raises(SeverstalError, match="newer unet, edition 2: upgrade severstal"):
        earlier_options("unet", {"architecture": "unet", "edition": 2})


@pytest.mark.parametrize("architecture", architectures())
def test_todays_edition_needs_no_earlier_option(architecture: str) -> None:
    assert earlier_options(architecture, built_as(architecture)) == {}


def test_a_file_records_its_architecture(tmp_path: Path) -> None:
    network = build_model("pspnet", "tu-test_resnet")
    save_weights(network, tmp_path / "a.safetensors")
    assert read_built_as(tmp_path / "a.safetensors") == built_as("pspnet")
    first = (tmp_path / "a.safetensors").read_bytes()
    save_weights(network, tmp_path / "a.safetensors")
    assert (tmp_path / "a.safetensors").read_bytes() == first
    save_weights(torch.nn.Conv2d(1, 1, 1), tmp_path / "a.safetensors")
    assert read_built_as(tmp_path / "a.safetensors") == {}


def test_a_damaged_record_is_one_line(tmp_path: Path) -> None:
    write_tensors({"a": torch.zeros(1)}, tmp_path / "a.safetensors", {"network": "{"})
    with pytest.raises(SeverstalError, match=r"a\.safetensors: damaged weights"):
        read_built_as(tmp_path / "a.safetensors")
    assert list(read_tensors(tmp_path / "a.safetensors")[0]) == ["a"]
