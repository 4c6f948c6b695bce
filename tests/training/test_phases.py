"""One phase is in force in each epoch; the learning rate continues across phases of other batch sizes."""

from dataclasses import replace

import pytest

from severstal.errors import SeverstalError
from severstal.recipe import LossSettings, PhaseSettings, Recipe, TrainingSettings
from severstal.training.phases import Plan
from severstal.training.schedule import learning_rate_factor

TRAINING = TrainingSettings(epochs=10, batch_size=8, learning_rate=0.1, warmup=0.2, flat=0.3)


def plan(*phases: PhaseSettings, images: int = 80, **training: object) -> Plan:
    return Plan(Recipe(training=replace(TRAINING, **training), phases=phases), images)


def test_without_phases_all_epochs_are_as_the_recipe_says() -> None:
    recipe = Recipe(training=TRAINING, loss=LossSettings(masks={"dice": 1.0}, class_weights="balanced"))
    phase = Plan(recipe, 80).phase(9)
    assert phase == Plan(recipe, 80).phase(0)
    assert (phase.crop, phase.batch_size, phase.learning_rate) == ((256, 512), 8, 0.1)
    assert (phase.masks, phase.class_weights, phase.frozen_encoder) == ({"dice": 1.0}, "balanced", False)


def test_a_phase_changes_what_it_names_until_the_next() -> None:
    phases = (
        PhaseSettings(start=0.0, frozen_encoder=True, learning_rate=0.5),
        PhaseSettings(start=0.3, crop=(256, 1024), batch_size=4),
        PhaseSettings(start=0.8, masks={"dice": 2.0}, class_weights="balanced"),
    )
    growing = plan(*phases)
    assert [growing.phase(epoch).frozen_encoder for epoch in (0, 2, 3, 9)] == [True, True, False, False]
    assert [growing.phase(epoch).learning_rate for epoch in (2, 3)] == [0.5, 0.1]
    assert [growing.phase(epoch).crop[1] for epoch in (2, 3, 7, 8)] == [512, 1024, 1024, 512]
    assert [growing.batches(epoch) for epoch in (2, 3, 8)] == [10, 20, 10]
    assert [growing.phase(epoch).class_weights for epoch in (7, 8)] == ["none", "balanced"]
    assert growing.phase(8).masks == {"dice": 2.0}


def test_of_phases_that_fall_together_the_later_is_in_force() -> None:
    phases = PhaseSettings(start=0.1, batch_size=2), PhaseSettings(start=0.4, batch_size=3)
    short = plan(*phases, epochs=2)
    assert [short.phase(epoch).batch_size for epoch in (0, 1)] == [8, 3]
    assert plan(*phases, epochs=1).phase(0).batch_size == 8
    assert plan(PhaseSettings(start=1.0, batch_size=3)).phase(9).batch_size == 8


@pytest.mark.parametrize(("start", "least"), [(0.1, 2), (0.5, 2), (0.6, 3), (0.75, 4), (0.9, 10)])
def test_a_phase_that_never_begins_is_reported_with_the_epochs_that_it_needs(
    start: float, least: int
) -> None:
    late = PhaseSettings(start=start, batch_size=3)
    for epochs in range(1, least):
        assert {plan(late, epochs=epochs).phase(epoch).batch_size for epoch in range(epochs)} == {8}
        with pytest.raises(
            SeverstalError, match=rf"phases\[0\] starts at .*training.epochs = {least} or more"
        ):
            plan(late, epochs=epochs).check_phases()
    plan(late, epochs=least).check_phases()
    assert plan(late, epochs=least).phase(least - 1).batch_size == 3
    plan(PhaseSettings(start=1.0)).check_phases()  # which says of itself that it is never in force


@pytest.mark.parametrize("epochs", [1, 2, 7, 10, 40])
def test_a_phase_is_in_force_once_its_share_of_the_epochs_is_over(epochs: int) -> None:
    starts = [k / 10 for k in range(10)]
    phases = plan(
        *(PhaseSettings(start=start, batch_size=k + 1) for k, start in enumerate(starts)), epochs=epochs
    )
    for epoch in range(epochs):
        begun = [k for k in range(10) if k * epochs <= 10 * epoch]  # in whole numbers
        assert phases.phase(epoch).batch_size == begun[-1] + 1


def test_an_epoch_of_less_than_a_batch_is_one_step() -> None:
    assert plan(images=3).batches(0) == 1
    assert plan(images=15).batches(0) == 1
    assert plan(images=16).batches(0) == 2


def test_the_learning_rate_goes_over_all_steps_of_all_phases() -> None:
    smaller = plan(PhaseSettings(start=0.5, batch_size=4, learning_rate=0.2))
    assert sum(smaller.batches(epoch) for epoch in range(10)) == 150
    step = 0
    for epoch in range(10):
        for batch in range(smaller.batches(epoch)):
            peak = 0.1 if epoch < 5 else 0.2
            expected = peak * learning_rate_factor(step, 150, 0.2, 0.3)
            assert smaller.learning_rate(epoch, batch) == pytest.approx(expected)
            step += 1


@pytest.mark.parametrize(("swa", "first"), [(0.3, 7), (1.0, 0), (0.01, 9)])
def test_the_last_part_is_averaged_and_always_the_last_epoch(swa: float, first: int) -> None:
    averaged = [epoch for epoch in range(10) if plan(swa=swa).is_averaged(epoch)]
    assert averaged == list(range(first, 10))
