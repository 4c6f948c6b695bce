import math

import pytest
import segmentation_models_pytorch as smp
import torch

from severstal.errors import SeverstalError
from severstal.models.registry import build_model
from severstal.models.smp_networks import PRIOR, smp_network


def build(decoder=smp.Unet, encoder="tu-test_resnet", class_head=False, **options):
    return smp_network(decoder, encoder, "none", 1, 4, class_head, options)


def test_is_smps_own_network():
    torch.manual_seed(0)
    ours = build(smp.FPN, decoder_pyramid_channels=64).eval()
    torch.manual_seed(0)
    theirs = smp.FPN(
        "tu-test_resnet", encoder_weights=None, in_channels=1, classes=4, decoder_pyramid_channels=64
    )
    theirs.eval()
    prior = math.log(PRIOR / (1 - PRIOR))  # theirs starts from 0
    pictures = torch.randn(2, 1, 64, 96)
    torch.testing.assert_close(ours(pictures).masks, theirs(pictures) + prior)


@pytest.mark.parametrize(
    ("decoder", "encoder"), [(smp.Unet, "tu-test_resnet"), (smp.PAN, "resnet18"), (smp.DPT, "tu-test_vit")]
)
def test_defects_are_rare_before_training(decoder, encoder):
    network = build(decoder, encoder).eval()
    with torch.inference_mode():
        probabilities = network(torch.zeros(1, 1, 64, 64)).masks.sigmoid()
    assert probabilities.median() < 0.1


@pytest.mark.parametrize("encoder", ["tu-test_resnet", "resnet18"])
@pytest.mark.parametrize(
    ("option", "near"), [("decoder_chanels", "decoder_channels"), ("encoder_dept", "encoder_depth")]
)
def test_a_misspelt_option_gets_the_nearest(encoder, option, near):
    with pytest.raises(SeverstalError, match=f"{option!r} is unknown: the nearest known one is {near!r}"):
        build(encoder=encoder, **{option: 4})


def test_an_option_that_smp_would_silently_ignore_is_refused():
    with pytest.raises(SeverstalError, match="'drop_path_rate' is unknown"):
        build(encoder="resnet18", drop_path_rate=0.1)  # only timm's encoders know it


def test_an_option_of_timm_reaches_timm():
    network = build(encoder="tu-test_convnext", drop_path_rate=0.5)
    assert any(type(module).__name__ == "DropPath" for module in network.modules())


@pytest.mark.parametrize("option", ["activation", "encoder_weights", "classes"])
def test_an_option_that_is_set_elsewhere_in_the_recipe_is_refused(option):
    with pytest.raises(SeverstalError, match=f"{option!r} may not be set"):
        build(**{option: "sigmoid"})


def test_the_class_heads_pooling_and_dropout():
    network = build(class_head=True, aux_params={"pooling": "max", "dropout": 0.5})
    head = network.body.classification_head
    assert isinstance(head[0], torch.nn.AdaptiveMaxPool2d)
    assert head[2].p == 0.5
    with pytest.raises(SeverstalError, match="set class_head = true"):
        build(aux_params={"pooling": "max"})


def test_a_class_head_stays_one_of_logits_and_of_all_classes():
    network = build(class_head=True, aux_params={"activation": "sigmoid", "classes": 7}).eval()
    _, classes = network(torch.full((1, 1, 64, 64), 100.0))
    assert classes.shape == (1, 4)
    assert type(network.body.classification_head[4].activation) is torch.nn.Identity


@pytest.mark.parametrize(
    ("decoder", "stride", "smallest"),
    [(smp.Unet, 32, 1), (smp.PSPNet, 8, 1), (smp.DeepLabV3, 8, 1), (smp.PAN, 16, 128)],
)
def test_strides(decoder, stride, smallest):
    network = build(decoder)
    assert (network.stride, network.smallest) == (stride, smallest)


def test_a_shallower_encoder_needs_a_smaller_stride():
    network = build_model(
        "unet", "tu-test_resnet", options={"encoder_depth": 3, "decoder_channels": [32, 16, 8]}
    )
    assert network.stride == 8
    assert network(torch.zeros(2, 1, 40, 56)).masks.shape == (2, 4, 40, 56)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("architecture", "encoder"),
    [
        ("fpn", "tu-swin_tiny_patch4_window7_224"),
        ("dpt", "tu-deit3_small_patch16_224"),
        ("dpt", "tu-vit_small_patch16_dinov3"),
        ("fpn", "tu-test_maxvit"),
        ("fpn", "efficientnet-b3"),
        ("unet", "se_resnext50_32x4d"),
        ("segformer", "mit_b0"),
        ("upernet", "tu-convnext_tiny"),
    ],
)
def test_encoders_that_people_use(architecture, encoder):
    network = build_model(architecture, encoder, class_head=True)
    masks, _ = network(torch.randn(2, 1, 96, 300))
    masks.mean().backward()
    assert masks.shape == (2, 4, 96, 300)
