import time

import huggingface_hub.constants
import pytest
import segmentation_models_pytorch as smp
import timm
import torch
from safetensors.torch import load_file, save_file

from severstal.competition.spec import Spec
from severstal.errors import SeverstalError
from severstal.models import weights
from severstal.models.encoders import new_encoder
from severstal.models.from_recipe import new_network
from severstal.models.registry import build_model
from severstal.models.weights import find_weights, load_encoder
from severstal.recipe import Recipe
from severstal.recipe.network import ModelSettings


def colour(grey):
    return grey.expand(-1, 3, -1, -1)


@pytest.fixture
def grey():
    return torch.randn(2, 1, 64, 96)


@pytest.fixture
def resnet(tmp_path):
    """An encoder of smp on three colours, with running means of its own, and its file."""
    torch.manual_seed(0)
    encoder = smp.encoders.get_encoder("resnet18", weights=None)
    encoder(torch.randn(4, 3, 64, 64))
    save_file(encoder.state_dict(), tmp_path / "resnet18.safetensors")
    return encoder.eval(), tmp_path / "resnet18.safetensors"


def test_a_grey_encoder_sees_what_the_colour_one_saw_in_grey(resnet, grey):
    encoder, path = resnet
    network = build_model("fpn", "resnet18", str(path)).eval()
    for ours, theirs in zip(network.body.encoder(grey)[1:], encoder(colour(grey))[1:], strict=True):
        torch.testing.assert_close(ours, theirs, atol=1e-4, rtol=1e-4)


def test_the_grey_convolution_is_smps_own(resnet):
    encoder, path = resnet
    network = build_model("fpn", "resnet18", str(path))
    encoder.set_in_channels(1, pretrained=True)
    torch.testing.assert_close(network.body.encoder.conv1.weight, encoder.conv1.weight)


@pytest.mark.parametrize("channels", [2, 3, 4])
def test_other_channels_are_as_in_smp(resnet, channels):
    encoder, path = resnet
    network = build_model("fpn", "resnet18", str(path), in_channels=channels)
    encoder.set_in_channels(channels, pretrained=True)
    torch.testing.assert_close(network.body.encoder.conv1.weight, encoder.conv1.weight)


@pytest.mark.parametrize(
    ("architecture", "name"),
    [
        ("fpn", "test_resnet"),
        ("fpn", "test_convnext"),
        ("fpn", "test_efficientnet"),
        ("fpn", "test_maxvit"),
        ("deeplab_v3plus", "test_byobnet"),
        ("dpt", "test_vit"),
    ],
)
@pytest.mark.parametrize("labels", [1000, 7, 0])
def test_a_file_as_timm_publishes_it(architecture, name, labels, tmp_path):
    torch.manual_seed(0)
    published = timm.create_model(name, num_classes=labels).eval()
    save_file(published.state_dict(), tmp_path / "model.safetensors")
    network = build_model(architecture, f"tu-{name}", str(tmp_path / "model.safetensors")).eval()

    pictures = torch.randn(1, 1, 160, 160)  # what the published model takes
    with torch.inference_mode():
        theirs = published.forward_intermediates(colour(pictures), intermediates_only=True)[0]
        ours = network.body.encoder(pictures)
    if architecture == "dpt":
        ours, _ = ours  # without the class tokens
    else:
        ours = [features for features in ours[1:] if features.shape[1]]  # without the picture and gaps
    torch.testing.assert_close(ours[0], theirs, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("name", ["resnet18", "tu-test_resnet", "tu-test_convnext"])
def test_an_encoders_own_state_goes_round(name, tmp_path):
    torch.manual_seed(0)
    first = build_model("unet", name)
    save_file(first.body.encoder.state_dict(), tmp_path / "encoder.safetensors")
    second = build_model("unet", name, str(tmp_path / "encoder.safetensors"))
    expected = first.body.encoder.state_dict()
    for key, tensor in second.body.encoder.state_dict().items():
        assert torch.equal(tensor, expected[key]), key


@pytest.mark.parametrize("name", ["resnet18", "tu-test_resnet"])
@pytest.mark.parametrize("fault", ["missing", "unknown", "shape"])
def test_weights_that_do_not_fit_are_named(name, fault, tmp_path):
    if name == "resnet18":
        state = smp.encoders.get_encoder(name, weights=None).state_dict()
    else:
        state = timm.create_model("test_resnet").state_dict()
    match fault:
        case "missing":
            key = "layer1.0.conv1.weight"
            del state[key]
        case "unknown":
            key = "layer9.weight"
            state[key] = torch.zeros(2)
        case "shape":
            key = "layer1.0.conv1.weight"
            state[key] = torch.zeros(3, 3, 3, 3)
    save_file(state, tmp_path / "model.safetensors")
    with pytest.raises(SeverstalError, match=f"not the weights of {name} .*first {key}") as caught:
        build_model("unet", name, str(tmp_path / "model.safetensors"))
    assert "\n" not in str(caught.value)


def test_another_encoders_weights_are_refused_shortly(tmp_path):
    save_file(timm.create_model("test_efficientnet").state_dict(), tmp_path / "model.safetensors")
    for name in ("resnet18", "tu-test_resnet"):
        with pytest.raises(SeverstalError, match=f"not the weights of {name}") as caught:
            build_model("unet", name, str(tmp_path / "model.safetensors"))
        assert len(str(caught.value)) < 400


@pytest.mark.parametrize("name", ["resnet18", "tu-test_resnet"])
def test_a_damaged_file_is_one_line(name, resnet, tmp_path):
    path = tmp_path / "cut.safetensors"
    path.write_bytes(resnet[1].read_bytes()[:5000])
    with pytest.raises(SeverstalError, match="not a whole"):
        build_model("unet", name, str(path))


def test_a_missing_file_is_one_line():
    with pytest.raises(SeverstalError, match="no such file"):
        build_model("unet", "resnet18", "nowhere/resnet18.safetensors")


@pytest.mark.parametrize("ending", ["pth", "pt", "bin", "ckpt", "PTH", "pth.tar"])
def test_a_pickle_is_refused_even_where_it_lies(ending, tmp_path):
    path = tmp_path / f"resnet18.{ending}"
    torch.save({}, path)
    with pytest.raises(SeverstalError, match="nothing is ever unpickled: convert it"):
        find_weights("resnet18", str(path))


def test_weights_by_name_are_those_of_the_hub(resnet, grey, monkeypatch):
    encoder, path = resnet
    asked = []

    def download(repo_id, filename, revision, local_files_only=False):
        asked.append((repo_id, filename, revision))
        return str(path)

    monkeypatch.setattr(weights, "hf_hub_download", download)
    network = build_model("fpn", "resnet18", "imagenet").eval()
    settings = smp.encoders.encoders["resnet18"]["pretrained_settings"]["imagenet"]
    assert asked == [(settings["repo_id"], "model.safetensors", settings["revision"])]
    torch.testing.assert_close(
        network.body.encoder(grey)[-1], encoder(colour(grey))[-1], atol=1e-4, rtol=1e-4
    )


@pytest.mark.parametrize("name", ["resnet18", "tu-resnet18"])
def test_without_internet_it_is_one_line_within_seconds(name, monkeypatch, tmp_path):
    closed = "http://127.0.0.1:9"
    monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", closed)
    monkeypatch.setattr(
        huggingface_hub.constants,
        "HUGGINGFACE_CO_URL_TEMPLATE",
        closed + "/{repo_id}/resolve/{revision}/{filename}",
    )
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path))
    start = time.perf_counter()
    with pytest.raises(
        SeverstalError, match=r'could not be fetched .*model.safetensors.*encoder_weights = "none"'
    ):
        build_model("unet", name, "imagenet")
    assert time.perf_counter() - start < 8  # the hub's own client tries for 23 seconds and more


def test_an_offline_hub_is_one_line(monkeypatch, tmp_path):
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(SeverstalError, match='or set encoder_weights = "none"'):
        build_model("unet", "tu-resnet18", "imagenet")


def test_only_the_encoder_is_filled(resnet):
    _, path = resnet
    encoder = smp.encoders.get_encoder("resnet18", in_channels=1, weights=None)
    load_encoder(encoder, "resnet18", path, in_channels=1)
    expected = load_file(path)
    assert torch.equal(encoder.layer4[1].bn2.running_mean, expected["layer4.1.bn2.running_mean"])
    assert torch.equal(encoder.conv1.weight, expected["conv1.weight"].sum(1, keepdim=True))


def test_three_channels_keep_the_kernels_of_colours(tmp_path) -> None:
    colour = new_encoder("tu-test_resnet", 3)
    path = tmp_path / "colour.safetensors"
    save_file(colour.state_dict(), path)
    first = next(name for name, weight in colour.state_dict().items() if weight.ndim == 4)
    kept, summed = new_encoder("tu-test_resnet", 3), new_encoder("tu-test_resnet", 1)
    load_encoder(kept, "tu-test_resnet", path, 3)
    load_encoder(summed, "tu-test_resnet", path, 1)
    assert torch.equal(kept.state_dict()[first], colour.state_dict()[first])
    total = colour.state_dict()[first].sum(1, keepdim=True)
    assert torch.allclose(summed.state_dict()[first], total)
    recipe = Recipe(
        name="colour", model=ModelSettings(encoder_name="tu-test_resnet", encoder_weights=str(path))
    )
    network = new_network(recipe, Spec("hues", (32, 32), ("a",), channels=3))
    own = next(weight for weight in network.state_dict().values() if weight.ndim == 4)
    assert torch.equal(own, colour.state_dict()[first])
    assert network(torch.zeros(2, 3, 40, 70)).masks.shape == (2, 1, 40, 70)
