"""Networks built while meta tensors stay unfilled are the same, and random weights stay random."""

import torch

from severstal.models.registry import build_model
from severstal.models.skip_init import SkipMetaInit


def test_a_network_is_built_the_same() -> None:
    built = []
    for skipping in (True, False):
        torch.manual_seed(0)
        if skipping:
            with SkipMetaInit():
                built.append(build_model("fpn", "tu-test_resnet", class_head=True).state_dict())
        else:
            built.append(build_model("fpn", "tu-test_resnet", class_head=True).state_dict())
    assert built[0].keys() == built[1].keys()
    assert all(built[0][name].shape == built[1][name].shape for name in built[0])
    assert all(bool(weight.isfinite().all()) for weight in built[0].values())


def test_only_meta_tensors_stay_unfilled() -> None:
    with SkipMetaInit():
        weight = torch.nn.init.normal_(torch.zeros(50))
        meta = torch.nn.init.kaiming_normal_(torch.empty(3, 4, device="meta"))
    assert weight.std() > 0
    assert meta.is_meta
