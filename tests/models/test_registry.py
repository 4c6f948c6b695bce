import pytest
import torch

from severstal.errors import SeverstalError
from severstal.models.registry import architectures, build_model
from severstal.models.smallest import smallest

# They need vision transformers or VGGs, or have their own encoder; maskrcnn has a loss of its own, and this
# test in its own file.
PARTICULAR = {
    "classical",
    "dinov3_dpt",
    "dpt",
    "maskrcnn",
    "segmenter_linear",
    "segmenter_mask",
    "segnet",
    "unet_paper",
}


@pytest.mark.parametrize("architecture", sorted(set(architectures()) - PARTICULAR))
@pytest.mark.parametrize("encoder", [pytest.param("resnet18", marks=pytest.mark.slow), "tu-test_convnext"])
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
        "deeplab_v3",
        "deeplab_v3plus",
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
        (("unet", "resnet34.a1_in1k"), "encoder_name 'resnet34.a1_in1k' is unknown: .* 'resnet34'"),
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


@pytest.mark.parametrize(
    "architecture", ["unet", "dpt", "segmenter_linear", "maskrcnn", "hrnet_ocr", "dinov3_dpt"]
)
@pytest.mark.parametrize(
    "name",
    ["checkpoint_path", "pretrained", "pretrained_cfg", "pretrained_cfg_overlay", "cache_dir", "kwargs"],
)
def test_no_option_reaches_a_loader(architecture, name, tmp_path, monkeypatch):
    path = tmp_path / "x.pth"
    torch.save({"weight": torch.zeros(1)}, path)
    for loader in ("torch.load", "timm.models.load_checkpoint", "timm.models._builder.load_pretrained"):
        monkeypatch.setattr(loader, lambda *_, **__: pytest.fail("a file was opened"))
    encoder, options = smallest(architecture)
    for value in (str(path), "x", {"file": str(path)}, {"custom_load": True}, True):
        with pytest.raises(SeverstalError, match=r"model option '.*' (is|may not)") as caught:
            build_model(architecture, encoder, options={**options, name: value})
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "value", ["/etc/passwd", "a.pth", "..", "hf-hub:a", ["a/b"], {"type": "a\\b"}, {"a.b": 1}, None.__class__]
)
def test_no_value_of_an_option_is_a_path(value):
    with pytest.raises(
        SeverstalError,
        match=r"model option 'decoder_attention_type' is .*: give (letters and digits|numbers)",
    ):
        build_model("unet", "tu-test_resnet", options={"decoder_attention_type": value})


@pytest.mark.parametrize(
    "encoder", ["tu-hf-hub:a/b", "tu-local-dir:/tmp", "/tmp/a.pth", "tu-test_resnet.a/b"]
)
def test_no_encoder_is_fetched_from_a_place(encoder):
    with pytest.raises(SeverstalError, match=r"encoder_name .* is unknown"):
        build_model("unet", encoder)
