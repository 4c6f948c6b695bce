"""The modes of gate compared, by rules that may use one mode at a time."""

from dataclasses import replace

import numpy as np
import pandas as pd

from severstal.decision.crossfit import cross_fit
from severstal.decision.search import SearchSettings
from severstal.decision.summary import Summary


def compare_gate_modes(
    summary: Summary, folds: np.ndarray, settings: SearchSettings | None = None
) -> pd.DataFrame:
    """Search rules once per mode of gate, each time with the gates of that mode and without a gate.

    Args:
        summary: summary of maps and truth.
        folds: (N,) the fold of each image.
        settings: settings of the search, whose gates are grouped by their mode; None for the defaults.

    Returns:
        One row per mode and class: `mode`, `class_id`, and the gain in mean Dice over the all-empty baseline,
        `cross_fitted` over the folds and `searched` on the same images.

    Example:
        `compare_gate_modes(summary, folds).pivot(index="mode", columns="class_id", values="cross_fitted")`
    """
    settings = settings or SearchSettings()
    rows = []
    for mode in dict.fromkeys(gate.mode for gate in settings.gates):
        gates = tuple(gate for gate in settings.gates if gate.mode in ("none", mode))
        fitted = cross_fit(summary, folds, replace(settings, gates=gates))
        for held_out, seen in zip(fitted.score.classes, fitted.searched.classes, strict=True):
            rows.append(
                {
                    "mode": mode,
                    "class_id": held_out.class_id,
                    "cross_fitted": held_out.score - held_out.all_empty,
                    "searched": seen.score - seen.all_empty,
                }
            )
    return pd.DataFrame(rows)
