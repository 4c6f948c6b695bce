"""Views are dropped before networks, each step costs less, and what fits the time is kept."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import torch
from torch import nn

from severstal.competition.spec import Spec
from severstal.decision.rules import plain_rules
from severstal.deploy.kaggle.schedule import MARGIN, choose_reduction, reduced_model, reductions
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


def member(*probabilities: float, **views: tuple) -> TorchMember:
    inference = InferenceSettings(**{"flips": ("none", "horizontal"), "map_scale": 1, **views})
    recipe = replace(Recipe(), inference=inference)
    return TorchMember(recipe, [Network(Says(each), stride=1) for each in probabilities])


def model(*members: TorchMember, combiner: Combiner | None = None) -> TorchModel:
    described = tuple(
        ModelMember(str(n), len(each.networks), each.recipe.data) for n, each in enumerate(members)
    )
    description = ModelDescription("tiny", "", SPEC, plain_rules(SPEC), described, 1, 1)
    return TorchModel(description, members, combiner, choose_device("cpu"))


def test_views_go_first_and_the_last_step_is_one_network_on_one_view() -> None:
    steps = reductions([member(0.1, 0.2, 0.3, scales=(1.0, 0.75)), member(0.9)])
    costs = [step.cost for step in steps]
    assert costs[0] == 1
    assert all(after < before for before, after in pairwise(costs))
    assert steps[0].dropped == ""
    networks = [sum(len(each.networks) for each in step.members) for step in steps]
    views = [
        max(len(each.recipe.inference.flips) * len(each.recipe.inference.scales) for each in step.members)
        for step in steps
    ]
    assert networks == [4, 4, 4, 3, 2, 1]
    assert views == [4, 2, 1, 1, 1, 1]
    assert steps[1].members[0].recipe.inference.scales == (1.0,)
    assert "views" in steps[1].dropped
    assert "networks, 1 of 4 left" in steps[-1].dropped


@pytest.mark.parametrize("left", [1000.0, 60.0, 20.0, 1.0, 0.0])
def test_the_most_work_that_fits_is_kept(left: float) -> None:
    steps = reductions([member(0.1, 0.2, 0.3, 0.4, flips=("none", "horizontal", "vertical", "both"))])
    chosen = choose_reduction(steps, 0.5, 100, left)
    fits = [step for step in steps if step.cost * 0.5 * 100 <= MARGIN * left]
    assert chosen is (fits[0] if fits else steps[-1])


def test_a_reduced_ensemble_averages_what_is_left() -> None:
    whole = model(member(0.2), member(0.4), member(0.9), combiner=Combiner("mean", (1, 3, 1)))
    picture = np.zeros((1, 8, 12), np.uint8)
    by_members = {len(step.members): step for step in reductions(whole.members)}
    assert whole.probabilities(picture).maps.max() == round(255 * (0.2 + 3 * 0.4 + 0.9) / 5)
    two = reduced_model(whole, by_members[2]).probabilities(picture).maps
    assert set(np.unique(two)) == {round((51 + 3 * 102) / 4)}
    one = reduced_model(whole, by_members[1])
    assert set(np.unique(one.probabilities(picture).maps)) == {51}
    assert len(one.description.members) == 1
