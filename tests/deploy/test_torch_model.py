"""The networks of runs as a model: averages are the combiner's, and the members' spread is theirs."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from severstal.competition.spec import Spec
from severstal.decision.rules import plain_rules
from severstal.deploy.model import ModelDescription, ModelMember
from severstal.deploy.torch_model import TorchMember, TorchModel
from severstal.device import choose_device
from severstal.inference.ensemble import Combiner
from severstal.models.network import Network
from severstal.recipe import InferenceSettings, Recipe

SPEC = Spec("tiny", (8, 12), ("bright", "dark"))


class Says(nn.Module):
    """A network that gives one probability everywhere."""

    def __init__(self, probability: float) -> None:
        super().__init__()
        self.logit = nn.Parameter(torch.logit(torch.tensor(probability)))

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        return self.logit.expand(len(pictures), 2, *pictures.shape[2:])


def member(*probabilities: float, scale: int = 1) -> TorchMember:
    recipe = replace(Recipe(), inference=InferenceSettings(flips=("none",), map_scale=scale))
    return TorchMember(recipe, [Network(Says(each), stride=1) for each in probabilities])


def model(*members: TorchMember, weights: tuple[float, ...] | None = None) -> TorchModel:
    scales = {each.recipe.inference.map_scale for each in members}
    description = ModelDescription(
        "tiny",
        "",
        SPEC,
        plain_rules(SPEC),
        tuple(
            ModelMember(str(place), len(each.networks), each.recipe.data)
            for place, each in enumerate(members)
        ),
        scales.pop() if len(scales) == 1 else 1,
        1,
    )
    combiner = None if weights is None else Combiner("mean", weights)
    return TorchModel(description, members, combiner, choose_device("cpu"))


PICTURES = np.zeros((3, 9, 13), np.uint8)


def test_one_network_has_no_spread() -> None:
    said = model(member(0.2, scale=2)).probabilities(PICTURES)
    assert said.maps.shape == (3, 2, 5, 7)
    assert said.classes.shape == (3, 2)
    assert (said.maps == 51).all()
    assert said.spread is None


def test_folds_are_averaged_and_their_spread_is_their_standard_deviation() -> None:
    said = model(member(0.2, 0.4, 0.6)).probabilities(PICTURES)
    assert (said.maps == 102).all()
    assert said.spread is not None
    assert said.spread.shape == said.maps.shape
    assert (said.spread == round(255 * np.std([0.2, 0.4, 0.6]))).all()


def test_members_are_averaged_by_their_weights() -> None:
    said = model(member(0.2), member(0.6, 0.6), weights=(4, 1)).probabilities(PICTURES)
    assert (said.maps == round(255 * 0.28)).all()
    assert (said.classes == round(255 * 0.28)).all()
    assert said.spread is not None
    assert (said.spread == 51).all()


def test_members_of_different_resolutions_meet_in_the_pictures_own() -> None:
    said = model(member(0.2, scale=2), member(0.6, scale=4), weights=(1, 1)).probabilities(PICTURES)
    assert said.maps.shape == (3, 2, 9, 13)
    assert (said.maps == 102).all()


def test_a_batch_that_does_not_fit_is_predicted_in_halves(monkeypatch: pytest.MonkeyPatch) -> None:
    small = model(member(0.2, 0.4))
    whole = small._predict

    def limited(pictures: np.ndarray):
        if len(pictures) > 1:
            raise torch.cuda.OutOfMemoryError("2 GiB")
        return whole(pictures)

    monkeypatch.setattr(small, "_predict", limited)
    said = small.probabilities(PICTURES)
    for halves, at_once in zip(said, whole(PICTURES), strict=True):
        assert np.array_equal(halves, at_once)
