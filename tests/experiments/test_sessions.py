"""The plan of a training: every epoch once, no session overfull, and durations that follow from the times."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from severstal.errors import SeverstalError
from severstal.experiments import sessions
from severstal.experiments.gpus import GPUS, Gpu
from severstal.experiments.sessions import estimate_training, measure_ratio
from severstal.experiments.step_time import PhaseTime, RecipeTime
from severstal.recipe import load_recipe

RECIPE = load_recipe("laptop_ensemble")


def times(*seconds):
    return [RecipeTime((PhaseTime(0, each, 1000),), picture=each) for each in seconds]


@given(
    hours=st.floats(0.2, 30),
    seconds=st.lists(st.floats(0.001, 0.2), min_size=3, max_size=3),
    ratio=st.floats(1, 50),
)
def test_every_epoch_is_planned_once_and_no_session_is_overfull(hours, seconds, ratio):
    found = estimate_training(RECIPE, times(*seconds), 1000, 100, ratio, hours)
    seen = [
        (part.network, part.fold, epoch) for part in found.parts for epoch in range(part.first, part.last + 1)
    ]
    wanted = [
        (member.name, fold, epoch)
        for member in RECIPE.members
        for fold in range(member.data.train_folds)
        for epoch in range(1, member.training.epochs + 1)
    ]
    assert seen == wanted
    by_session = {}
    for part in found.parts:
        by_session[part.session] = by_session.get(part.session, 0) + part.hours
    assert list(by_session) == list(range(1, found.sessions + 1))
    assert max(by_session.values()) <= 0.95 * hours + 1e-9
    epoch_seconds = sum(
        member.training.epochs * member.data.train_folds * (member.training.epoch_images + 1000 / 5) * each
        for member, each in zip(RECIPE.members, seconds, strict=True)
    )
    assert found.hours == pytest.approx(epoch_seconds / ratio / 3600)


def test_prediction_counts_views_folds_and_test_images():
    found = estimate_training(RECIPE, times(0.1, 0.1, 0.1), 1000, 100, 2.0, 9)
    views = 4 * (1000 + 5 * 100)  # each labelled picture by its fold, each test picture by all five
    assert found.prediction == pytest.approx(3 * views * 0.1 / 2 / 3600)
    assert found.crops == pytest.approx({member.name: 2 / 0.1 for member in RECIPE.members})


def test_a_phase_counts_from_its_first_epoch():
    plain = load_recipe("plain_smp")
    recipe = replace(plain, training=replace(plain.training, epochs=4, epoch_images=100))
    time = RecipeTime((PhaseTime(0, 1.0, 1), PhaseTime(3, 5.0, 1)), picture=0.0)
    found = estimate_training(recipe, [time], 1000, 0, 1.0, 9)
    folds = recipe.data.train_folds
    assert found.hours == pytest.approx(folds * (3 * 100 * 1.0 + 100 * 5.0) / 3600)


def test_a_session_shorter_than_an_epoch_is_one_line():
    with pytest.raises(SeverstalError, match=r"--hours 0\.01: an epoch of .*fpn-lite0 takes 0\.6\d h"):
        estimate_training(RECIPE, times(1, 1, 1), 1000, 100, 1.0, 0.01)


def test_the_ratio_is_that_of_the_multiply_adds(monkeypatch):
    phase = PhaseTime(0, seconds=0.5, multiply_adds=10**9)
    monkeypatch.setattr(sessions, "measure_recipe", lambda *_, **__: RecipeTime((phase,), 0.1))
    here = 3 * 10**9 / 0.5  # multiply-adds per second of forward and backward pass
    assert measure_ratio(None) == 1
    assert measure_ratio(Gpu(65)) == pytest.approx(0.15 * 65e12 / 2 / here)
    assert measure_ratio(GPUS["t4x2"]) == pytest.approx(2 * measure_ratio(GPUS["t4"]))
