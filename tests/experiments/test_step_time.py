"""Times of a recipe's steps: of each phase that begins, and more for more pixels."""

from dataclasses import replace

import pytest

from severstal.competition.spec import Spec
from severstal.experiments.step_time import measure_recipe
from severstal.recipe import PhaseSettings, load_recipe


def test_each_phase_is_timed_at_its_own_crop(tiny_recipe):
    recipe = load_recipe(tiny_recipe)
    recipe = replace(
        recipe,
        data=replace(recipe.data, scale=1),
        augment=replace(recipe.augment, crop=(32, 32)),
        training=replace(recipe.training, epochs=4),
        phases=(PhaseSettings(start=0.5, crop=(256, 256)), PhaseSettings(start=1.0, crop=(64, 64))),
    )
    found = measure_recipe(recipe, Spec("any", (256, 512), ("a", "b")), images=10, steps=3)
    assert [phase.start for phase in found.phases] == [0, 2]  # the last would begin after the end
    small, large = found.phases
    assert large.multiply_adds == pytest.approx(64 * small.multiply_adds, rel=0.1)  # one class head in both
    assert large.seconds > 4 * small.seconds > 0
    assert found.picture > 0
