"""Small models with networks that draw masks, and pictures to try them on."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pytest
import torch

from severstal.competition.spec import Spec
from severstal.data.inputs import to_inputs
from severstal.decision.rules import ClassRule, Rules
from severstal.deploy.model import ModelDescription, ModelMember
from severstal.deploy.torch_model import TorchMember, TorchModel
from severstal.deploy.trial_pictures import odd_crops, trial_pictures
from severstal.device import choose_device
from severstal.inference.ensemble import Combiner
from severstal.models.from_recipe import new_network
from severstal.recipe import DataSettings, InferenceSettings, ModelSettings, Recipe

SPEC = Spec("tiny", (64, 96), ("bright", "dark"))
UNET = ModelSettings(
    "unet", "tu-test_resnet", "none", class_head=True, options={"decoder_channels": [16, 16, 8, 8, 8]}
)

AS_IS = DataSettings()
Make = Callable[..., TorchModel]


def lively(recipe: Recipe, seed: int) -> torch.nn.Module:
    """A new network whose mask logits spread around 0, so that its masks have outlines."""
    torch.manual_seed(seed)
    network = new_network(recipe, SPEC, "none").eval()
    network.body = Spread(network.body)
    return network


def _calibrate(body: torch.nn.Module, shape: tuple[int, int]) -> None:
    """Let batch normalisation learn from noise, or random networks answer nearly the same for each pixel."""
    if getattr(body, "own_loss", False):
        return
    for module in body.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.momentum = 1.0
    body.train()
    with torch.no_grad():
        body(torch.rand(4, 1, *shape))
    body.eval()


class Spread(torch.nn.Module):
    """Centres and scales the mask logits of a body, by constants that a batch of noise gives."""

    def __init__(self, body: torch.nn.Module) -> None:
        super().__init__()
        self.body = body
        _calibrate(body, SPEC.image_shape)
        with torch.no_grad():
            result = body(torch.randn(2, 1, *SPEC.image_shape))
        masks = result[0] if isinstance(result, tuple) else result
        self.centre, self.width = float(masks.mean()), float(masks.std().clamp_min(1e-6))

    def forward(self, pictures: torch.Tensor) -> torch.Tensor | tuple[torch.Tensor, torch.Tensor]:
        result = self.body(pictures)
        masks, *others = result if isinstance(result, tuple) else (result,)
        masks = (masks - self.centre) / self.width
        return (masks, *others) if others else masks


@pytest.fixture
def make_model() -> Make:
    """Builds a model: settings of each member, folds of each, and how they are averaged."""

    def make(
        *members: tuple[InferenceSettings, int],
        data: DataSettings = AS_IS,
        model: ModelSettings = UNET,
        combiner: Combiner | None = None,
    ) -> TorchModel:
        parts = []
        for place, (inference, folds) in enumerate(members):
            recipe = replace(Recipe(), data=data, model=model, inference=inference)
            parts.append(TorchMember(recipe, [lively(recipe, 10 * place + fold) for fold in range(folds)]))
        rules = Rules(SPEC.classes, (ClassRule(0.4, 0.35, 4), ClassRule(0.3, 0.25, 1)))
        described = tuple(
            ModelMember(str(place), len(each.networks), data) for place, each in enumerate(parts)
        )
        scale = members[0][0].map_scale
        description = ModelDescription("tiny", "0f1e", SPEC, rules, described, scale, 32)
        return TorchModel(description, parts, combiner, choose_device("cpu", "fp32"))

    return make


def _clear_of_thresholds(model: TorchModel, pictures: Sequence[np.ndarray]) -> None:
    """Move a one-network model's thresholds to where no probability lies near, in the pictures given.

    Of some ten thousand probabilities of random weights, one is often within a rounding error of a threshold,
    and decides a pixel by chance.
    """
    [member] = model.members
    [network] = member.networks
    values: list[list[np.ndarray]] = [[] for _ in SPEC.classes]
    with torch.inference_mode():
        for picture in pictures:
            masks = network(to_inputs(picture[None], member.recipe.data, "cpu")).masks[0].sigmoid()
            for of_class, plane in zip(values, masks, strict=True):
                of_class.append(plane.numpy().ravel() * 255)

    def clearest(of_class: np.ndarray, levels: range) -> float:
        """The level, as a probability, from whose edge, half a step below, all values are farthest."""
        best = max(levels, key=lambda level: np.abs(of_class - (level - 0.5)).min())
        assert np.abs(of_class - (best - 0.5)).min() > 1e-3
        return (best - 0.25) / 255

    chosen = []
    for of_class, rule in zip(map(np.concatenate, values), model.description.rules.rules, strict=True):
        high, low = clearest(of_class, range(96, 128)), clearest(of_class, range(64, 96))
        chosen.append(replace(rule, high=high, low=low))
    rules = replace(model.description.rules, rules=tuple(chosen))
    model.description = replace(model.description, rules=rules)


@pytest.fixture
def clear_of_thresholds() -> Callable[[TorchModel, Sequence[np.ndarray]], None]:
    return _clear_of_thresholds


@pytest.fixture
def pictures() -> Sequence[np.ndarray]:
    some = trial_pictures(None, SPEC, 3)
    return [*some, *odd_crops(some)]
