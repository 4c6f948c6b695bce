"""Phases over phases, against a table of what is in force at every moment."""

import pytest

from severstal.recipe import PhaseSettings
from severstal.recipe.phases import overlay, without

GROWING = (PhaseSettings(0.25, crop=(64, 64)), PhaseSettings(0.5, crop=(64, 128), batch_size=2))


def in_force(phases: tuple[PhaseSettings, ...], share: float) -> tuple:
    begun = [phase for phase in phases if phase.start <= share]
    phase = begun[-1] if begun else PhaseSettings()
    return phase.crop, phase.batch_size, phase.frozen_encoder, phase.class_weights


@pytest.mark.parametrize("phases", [(), GROWING])
@pytest.mark.parametrize(("start", "stop"), [(0.0, 0.1), (0.0, 1.0), (0.25, 0.5), (0.3, 0.7), (0.6, 1.0)])
def test_an_overlay_changes_its_part_and_nothing_else(
    phases: tuple[PhaseSettings, ...], start: float, stop: float
) -> None:
    changed = overlay(phases, start, stop, frozen_encoder=True)
    assert [phase.start for phase in changed] == sorted({phase.start for phase in changed})
    for share in (k / 100 for k in range(100)):
        crop, batch, frozen, weights = in_force(phases, share)
        expected = (crop, batch, frozen or start <= share < stop, weights)
        assert in_force(changed, share) == expected, share
    assert without(changed, "frozen_encoder") == phases


def test_what_is_taken_out_takes_its_phases_along() -> None:
    assert without(GROWING, "crop") == (PhaseSettings(0.5, batch_size=2),)
    assert without(GROWING, "crop", "batch_size") == ()
    three = overlay(GROWING, 0.0, 0.1, frozen_encoder=True)
    assert without(three, "crop", "batch_size") == (
        PhaseSettings(0.0, frozen_encoder=True),
        PhaseSettings(0.1),
    )
