"""A recipe's network, new or with trained weights; and what its prediction does not import."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch

from severstal.competition.spec import Spec
from severstal.errors import SeverstalError
from severstal.models.checkpoint import save_weights
from severstal.models.from_recipe import load_network, new_network
from severstal.recipe import LossSettings, ModelSettings, Recipe

SPEC = Spec("small", (64, 96), ("bright", "dark"))
UNET = Recipe(name="steel", model=ModelSettings("unet", "tu-test_resnet", "none", class_head=True))

PREDICT = """
import sys
import torch
from severstal.competition.spec import Spec
from severstal.models.from_recipe import load_network
from severstal.recipe import ModelSettings, Recipe

recipe = Recipe(name="steel", model=ModelSettings("unet", "tu-test_resnet", "none", class_head=True))
network = load_network(recipe, Spec("small", (64, 96), ("bright", "dark")), sys.argv[1])
with torch.inference_mode():
    assert network(torch.zeros(1, 1, 64, 96)).masks.shape == (1, 2, 64, 96)
banned = "albumentations matplotlib pandas severstal.training severstal.losses severstal.data".split()
print(",".join(name for name in banned if name in sys.modules) or "none")
"""


def test_prediction_imports_neither_training_nor_augmentation_nor_figures_nor_tables(tmp_path: Path) -> None:
    save_weights(new_network(UNET, SPEC), tmp_path / "a.safetensors")
    command = [sys.executable, "-c", PREDICT, str(tmp_path / "a.safetensors")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert (done.stdout.strip(), done.returncode) == ("none", 0), done.stderr


def test_the_recipe_and_the_data_set_say_what_is_built() -> None:
    network = new_network(UNET, SPEC)
    output = network(torch.zeros(2, 1, 64, 96))
    assert output.masks.shape == (2, 2, 64, 96)
    assert output.classes.shape == (2, 2)
    deep = new_network(Recipe(name="deep", model=UNET.model, loss=LossSettings(deep_supervision=0.5)), SPEC)
    assert deep(torch.zeros(2, 1, 64, 96)).auxiliary


def test_trained_weights_come_back_ready_to_predict(tmp_path: Path) -> None:
    torch.manual_seed(0)
    before = new_network(UNET, SPEC).eval()
    save_weights(before, tmp_path / "a.safetensors")
    after = load_network(UNET, SPEC, tmp_path / "a.safetensors")
    assert not after.training
    pictures = torch.randn(1, 1, 64, 96)
    with torch.inference_mode():
        assert torch.equal(after(pictures).masks, before(pictures).masks)


def test_missing_weights_are_one_line(tmp_path: Path) -> None:
    with pytest.raises(SeverstalError, match=r"a\.safetensors: no such weights"):
        load_network(UNET, SPEC, tmp_path / "a.safetensors")
