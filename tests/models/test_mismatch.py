"""An incompatible encoder is an `EncoderMismatch`; a bug of this package surfaces as itself."""

import pytest
import segmentation_models_pytorch as smp
import torch
from torch import nn

from severstal.errors import SeverstalError
from severstal.models import registry
from severstal.models.body import Body
from severstal.models.encoders import new_encoder
from severstal.models.fcn import Fcn8s
from severstal.models.mismatch import EncoderMismatch, is_library_code, library_call, runs_library_code
from severstal.models.network import Network, check_features
from severstal.models.pspnet import PspNet
from severstal.models.registry import build_model
from severstal.models.smp_networks import smp_network


class Faulty(Body):
    """A network with a mistake in its construction, or in its head."""

    def __init__(
        self, encoder_name, encoder_weights, in_channels, classes, aux_params=None, where="build", **kwargs
    ):
        encoder = new_encoder(encoder_name, in_channels, **kwargs)
        if where == "build":
            classes = len(classes)  # an int has no len: TypeError
        super().__init__(encoder, FaultyHead(encoder.out_channels[-1], classes), aux_params)


class FaultyHead(nn.Module):
    def __init__(self, depth, classes):
        super().__init__()
        self.score = nn.Conv2d(depth, classes, 1)

    def forward(self, features):
        return self.score(features[-1], stride=2)  # a convolution takes no stride here: TypeError


@pytest.fixture
def faulty(monkeypatch):
    def build(*arguments):
        return smp_network(Faulty, *arguments)

    monkeypatch.setitem(registry.BUILDERS, "faulty", build)


@pytest.mark.parametrize("where", ["build", "forward"])
def test_a_mistake_in_a_new_network_surfaces(faulty, where):
    with pytest.raises(TypeError, match=r"len|stride"):
        build_model("faulty", "tu-test_resnet", options={"where": where})


def test_an_encoder_that_a_new_network_cannot_have_is_a_mismatch(faulty):
    with pytest.raises(EncoderMismatch, match=r"faulty on tu-test_vit .* cannot be built"):
        build_model("faulty", "tu-test_vit")


def test_features_of_other_strides_are_a_mismatch():
    with pytest.raises(EncoderMismatch, match="a feature of stride 16 in place of 32"):
        check_features(Network(Fcn8s("tu-test_resnet", None, 1, 4, output_stride=16), stride=16), channels=1)
    with pytest.raises(EncoderMismatch, match="no feature of stride 32"):
        build_model("gcn", "tu-test_resnet", options={"depth": 4})


def test_it_is_an_error_that_a_person_can_repair():
    with pytest.raises(SeverstalError, match="it needs an encoder whose strides can be dilated") as caught:
        build_model("pspnet", "tu-test_maxvit")
    assert isinstance(caught.value, EncoderMismatch)
    assert isinstance(caught.value.__cause__, EncoderMismatch)


def test_own_errors_pass_a_library_call_unchanged():
    with pytest.raises(SeverstalError, match=r"^as it is$") as caught, library_call():
        raise SeverstalError("as it is")
    assert type(caught.value) is SeverstalError


def test_an_interrupt_is_no_mismatch():
    with pytest.raises(KeyboardInterrupt), library_call():
        raise KeyboardInterrupt


def test_an_error_without_words_is_named():
    with pytest.raises(EncoderMismatch, match=r"^AssertionError$"), library_call():
        raise AssertionError


@pytest.mark.parametrize(
    ("network", "expected"),
    [
        (lambda: smp.FPN("tu-test_resnet", encoder_weights=None), True),
        (lambda: PspNet("tu-test_resnet", None, 1, 4), True),  # of its own it has only settings
        (lambda: Fcn8s("tu-test_resnet", None, 1, 4), False),
        (lambda: nn.Sequential(nn.Conv2d(1, 1, 1), FaultyHead(1, 1)), False),
    ],
)
def test_whose_code_a_network_runs(network, expected):
    assert runs_library_code(network()) is expected


def test_whose_code_a_function_is():
    assert is_library_code(torch.nn.Conv2d.forward)
    assert not is_library_code(Fcn8s.__init__)
