"""The rows of an ablation and of a comparison of recipes, and their tables."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import pandas as pd

from severstal.evaluation.bootstrap import Interval, PairedDifference


@dataclass(frozen=True)
class OutOfFoldScores:
    """Out-of-fold scores of a training.

    Attributes:
        score: score under rules searched without each image's fold.
        plain: score at plain 0.5.
        dice_on_defects: mean Dice of the pairs with a defect at plain 0.5; None without a defect.
        rate: pictures per second in training, validation included.
    """

    score: float
    plain: float
    dice_on_defects: float | None
    rate: float


@dataclass(frozen=True)
class AblationGains:
    """Paired differences of a training from the recipe itself.

    Attributes:
        score: difference of the cross-fitted scores.
        plain: difference of the scores at plain 0.5.
        dice_on_defects: difference of the Dice on defects; None without a defect.
    """

    score: PairedDifference
    plain: PairedDifference
    dice_on_defects: PairedDifference | None


@dataclass(frozen=True)
class AblationRow:
    """One training of an ablation.

    Attributes:
        switch: name of the switch; "recipe" for the recipe itself.
        what: description of the switch.
        turned: new state of the switch; None for the recipe itself.
        run: folder of the training.
        judged: out-of-fold scores; None if it could not be trained.
        gains: gains over the recipe itself; None for the recipe itself.
        fault: the reason why it could not be trained.
    """

    switch: str
    what: str
    turned: Literal["on", "off", "again"] | None
    run: str
    judged: OutOfFoldScores | None = None
    gains: AblationGains | None = None
    fault: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """The row as JSON values; each gain also has `is_significant`."""
        about = asdict(self)
        for name in about["gains"] or {}:
            gain = getattr(self.gains, name)
            if gain is not None:
                about["gains"][name]["is_significant"] = gain.is_significant
        return about


def _sort_ablation(rows: Sequence[AblationRow]) -> list[AblationRow]:
    """The recipe itself, then by gain in score, then failed trainings."""
    return sorted(
        rows,
        key=lambda row: (
            row.turned is not None,
            row.judged is None,
            0.0 if row.gains is None else -row.gains.score.mean,
        ),
    )


def ablation_table(rows: Sequence[AblationRow]) -> pd.DataFrame:
    """One row per training, the recipe itself first, then by gain in score, failed ones last."""
    return pd.DataFrame([_ablation_columns(row) for row in _sort_ablation(rows)])


def _ablation_columns(row: AblationRow) -> dict[str, Any]:
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


@dataclass(frozen=True)
class RecipeRow:
    """Score and cost of a recipe.

    Attributes:
        recipe: name of the recipe.
        networks: networks of its members, each with its encoder.
        run: folder of the training.
        pictures: crops that one fold's training saw, over all members and rounds, averaged over the folds; 0
            if it was not trained.
        score: out-of-fold score under rules searched without each image's fold; this and the following are
            None if it was not trained.
        plain: score at plain 0.5.
        all_empty: score of the all-empty baseline.
        dice_on_defects: mean Dice of the pairs with a defect at plain 0.5; None without a defect.
        parameters: number of parameters of all its networks, for one fold.
        multiply_adds: multiply-adds of one picture through all its networks, for one fold.
        training_bytes: memory of a training step of its largest network.
        training_rate: crops per second.
        inference_rate: pictures per second through one fold's networks, with all views.
        fault: the reason why it could not be trained.
        weights: initial weights of the encoders of its members.
    """

    recipe: str
    networks: str
    run: str
    pictures: int
    score: Interval | None = None
    plain: float | None = None
    all_empty: float | None = None
    dice_on_defects: Interval | None = None
    parameters: int | None = None
    multiply_adds: int | None = None
    training_bytes: int | None = None
    training_rate: float | None = None
    inference_rate: float | None = None
    fault: str | None = None
    weights: str = ""

    def to_dict(self) -> dict[str, Any]:
        """The row as JSON values."""
        return asdict(self)


def _sort_recipes(rows: Sequence[RecipeRow]) -> list[RecipeRow]:
    """By score, then by Dice on defects; failed ones last."""
    return sorted(
        rows,
        key=lambda row: (
            row.score is None,
            0.0 if row.score is None else -row.score.mean,
            0.0 if row.dice_on_defects is None else -row.dice_on_defects.mean,
        ),
    )


def recipe_table(rows: Sequence[RecipeRow]) -> pd.DataFrame:
    """One row per recipe, the highest score first, failed ones last.

    Intervals are in columns of their own: `score`, `score_low` and `score_high`, likewise `dice_on_defects`.
    """
    return pd.DataFrame([_recipe_columns(row) for row in _sort_recipes(rows)])


def _recipe_columns(row: RecipeRow) -> dict[str, Any]:
    columns = asdict(row)
    for name in ("score", "dice_on_defects"):
        span = columns.pop(name) or {}
        columns[name] = span.get("mean")
        columns[f"{name}_low"], columns[f"{name}_high"] = span.get("low"), span.get("high")
    fault = columns.pop("fault") or ""
    return columns | {"fault": fault}
