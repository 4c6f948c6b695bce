"""Each network's defaults against its paper: strides, rates, bins, and how much of the encoder is used."""

from dataclasses import dataclass

import pytest
import torch
from torch import nn

from severstal.models.ksac import SharedKernel
from severstal.models.network import Network, encoder_of
from severstal.models.registry import architectures, build_model, describe_networks
from severstal.models.smallest import PARTICULAR, smallest


@dataclass(frozen=True)
class Setting:
    """A paper's setting.

    Attributes:
        stride: of the encoder's deepest feature.
        rates: dilations in the decoder.
        bins: of the pyramid pooling, beside the whole picture.
        stages: how many features of the encoder are read at most, the picture's own included.
        unused: why more than a tenth of the encoder's weights have no gradient; None where they have.
    """

    stride: int = 32
    rates: frozenset[int] = frozenset()
    bins: frozenset[int] = frozenset()
    stages: int = 6
    unused: str | None = None


def setting(stride: int = 32, rates: tuple = (), bins: tuple = (), stages: int = 6) -> Setting:
    return Setting(stride, frozenset(rates), frozenset(bins), stages)


PAPERS = {
    "deeplab_v1": setting(8, rates=(12,)),  # Chen 2015, section 3.1: LargeFOV
    "deeplab_v2": setting(8, rates=(6, 12, 18, 24)),  # Chen 2018, section 4.1.2: ASPP-L
    "deeplab_v3": setting(8, rates=(12, 24, 36)),  # Chen 2017, section 3.3: doubled at stride 8
    "deeplab_v3plus": setting(16, rates=(6, 12, 18)),  # Chen 2018, section 4
    "dinov3_dpt": setting(16, stages=4),
    "dpt": setting(16, stages=4),  # Ranftl 2021, section 3: four blocks
    "fcn16s": setting(),  # Long 2015
    "fcn32s": setting(),
    "fcn8s": setting(),
    "fpn": setting(),  # Lin 2017; Kirillov 2019
    "gcn": setting(),  # Peng 2017, figure 2
    "hrnet": setting(),  # Wang 2020, figure 4 (b)
    "hrnet_ocr": setting(),
    "ksac": setting(16, rates=(6, 12, 18)),  # Huang 2019, section 4
    "linknet": setting(),  # Chaurasia 2017
    "manet": setting(),  # Fan 2020
    "maskrcnn": setting(),  # He 2017 with Lin 2017's pyramid
    "pan": setting(16),  # Li 2018, section 3.3: the last stage dilated by 2
    "pspnet": setting(8, bins=(2, 3, 6)),  # Zhao 2017, section 3.2
    "segformer": setting(),  # Xie 2021
    "segmenter_linear": setting(16, stages=1),  # Strudel 2021: the last block
    "segmenter_mask": setting(16, stages=1),
    "segnet": setting(),  # Badrinarayanan 2017: 13 convolutions, 5 poolings
    "unet": setting(),
    "unet_paper": setting(16, stages=5),  # Ronneberger 2015: 4 poolings
    "unetplusplus": setting(),
    "upernet": setting(bins=(2, 3, 6)),  # Xiao 2018: PSPNet's pooling on the deepest feature
}
# It is a method that counts, without an encoder.
NO_ENCODER = {"classical"}


@pytest.fixture(scope="module", params=sorted(PAPERS))
def built(request) -> tuple[Setting, Network]:
    encoder, options = smallest(request.param)
    if request.param not in PARTICULAR:
        encoder = "resnet18"
    return PAPERS[request.param], build_model(request.param, encoder, options=options).eval()


def test_every_network_is_in_the_table():
    assert set(PAPERS) | NO_ENCODER == set(architectures())


def test_the_defaults_are_the_papers(built):
    paper, network = built
    encoder = encoder_of(network)
    side = 64 + -64 % network.stride
    with torch.no_grad():
        features = encoder(torch.zeros(1, 1, side, side))
    features = features[0] if isinstance(features, tuple) else features  # without tokens or places of maxima
    features = [feature for feature in features if feature.shape[1]]
    assert side / features[-1].shape[-1] == paper.stride
    assert len(features) == paper.stages or (len(features) == 5 and paper.stages == 6)  # without stride 2

    inside = set(encoder.modules())
    others = [module for module in network.modules() if module not in inside]
    rates = {module.dilation[0] for module in others if isinstance(module, nn.Conv2d)} - {1}
    rates |= {rate for module in others if isinstance(module, SharedKernel) for rate in module.rates}
    assert rates == paper.rates
    pools = [module.output_size for module in others if isinstance(module, nn.AdaptiveAvgPool2d)]
    bins = {pool[0] if isinstance(pool, tuple) else pool for pool in pools} - {1}
    assert bins == paper.bins
    if paper.bins:
        assert any(pool in (1, (1, 1)) for pool in pools)  # and the whole picture


def test_nine_tenths_of_the_encoder_have_a_gradient_or_the_table_has_the_reason(built):
    paper, network = built
    weights = list(encoder_of(network).parameters())
    used = sum(weight.numel() for weight in weights if weight.requires_grad)
    share = used / sum(weight.numel() for weight in weights)
    assert (share < 0.9) == (paper.unused is not None), share


def test_every_network_is_described_by_a_paper_and_a_line():
    rows = describe_networks()
    assert [row.name for row in rows] == list(architectures())
    for row in rows:
        assert any(year in row.paper for year in map(str, range(1979, 2027))), row
        assert row.summary[0].isupper(), row
        assert "\n" not in row.summary, row
        assert len(row.summary) <= 100, row
