"""What a machine without a GPU is asked to do."""

import pytest
import torch

from severstal.training.device import choose_workers, make_accelerator


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a GPU")
def test_a_cpu_computes_in_fp32_and_prepares_its_own_crops() -> None:
    assert make_accelerator("auto").mixed_precision == "no"
    assert choose_workers(-1) == 0


def test_a_gpu_gets_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert 1 <= choose_workers(-1) <= 8
    assert choose_workers(0) == 0
