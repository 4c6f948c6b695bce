import copy

import pytest
import torch
from torch import nn

from severstal.models.checkpointing import _blocks, checkpoint_activations
from severstal.models.network import Network, encoder_of
from severstal.models.registry import build_model

DROPPING = {"drop_rate": 0.2, "drop_path_rate": 0.3}
NETWORKS = {
    "unet resnet18": ("unet", "resnet18", {}),
    "fpn timm with batch norm and dropped paths": ("fpn", "tu-mobilenetv3_small_050", DROPPING),
    "unet timm without half-size feature": ("unet", "tu-test_convnext", {"drop_path_rate": 0.3}),
    "fpn efficientnet of smp": ("fpn", "efficientnet-b0", {}),
    "unet densenet121": ("unet", "densenet121", {}),
    "segformer mit_b0": ("segformer", "mit_b0", {}),
    "unet vgg, one block": ("unet", "vgg11_bn", {}),
    "deeplab_v3 dilated": ("deeplab_v3", "tu-test_resnet", {}),
    "dpt": (
        "dpt",
        "tu-test_vit",
        {
            "decoder_intermediate_channels": [8, 8, 8, 8],
            "decoder_fusion_channels": 16,
            "drop_path_rate": 0.3,
        },
    ),
}


def twins(name, deep=False):
    architecture, encoder, options = NETWORKS[name]
    torch.manual_seed(0)
    network = build_model(architecture, encoder, options=options, deep_supervision=deep)
    other = copy.deepcopy(network)
    checkpoint_activations(other)
    return network, other


def step(network, pictures):
    torch.manual_seed(1)  # what is dropped
    output = network(pictures)
    parts = [output.masks, *getattr(output, "auxiliary", ())]
    loss = sum(part.square().mean() for part in parts)
    loss.backward()
    return output.masks.detach()


@pytest.mark.parametrize("name", NETWORKS)
def test_same_outputs_gradients_and_running_means(name):
    network, other = twins(name, deep=True)
    pictures = torch.randn(2, 1, 64, 64)
    for _ in range(2):
        torch.testing.assert_close(step(network, pictures), step(other, pictures))
    for (label, weight), again in zip(network.named_parameters(), other.parameters(), strict=True):
        if weight.grad is None:
            assert again.grad is None, label
        else:
            torch.testing.assert_close(again.grad, weight.grad, msg=label)
    for (label, buffer), again in zip(network.named_buffers(), other.named_buffers(), strict=True):
        torch.testing.assert_close(again[1], buffer, msg=label)


def kept(encoder, blocks, pictures):
    """Bytes that an encoder's forward pass keeps for the backward pass, weights excepted.

    A block that is computed again keeps what goes into it, which no hook on saved tensors sees.
    """
    storages = {}
    weights = {weight.data_ptr() for weight in encoder.parameters()}

    def keep(tensor):
        if tensor.data_ptr() not in weights:
            storages[tensor.untyped_storage().data_ptr()] = tensor  # held, so that its place is not reused
        return tensor

    def enter(_, inputs):
        keep(inputs[0])

    hooks = [block.register_forward_pre_hook(enter) for block in blocks]
    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        features = encoder(pictures)
    for hook in hooks:
        hook.remove()
    assert features
    return sum(tensor.untyped_storage().nbytes() for tensor in storages.values())


@pytest.mark.parametrize(
    ("name", "share"),
    [
        ("unet resnet18", 0.7),  # its stem, which is no block, is most of it
        ("fpn efficientnet of smp", 0.3),
        ("unet timm without half-size feature", 0.4),
        ("segformer mit_b0", 0.3),
        ("dpt", 0.4),
    ],
)
def test_less_is_kept(name, share):
    before, after = (encoder_of(network) for network in twins(name))
    pictures = torch.randn(2, 1, 64, 128)
    plain = kept(before, [], pictures)
    assert kept(after, _blocks(after), pictures) < share * plain


def test_names_of_weights_and_evaluation_stay_the_same():
    network, other = twins("unet resnet18")
    assert list(network.state_dict()) == list(other.state_dict())
    with torch.inference_mode():
        pictures = torch.randn(1, 1, 64, 64)
        assert torch.equal(network.eval()(pictures).masks, other.eval()(pictures).masks)


def test_a_batch_is_counted_once():
    _, other = twins("unet resnet18")
    step(other, torch.randn(2, 1, 64, 64))
    norms = [module for module in encoder_of(other).modules() if isinstance(module, nn.BatchNorm2d)]
    assert {int(norm.num_batches_tracked) for norm in norms} == {1}
    assert {norm.momentum for norm in norms} == {0.1}


def test_a_copy_computes_with_its_own_weights():
    _, other = twins("unet resnet18")
    copied = copy.deepcopy(other)
    with torch.no_grad():
        for weight in other.parameters():
            weight.zero_()
    masks = copied(torch.randn(2, 1, 64, 64)).masks
    assert masks.std() > 0
    masks.mean().backward()
    assert all(weight.grad is None for weight in other.parameters())


@pytest.mark.slow
def test_compiled_too_each_batch_is_seen_once():
    network, other = twins("deeplab_v3 dilated")
    pictures = torch.randn(2, 1, 64, 64)
    step(network, pictures)
    step(torch.compile(other, backend="aot_eager", fullgraph=True), pictures)
    for weight, again in zip(network.parameters(), other.parameters(), strict=True):
        torch.testing.assert_close(again.grad, weight.grad, atol=1e-4, rtol=1e-3)
    for buffer, again in zip(network.buffers(), other.buffers(), strict=True):
        torch.testing.assert_close(again, buffer, atol=1e-5, rtol=1e-4)


def test_under_bf16_autocast():
    network, other = twins("unet resnet18")
    pictures = torch.randn(2, 1, 64, 64)
    with torch.autocast("cpu", torch.bfloat16):
        torch.testing.assert_close(step(network, pictures), step(other, pictures))
    weight, again = next(network.parameters()), next(other.parameters())
    torch.testing.assert_close(weight.grad, again.grad)


def test_a_network_without_an_encoder_stays_as_it_is():
    network = Network(nn.Conv2d(1, 4, 1), stride=1)
    checkpoint_activations(network)
    assert network(torch.zeros(1, 1, 8, 8)).masks.shape == (1, 4, 8, 8)
