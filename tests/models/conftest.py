from collections.abc import Callable

import pytest
import torch

from severstal.models.registry import Network, build_model
from severstal.models.smallest import smallest


@pytest.fixture(scope="session")
def small() -> Callable[..., Network]:
    """Build an architecture as small as it gets; further settings are those of `build_model`."""

    def build(architecture: str, seed: int = 0, **settings) -> Network:
        encoder, options = smallest(architecture)
        torch.manual_seed(seed)
        return build_model(architecture, encoder, options=options, **settings)

    return build
