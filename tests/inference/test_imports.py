"""Inference of a trained network imports no training, tables, figures or augmentation."""

import subprocess
import sys

import pytest

HEAVY = ("pandas", "matplotlib", "albumentations", "sklearn", "severstal.training", "severstal.data.augment")


@pytest.mark.parametrize(
    ("modules", "absent"),
    [
        ("severstal.decision.draw, severstal.decision.rules", ("torch", *HEAVY)),
        ("severstal.inference.predict, severstal.inference.ensemble, severstal.inference.maps", HEAVY),
    ],
)
def test_inference_does_without(modules, absent):
    code = f"import sys, {modules}; print(*sorted(set({absent}) & set(sys.modules)))"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.split() == []
