import pytest
import torch
from safetensors.torch import load_file, save_file

from severstal.errors import SeverstalError
from severstal.models.registry import Network, Output, architectures, build_model

TINY = {  # encoder and options of an architecture, where they are not those of most
    "dpt": (
        "tu-test_vit",
        {"decoder_intermediate_channels": [8, 8, 8, 8], "decoder_fusion_channels": 16},
    ),
}
UNUSED = {"dpt": {"body.encoder.model.norm.weight", "body.encoder.model.norm.bias"}}


def tiny(architecture: str, seed: int = 0, **settings) -> Network:
    encoder, options = TINY.get(architecture, ("tu-test_resnet", {}))
    torch.manual_seed(seed)
    return build_model(architecture, encoder, options=options, **settings)


@pytest.mark.parametrize("architecture", architectures())
class TestEveryArchitecture:
    @pytest.mark.parametrize("size", [(64, 96), (70, 101), (1, 33)])
    def test_masks_are_of_the_size_of_the_pictures(self, architecture, size):
        network = tiny(architecture, classes=5).eval()
        with torch.inference_mode():
            output = network(torch.randn(2, 1, *size))
        assert isinstance(output, Output)
        assert output.masks.shape == (2, 5, *size)
        assert output.masks.isfinite().all()
        assert output.classes is None

    def test_class_head(self, architecture):
        network = tiny(architecture, classes=3, class_head=True).eval()
        with torch.inference_mode():
            masks, classes = network(torch.randn(2, 1, 64, 96))
        assert masks.shape == (2, 3, 64, 96)
        assert classes.shape == (2, 3)

    def test_both_outputs_are_logits(self, architecture):
        network = tiny(architecture, class_head=True).eval()
        with torch.inference_mode():
            masks, classes = network(100 * torch.randn(4, 1, 64, 96))
        for logits in (masks, classes):
            assert logits.min() < 0 or logits.max() > 1

    def test_a_gradient_reaches_every_weight_that_is_not_frozen(self, architecture):
        network = tiny(architecture, class_head=True)
        assert network.training
        masks, classes = network(torch.randn(2, 1, 64, 96))
        (masks.square().mean() + classes.square().mean()).backward()
        frozen = {name for name, weight in network.named_parameters() if not weight.requires_grad}
        assert frozen == UNUSED.get(architecture, set())
        for name, weight in network.named_parameters():
            assert name in frozen or weight.grad.isfinite().all(), name

    def test_weights_survive_a_file(self, architecture, tmp_path):
        first = tiny(architecture, class_head=True).eval()
        second = tiny(architecture, seed=1, class_head=True).eval()
        pictures = torch.randn(2, 1, 64, 96)
        with torch.inference_mode():
            before = first(pictures)
            assert not torch.equal(second(pictures).masks, before.masks)
            save_file(first.state_dict(), tmp_path / "model.safetensors")
            second.load_state_dict(load_file(tmp_path / "model.safetensors"))
            after = second(pictures)
        assert torch.equal(after.masks, before.masks)
        assert torch.equal(after.classes, before.classes)

    def test_a_picture_does_not_depend_on_its_batch(self, architecture):
        network = tiny(architecture).eval()
        pictures = torch.randn(3, 1, 64, 96)
        with torch.inference_mode():
            together = network(pictures).masks
            alone = torch.cat([network(picture[None]).masks for picture in pictures])
        torch.testing.assert_close(together, alone, atol=1e-4, rtol=1e-4)

    def test_bf16_autocast_and_channels_last(self, architecture):
        network = tiny(architecture).eval().to(memory_format=torch.channels_last)
        pictures = torch.randn(2, 1, 70, 101).to(memory_format=torch.channels_last)
        with torch.inference_mode():
            exact = network(pictures).masks
            with torch.autocast("cpu", torch.bfloat16):
                rough = network(pictures).masks
        assert rough.shape == exact.shape
        assert (rough.float() - exact).abs().max() < 0.1 * exact.abs().max() + 0.1

    def test_the_seed_fixes_the_weights(self, architecture):
        first, second = tiny(architecture).state_dict(), tiny(architecture).state_dict()
        assert all(torch.equal(first[name], second[name]) for name in first)


@pytest.mark.parametrize("architecture", [name for name in architectures() if name != "dpt"])
@pytest.mark.parametrize("encoder", ["resnet18", "tu-test_convnext"])
def test_encoders_of_smp_and_transformers_without_a_half_size_feature(architecture, encoder):
    network = build_model(architecture, encoder, class_head=True)
    masks, classes = network(torch.randn(2, 1, 33, 70))
    (masks.mean() + classes.mean()).backward()
    assert masks.shape == (2, 4, 33, 70)
    for name, weight in network.named_parameters():
        assert (weight.grad is not None) == weight.requires_grad, name


def test_names_are_sorted_and_hold_all_of_smp():
    assert list(architectures()) == sorted(architectures())
    assert {
        "deeplabv3",
        "deeplabv3plus",
        "dpt",
        "fpn",
        "linknet",
        "manet",
        "pan",
        "pspnet",
        "segformer",
        "unet",
        "unetplusplus",
        "upernet",
    } <= set(architectures())


def test_colour_pictures():
    network = build_model("unet", "tu-test_resnet", in_channels=3).eval()
    assert network(torch.zeros(1, 3, 32, 32)).masks.shape == (1, 4, 32, 32)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("upnet", "resnet18"), "architecture 'upnet' is unknown: the nearest known one is 'unet'"),
        (("unet", "resnet81"), "encoder_name 'resnet81' is unknown: the nearest known one is 'resnet18'"),
        (("unet", "tu-resnet-18"), "'tu-resnet18'"),
        (("unet", "resnet18", "imagenette"), "encoder_weights 'imagenette' of resnet18 .* 'imagenet'"),
        (("dpt", "resnet18"), "dpt on resnet18 .* needs a vision transformer of timm"),
        (("dpt", "tu-vit_tiny_patch14_reg4_dinov2"), "encoder_name .* is unknown"),
        (("fpn", "tu-test_vit"), "fpn on tu-test_vit .* cannot be built"),
        (("linknet", "mit_b0"), "linknet on mit_b0 .* cannot be built"),
        (("unet", "resnet18", "none", 0), "in_channels is 0"),
        (("unet", "resnet18", "none", 1, 0), "classes 0"),
    ],
)
def test_an_impossible_network_is_one_line(arguments, words):
    with pytest.raises(SeverstalError, match=words) as caught:
        build_model(*arguments)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("architecture", "options", "words"),
    [
        ("fpn", {"encoder_depth": 4}, "2 times as wide as the picture: set upsampling"),
        ("fpn", {"decoder_pyramid_channels": -8}, "cannot be built"),
        ("fpn", {"decoder_segmentation_channels": 33}, "cannot be built .*divisible"),  # by 32 groups
        ("unet", {"decoder_channels": [16, 8]}, "cannot be built .*Model depth is 5"),
        ("unet", {"decoder_channels": "wide"}, "cannot be built"),
        ("pan", {"encoder_output_stride": 7}, "cannot be built .*16 or 32"),
    ],
)
def test_impossible_options_are_one_line(architecture, options, words):
    with pytest.raises(SeverstalError, match=words) as caught:
        build_model(architecture, "tu-test_resnet", options=options)
    assert "\n" not in str(caught.value)
