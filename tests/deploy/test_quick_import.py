"""A predictor opens without what prediction does not use, and torch's compiler works afterwards."""

import subprocess
import sys
from pathlib import Path

import numpy as np

HEAVY = (
    *("torch._dynamo", "sympy", "accelerate", "albumentations", "matplotlib", "pandas"),
    *("sklearn", "severstal.training", "severstal.data.augment"),
)

CODE = f"""
import sys
import numpy as np
import severstal
predictor = severstal.load(sys.argv[1], device="cpu")
predictor(np.load(sys.argv[2]))
print(*[name for name in {HEAVY} if name in sys.modules])
import torch
assert torch.compile(lambda x: x + 1, backend="eager")(torch.ones(2)).tolist() == [2, 2]
assert "torch._dynamo" in sys.modules
"""


def test_a_fresh_predictor_imports_nothing_that_it_does_without(
    finished_folder: Path, tmp_path: Path
) -> None:
    np.save(tmp_path / "a.npy", np.zeros((64, 96), np.uint8))
    words = [sys.executable, "-c", CODE, str(finished_folder / "runs/tiny-small"), str(tmp_path / "a.npy")]
    ran = subprocess.run(words, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.split() == []
