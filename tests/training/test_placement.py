"""A network made ready for this machine."""

import pytest
import torch
from torch import nn

from severstal.device import make_accelerator
from severstal.errors import SeverstalError
from severstal.models.registry import build_model
from severstal.recipe import TrainingSettings
from severstal.training.placement import compile_network, place_network


@pytest.mark.parametrize("channels_last", [True, False])
def test_weights_lie_as_the_recipe_says(channels_last: bool) -> None:
    settings = TrainingSettings(channels_last=channels_last)
    network = place_network(build_model("unet", "tu-test_resnet"), settings, make_accelerator("fp32"))
    weight = next(weight for weight in network.parameters() if weight.ndim == 4 and weight.shape[1] > 1)
    assert weight.is_contiguous(memory_format=torch.channels_last) is channels_last
    assert weight.is_contiguous() is not channels_last


def test_without_a_compiler_nothing_is_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("CXX", raising=False)
    with pytest.raises(SeverstalError, match=r"there is no g\+\+ .* set training\.compile = false"):
        compile_network(nn.Identity())
    monkeypatch.setenv("CXX", "/nowhere/c++")
    with pytest.raises(SeverstalError, match=r"there is no /nowhere/c\+\+ on this machine"):
        compile_network(nn.Identity())
