"""What each switch of a recipe is worth, as a table for the terminal, for a file and for a program."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import pandas as pd

from severstal.evaluation.bootstrap import PairedDifference

NOTES = (
    "Gains are over the recipe itself, on the same images, with their 95 % interval over groups of images.",
    "A * marks an interval that leaves out 0: of twenty switches worth nothing, one has it by chance.",
    "The interval does not know how far chance moves a training: the row `seed`, another training of the",
    "recipe itself, shows it. Dice on defects is that of plain 0.5.",
)


@dataclass(frozen=True)
class Judged:
    """A training as it was judged out of fold.

    Attributes:
        score: under rules searched without each image's fold.
        plain: of plain 0.5.
        dice_on_defects: mean Dice of the pairs with a defect, of plain 0.5; None where there is none.
        rate: pictures a second in training, validation included.
    """

    score: float
    plain: float
    dice_on_defects: float | None
    rate: float


@dataclass(frozen=True)
class Gains:
    """By how much a training beats the recipe itself.

    Attributes:
        score: difference of the cross-fitted scores.
        plain: of those of plain 0.5.
        dice_on_defects: of the Dice on defects; None where there is none.
    """

    score: PairedDifference
    plain: PairedDifference
    dice_on_defects: PairedDifference | None


@dataclass(frozen=True)
class Row:
    """One training of an ablation.

    Attributes:
        switch: its name; "recipe" for the recipe itself.
        what: it does.
        turned: which way; None for the recipe itself.
        run: folder of the training.
        judged: out of fold; None where it could not be trained.
        gains: over the recipe itself, which has none.
        fault: why it could not be trained.
    """

    switch: str
    what: str
    turned: Literal["on", "off", "again"] | None
    run: str
    judged: Judged | None = None
    gains: Gains | None = None
    fault: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON; each gain also says whether it `is_significant`."""
        about = asdict(self)
        for name in about["gains"] or {}:
            gain = getattr(self.gains, name)
            if gain is not None:
                about["gains"][name]["is_significant"] = gain.is_significant
        return about


def sort_rows(rows: Sequence[Row]) -> list[Row]:
    """The recipe itself, then the trainings by their gain in score, largest first, then those that failed."""
    return sorted(
        rows,
        key=lambda row: (
            row.turned is not None,
            row.judged is None,
            0.0 if row.gains is None else -row.gains.score.mean,
        ),
    )


def ablation_table(rows: Sequence[Row]) -> pd.DataFrame:
    """A row a training, sorted, with plain numbers in columns: for a CSV."""
    return pd.DataFrame([_columns(row) for row in sort_rows(rows)])


def format_ablation(rows: Sequence[Row]) -> str:
    """The table for the terminal, with what a reader has to know of it."""
    shown = sort_rows(rows)
    width = max(len(row.switch) for row in shown)
    lines = [
        f"{'':{width}}  {'':5}  {'cross-fitted':^31}  {'plain 0.5':^31}  {'Dice on defects':^31}  pictures",
        f"{'switch':{width}}  {'':5}" + f"  {'':6} {'gain':>7} {'95 %':^16}" * 3 + "  a second",
    ]
    for row in shown:
        if row.judged is None:
            lines.append(f"{row.switch:{width}}  {row.turned or '':5}  failed: {row.fault}")
            continue
        parts = [
            _part(getattr(row.judged, name), None if row.gains is None else getattr(row.gains, name))
            for name in ("score", "plain", "dice_on_defects")
        ]
        lines.append(
            f"{row.switch:{width}}  {row.turned or '':5}  {'  '.join(parts)}  {row.judged.rate:8.1f}".rstrip()
        )
    return "\n".join([*lines, "", *NOTES])


def _part(value: float | None, gain: PairedDifference | None) -> str:
    """A score, its gain with a star where it is real, and the interval: 31 columns."""
    score = "  none" if value is None else f"{value:.4f}"
    if gain is None:
        return f"{score:31}"
    star = "*" if gain.is_significant else " "
    return f"{score} {gain.mean:+.4f}{star}{gain.low:+.4f} {gain.high:+.4f} "


def _columns(row: Row) -> dict[str, Any]:
    columns: dict[str, Any] = {"switch": row.switch, "what": row.what, "turned": row.turned or ""}
    for name in ("score", "plain", "dice_on_defects"):
        gain = None if row.gains is None else getattr(row.gains, name)
        columns[name] = None if row.judged is None else getattr(row.judged, name)
        columns[f"{name}_gain"] = None if gain is None else gain.mean
        columns[f"{name}_low"] = None if gain is None else gain.low
        columns[f"{name}_high"] = None if gain is None else gain.high
        columns[f"{name}_is_significant"] = None if gain is None else gain.is_significant
    columns["pictures_a_second"] = None if row.judged is None else row.judged.rate
    return columns | {"run": row.run, "fault": row.fault or ""}
