import pytest
import torch
from torch.nn import functional

from severstal.errors import SeverstalError
from severstal.models.hrnet import join_branches
from severstal.models.registry import build_model


def hrnet(**settings):
    torch.manual_seed(0)
    return build_model("hrnet", "tu-hrnet_w18_small", **settings)


def branches_of(network):
    """The branches of the next pass, with gradients."""
    kept = []

    def keep(_module, _inputs, features):
        for feature in features[2:]:
            feature.retain_grad()
            kept.append(feature)

    network.body.encoder.register_forward_hook(keep)
    return kept


def test_the_branches_are_those_of_the_paper():
    network = hrnet()
    branches = branches_of(network)
    network(torch.randn(2, 1, 64, 96))
    # Figure 2 with C = 16: channels double where the resolution halves, from stride 4.
    assert [tuple(branch.shape[1:]) for branch in branches] == [
        (16, 16, 24),
        (32, 8, 12),
        (64, 4, 6),
        (128, 2, 3),
    ]


def test_the_head_sees_every_branch_and_every_channel_of_it():
    network = hrnet()
    branches = branches_of(network)
    network(torch.randn(2, 1, 64, 96)).masks.square().mean().backward()
    for branch in branches:
        assert (branch.grad.abs().sum((0, 2, 3)) > 0).all()


def test_a_gradient_reaches_the_blocks_of_every_branch_at_every_stage():
    network = hrnet()
    network(torch.randn(2, 1, 64, 96)).masks.square().mean().backward()
    model = network.body.encoder.model
    for stage, count in ((model.stage2, 2), (model.stage3, 3), (model.stage4, 4)):
        assert len(stage[-1].branches) == count
        for branch in stage[-1].branches:
            assert all(weight.grad.abs().sum() > 0 for weight in branch.parameters() if weight.ndim == 4)


def test_masks_are_read_from_the_joined_branches_at_stride_4():
    network = hrnet().eval()
    pictures = torch.randn(1, 1, 64, 96)
    with torch.no_grad():
        features = network.body.encoder(pictures)
        joined = torch.cat(
            [functional.interpolate(f, (16, 24), mode="bilinear", align_corners=False) for f in features[2:]],
            dim=1,
        )
        assert joined.shape[1] == 16 + 32 + 64 + 128
        head = torch.nn.Sequential(*network.body.segmentation_head)
        expected = functional.interpolate(head(joined), scale_factor=4, mode="bilinear")
        torch.testing.assert_close(network(pictures).masks, expected)


def test_joining_keeps_the_finest_as_it_is_and_constants_constant():
    fine, coarse = torch.randn(2, 3, 5, 7), torch.full((2, 1, 3, 4), 2.5)
    joined = join_branches([fine, coarse])
    assert torch.equal(joined[:, :3], fine)
    torch.testing.assert_close(joined[:, 3:], torch.full((2, 1, 5, 7), 2.5))


@pytest.mark.parametrize("encoder", ["resnet18", "tu-test_convnext", "mit_b0", "vgg11_bn"])
def test_the_head_takes_other_encoders(encoder):
    network = build_model("hrnet", encoder, class_head=True)
    masks, classes = network(torch.randn(2, 1, 33, 70))
    assert masks.shape == (2, 4, 33, 70)
    assert classes.shape == (2, 4)


def test_weights_of_the_published_model_fit(tmp_path):
    import timm
    from safetensors.torch import save_file

    torch.manual_seed(7)
    published = timm.create_model("hrnet_w18_small").state_dict()
    save_file(published, tmp_path / "model.safetensors")
    network = hrnet(encoder_weights=str(tmp_path / "model.safetensors"))
    own = network.body.encoder.state_dict()
    assert torch.equal(own["model.conv1.weight"][:, 0], published["conv1.weight"].sum(1))
    last = "stage4.0.fuse_layers.0.3.0.weight"
    assert torch.equal(own[f"model.{last}"], published[last])


@pytest.mark.parametrize(
    ("encoder", "options", "words"),
    [
        ("tu-hrnet_w18_smal", {}, "the nearest known one is 'tu-hrnet_w18_small'"),
        ("tu-hrnet_w18_small", {"depth_of_it": 3}, "'depth_of_it' is unknown: the nearest .* 'depth'"),
        ("resnet18", {"decoder_channels": 3}, "decoder_channels"),
        ("tu-test_vit", {}, "hrnet on tu-test_vit .* cannot be built"),
    ],
)
def test_an_impossible_network_is_one_line(encoder, options, words):
    with pytest.raises(SeverstalError, match=words) as caught:
        build_model("hrnet", encoder, options=options)
    assert "\n" not in str(caught.value)
