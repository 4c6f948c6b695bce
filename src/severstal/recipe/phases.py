"""Phases of a training: set some settings over a part of the epochs, or remove them."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from severstal.recipe.training import PhaseSettings

Phases = tuple[PhaseSettings, ...]


def overlay(phases: Sequence[PhaseSettings], start: float, stop: float, **settings: Any) -> Phases:
    """Set some settings over a part of the training, across whatever phases it spans.

    Args:
        phases: phases in the order of their starts.
        start: start of the part, as a share of the epochs.
        stop: end of the part, as a share of the epochs, above `start`; 1 is the end of the training.
        settings: settings of a phase.

    Returns:
        The phases with those settings, split at `start` and `stop`.

    Example:
        >>> overlay((PhaseSettings(0.5, batch_size=4),), 0.0, 0.1, frozen_encoder=True)[0].frozen_encoder
        True
        >>> [phase.start for phase in overlay((PhaseSettings(0.5, batch_size=4),), 0.25, 0.75, crop=(64, 64))]
        [0.25, 0.5, 0.75]
    """
    cuts = sorted({start, *(phase.start for phase in phases), *([stop] if stop < 1 else [])})
    found = []
    for cut in cuts:
        phase = replace(_phase_at(phases, cut), start=cut)
        found.append(replace(phase, **settings) if start <= cut < stop else phase)
    return tuple(found)


def without(phases: Sequence[PhaseSettings], *names: str) -> Phases:
    """Remove some settings from all phases, and phases that then change nothing.

    Example:
        >>> without((PhaseSettings(0.0, frozen_encoder=True), PhaseSettings(0.1)), "frozen_encoder")
        ()
    """
    plain = PhaseSettings()
    kept: list[PhaseSettings] = []
    before = plain
    for phase in phases:
        phase = replace(phase, **{name: getattr(plain, name) for name in names})
        if replace(phase, start=0.0) != before:
            kept.append(phase)
            before = replace(phase, start=0.0)
    return tuple(kept)


def _phase_at(phases: Sequence[PhaseSettings], share: float) -> PhaseSettings:
    begun = [phase for phase in phases if phase.start <= share]
    return begun[-1] if begun else PhaseSettings()
