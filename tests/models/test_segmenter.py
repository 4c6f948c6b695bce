import pytest
import timm
import torch
from safetensors.torch import save_file
from torch.nn import functional

from severstal.errors import SeverstalError
from severstal.models.registry import build_model
from severstal.models.segmenter import MaskTransformer


def segmenter(decoder, **settings):
    torch.manual_seed(0)
    return build_model(f"segmenter_{decoder}", "tu-test_vit", **settings)


def tokens_of(network, pictures):
    """The output of timm's own model for the pictures, without its prefix tokens."""
    model = network.body.encoder.model
    return model.forward_features(pictures)[:, model.num_prefix_tokens :]


def test_masks_are_the_product_of_the_normalised_embeddings_of_patches_and_classes():
    torch.manual_seed(0)
    decoder = MaskTransformer(64, classes=3, layers=2).eval()
    with torch.no_grad():
        decoder.logits.weight.copy_(torch.tensor([1.0, 2.0, 3.0]).reshape(3, 1, 1, 1))
        decoder.logits.bias.copy_(torch.tensor([-1.0, 0.0, 1.0]))
        features = torch.randn(2, 64, 4, 6)
        patches, classes = decoder.embed(features)
        logits = decoder(features)
    assert patches.shape == (2, 24, 64)
    assert classes.shape == (2, 3, 64)
    torch.testing.assert_close(patches.norm(dim=2), torch.ones(2, 24))
    torch.testing.assert_close(classes.norm(dim=2), torch.ones(2, 3))
    for number in range(3):
        cosine = functional.cosine_similarity(patches, classes[:, None, number], dim=2).reshape(2, 4, 6)
        torch.testing.assert_close(logits[:, number], (number + 1) * cosine + (number - 1))


def test_classes_and_patches_attend_to_each_other():
    torch.manual_seed(0)
    decoder = MaskTransformer(64, classes=3, layers=1).eval()
    features = torch.randn(1, 64, 4, 6)
    changed = features.clone()
    changed[..., 0, 0] += 1
    with torch.no_grad():
        (patches, classes), (patches_then, classes_then) = decoder.embed(features), decoder.embed(changed)
        assert ((classes_then - classes).abs().amax(2) > 1e-6).all()
        decoder.embeddings[0] += 1
        assert not torch.equal(decoder.embed(changed)[0], patches_then)
    assert not torch.equal(patches[:, 1:], patches_then[:, 1:])


def test_masks_of_a_single_class_vary_over_the_picture():
    network = segmenter("mask", classes=1).eval()
    with torch.no_grad():
        assert network(torch.randn(1, 1, 64, 96)).masks.std() > 0.01


@pytest.mark.parametrize("decoder", ["linear", "mask"])
def test_the_decoder_reads_the_last_patches_as_timm_gives_them(decoder):
    network = segmenter(decoder).eval()
    pictures = torch.randn(2, 1, 64, 96)
    with torch.no_grad():
        grid = tokens_of(network, pictures).mT.unflatten(2, (4, 6))
        expected = functional.interpolate(network.body.segmentation_head(grid), (64, 96), mode="bilinear")
        torch.testing.assert_close(network(pictures).masks, expected, atol=1e-4, rtol=1e-4)


def test_the_linear_decoder_is_one_linear_layer_of_each_patch():
    network = segmenter("linear", classes=3).eval()
    decoder = network.body.segmentation_head
    assert sum(weight.numel() for weight in decoder.parameters()) == 3 * (64 + 1)
    features = torch.randn(2, 64, 4, 6)
    with torch.no_grad():
        expected = functional.linear(features.permute(0, 2, 3, 1), decoder.weight.flatten(1), decoder.bias)
        torch.testing.assert_close(decoder(features), expected.permute(0, 3, 1, 2))


def test_layers_of_the_decoder():
    assert len(segmenter("mask").body.segmentation_head.blocks) == 2
    assert len(segmenter("mask", options={"decoder_layers": 1}).body.segmentation_head.blocks) == 1


def test_weights_of_the_published_model_fit(tmp_path):
    torch.manual_seed(7)
    published = timm.create_model("test_vit").state_dict()
    save_file(published, tmp_path / "model.safetensors")
    network = segmenter("mask", encoder_weights=str(tmp_path / "model.safetensors"))
    own = network.body.encoder.model.state_dict()
    assert torch.equal(own["norm.weight"], published["norm.weight"])
    assert torch.equal(own["blocks.5.mlp.fc2.weight"], published["blocks.5.mlp.fc2.weight"])
    assert torch.equal(own["patch_embed.proj.weight"][:, 0], published["patch_embed.proj.weight"].sum(1))


@pytest.mark.parametrize("encoder", ["tu-deit_tiny_patch16_224", "tu-vit_tiny_patch16_dinov3_qkvb"])
def test_other_vision_transformers(encoder):
    network = build_model("segmenter_mask", encoder, class_head=True, options={"decoder_layers": 1})
    masks, classes = network(torch.randn(1, 1, 33, 70))
    assert masks.shape == (1, 4, 33, 70)
    assert classes.shape == (1, 4)
    assert all(weight.requires_grad for weight in network.parameters())


@pytest.mark.parametrize(
    ("architecture", "encoder", "options", "words"),
    [
        ("segmenter_mask", "resnet18", {}, "not of timm.* needs a vision transformer"),
        ("segmenter_linear", "tu-test_resnet", {}, "has no patches.* needs a vision transformer"),
        ("segmenter_mask", "tu-test_vit", {"decoder_layer": 1}, "nearest known one is 'decoder_layers'"),
        (
            "segmenter_mask",
            "tu-test_vit",
            {"decoder_layers": "two"},
            "'decoder_layers' is 'two': give",
        ),
        ("segmenter_linear", "tu-test_vit", {"decoder_layers": 1}, "'decoder_layers' is unknown"),
    ],
)
def test_an_impossible_network_is_one_line(architecture, encoder, options, words):
    with pytest.raises(SeverstalError, match=words) as caught:
        build_model(architecture, encoder, options=options)
    assert "\n" not in str(caught.value)
