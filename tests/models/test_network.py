import pytest
import torch
from torch import nn

from severstal.errors import SeverstalError
from severstal.models.mismatch import EncoderMismatch
from severstal.models.network import Network, Output, OwnLossOutput, encoder_of, freeze_unused, supervise


class Recorder(nn.Module):
    """Gives its input back as masks, and remembers its size."""

    def forward(self, pictures):
        self.seen = tuple(pictures.shape)
        return pictures


@pytest.mark.parametrize(
    ("size", "stride", "smallest", "inside"),
    [
        ((64, 96), 32, 1, (64, 96)),
        ((65, 96), 32, 1, (96, 96)),
        ((70, 101), 16, 1, (80, 112)),
        ((1, 1), 32, 1, (32, 32)),
        ((64, 200), 16, 128, (128, 208)),
        ((256, 1600), 32, 128, (256, 1600)),
        ((256, 1600), 224, 1, (448, 1792)),
    ],
)
def test_pads_to_what_the_body_needs_and_no_further(size, stride, smallest, inside):
    body = Recorder()
    pictures = torch.randn(2, 1, *size)
    output = Network(body, stride, smallest)(pictures)
    assert body.seen == (2, 1, *inside)
    assert torch.equal(output.masks, pictures)  # cut back at the bottom and the right


def test_continues_the_last_row_and_column():
    class Corner(nn.Module):
        def forward(self, pictures):
            self.seen = pictures
            return pictures

    body = Corner()
    pictures = torch.tensor([[[[1.0, 2.0], [3.0, 4.0]]]])
    Network(body, stride=3)(pictures)
    expected = torch.tensor([[1.0, 2.0, 2.0], [3.0, 4.0, 4.0], [3.0, 4.0, 4.0]])
    assert torch.equal(body.seen[0, 0], expected)


def test_output_is_a_tuple_by_name():
    output = Network(Recorder(), stride=1)(torch.zeros(1, 1, 4, 4))
    assert isinstance(output, Output)
    masks, classes = output
    assert masks is output.masks
    assert classes is None


class TwoHeads(nn.Module):
    def __init__(self):
        super().__init__()
        self.masks = nn.Sequential(nn.Conv2d(1, 4, 1), nn.BatchNorm2d(4))
        self.classes = nn.Linear(1, 4)
        self.unused = nn.Linear(1, 4)

    def forward(self, pictures):
        return self.masks(pictures), self.classes(pictures.mean((2, 3)))


def test_unused_weights_are_frozen_and_nothing_else_changes():
    network = Network(TwoHeads(), stride=1)
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    with torch.no_grad():  # as a caller about to predict may have it
        freeze_unused(network, channels=1)
    frozen = [name for name, weight in network.named_parameters() if not weight.requires_grad]
    assert frozen == ["body.unused.weight", "body.unused.bias"]
    assert all(weight.grad is None for weight in network.parameters())
    assert all(torch.equal(before[name], tensor) for name, tensor in network.state_dict().items())
    assert all(module.training for module in network.modules())


def test_masks_of_another_size_are_refused():
    with pytest.raises(EncoderMismatch, match="2 times as wide"):
        freeze_unused(
            Network(nn.Sequential(nn.Conv2d(1, 4, 1), nn.Upsample(scale_factor=2)), stride=1), channels=1
        )


class WithEncoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(nn.Conv2d(1, 3, 8, 8), nn.Conv2d(3, 5, 2, 2))
        self.encoder.forward = self.features
        self.head = nn.Conv2d(1, 4, 1)

    def features(self, pictures):
        fine = self.encoder[0](pictures)
        return [pictures, fine, self.encoder[1](fine)]

    def forward(self, pictures):
        self.encoder(pictures)
        return self.head(pictures)


def test_the_encoder_is_found_inside_wrappers():
    network = Network(WithEncoder(), stride=16)
    assert encoder_of(network) is network.body.encoder
    assert encoder_of(nn.Sequential(network)) is network.body.encoder
    assert encoder_of(Network(Recorder(), stride=1)) is None
    assert encoder_of(nn.Conv2d(1, 1, 1)) is None


def test_weights_that_only_the_coarser_outputs_reach_are_not_frozen():
    plain, deep = Network(WithEncoder(), stride=16), Network(WithEncoder(), stride=16)
    supervise(deep, channels=1, classes=4, bias=-2.0)
    for network in (plain, deep):
        freeze_unused(network, channels=1)
    assert not any(weight.requires_grad for weight in encoder_of(plain).parameters())
    assert all(weight.requires_grad for weight in deep.parameters())
    assert [tuple(logits.shape) for logits in deep(torch.zeros(1, 1, 17, 40)).auxiliary] == [
        (1, 4, 3, 5),
        (1, 4, 2, 3),
    ]


def test_deep_supervision_without_an_encoder_is_an_error():
    with pytest.raises(SeverstalError, match="no encoder to supervise"):
        supervise(Network(Recorder(), stride=1), channels=1, classes=4, bias=0.0)


class Own(nn.Module):
    """Masks from one weight, a loss from another."""

    own_loss = True

    def __init__(self):
        super().__init__()
        self.masks, self.taught = nn.Conv2d(1, 2, 1), nn.Parameter(torch.ones(()))

    def forward(self, pictures):
        if not self.training:
            return self.masks(pictures)
        return OwnLossOutput(None, None, lambda truth: self.taught * truth.mean())


def test_a_network_with_a_loss_of_its_own():
    network = Network(Own(), stride=1)
    freeze_unused(network, channels=1)
    assert all(weight.requires_grad for weight in network.parameters())
    output = network(torch.zeros(2, 1, 5, 7))
    output.loss(torch.ones(2, 2, 5, 7)).backward()
    assert network.body.taught.grad == 1
    assert type(network.eval()(torch.zeros(2, 1, 5, 7))) is Output
    with pytest.raises(SeverstalError, match="a loss of its own"):
        supervise(network, 1, 2, 0.0)
