"""Device, precision and workers chosen for this machine."""

import pytest
import torch
from torch import nn

from severstal import device
from severstal.device import (
    choose_precision,
    choose_workers,
    make_accelerator,
)


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a GPU")
def test_a_cpu_computes_in_fp32_and_prepares_its_own_crops() -> None:
    assert make_accelerator("auto").mixed_precision == "no"
    assert make_accelerator("fp16").mixed_precision == "no"
    assert choose_workers(-1) == 0


@pytest.mark.parametrize(
    ("capability", "auto", "fp16"),
    [(None, "fp32", "fp32"), ((7, 5), "fp16", "fp16"), ((8, 0), "bf16", "fp16"), ((9, 0), "bf16", "fp16")],
)
def test_what_a_precision_means_is_up_to_the_machine(
    capability: tuple[int, int] | None, auto: str, fp16: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: capability is not None)
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda: capability)
    assert choose_precision("auto") == auto
    assert choose_precision("fp16") == fp16
    assert choose_precision("bf16") == "bf16"
    assert choose_precision("fp32") == "fp32"


def test_a_gpu_gets_workers_and_processes_share_the_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(device, "available_cores", lambda: 12)
    assert choose_workers(-1) == 8
    assert choose_workers(0) == 0
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "4")
    assert choose_workers(-1) == 3
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "32")
    assert choose_workers(-1) == 1


def test_one_process_trains_in_one_precision_after_another() -> None:
    for precision, kind in (("bf16", torch.bfloat16), ("fp32", torch.float32), ("bf16", torch.bfloat16)):
        with make_accelerator(precision).autocast():
            assert nn.Linear(2, 2)(torch.zeros(1, 2)).dtype == kind
            assert nn.Conv2d(1, 2, 3)(torch.zeros(1, 1, 4, 4)).dtype == kind
