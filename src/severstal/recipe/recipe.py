"""One experiment as a frozen dataclass."""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from severstal.recipe.data import (
    AugmentSettings,
    DataSettings,
    DistillSettings,
    PseudoSettings,
    SamplingSettings,
)
from severstal.recipe.network import LossSettings, ModelSettings
from severstal.recipe.outcome import DecisionSettings, EnsembleSettings, InferenceSettings
from severstal.recipe.training import PhaseSettings, TrainingSettings
from severstal.settings import within

PLAIN_NAME = re.compile(r"[\w-][\w.-]*")  # of a recipe and of a run: it names a folder


@dataclass(frozen=True)
class Recipe:
    """The settings of one experiment.

    Attributes:
        name: name of the recipe; with the input folder's it makes the run's name.
        description: one sentence.
        source: author of the published solution that the recipe follows, and its reported score; empty where
            there is none.
        seed: random seed of weights and crops, and of the folds where `data.fold_seed` is not given.
        data, sampling, augment, pseudo, distill, model, loss, training, inference, decision: settings by
            step.
        phases: settings that change during the training of a fold, in the order of their starts.
        ensemble: averaging of the members.
        members: recipes of the networks of an ensemble; a recipe with members trains no network of its own.

    Example:
        >>> Recipe().model.architecture
        'fpn'
    """

    name: str = "default"
    description: str = ""
    source: str = ""
    seed: int = within(0, 0, 2**31 - 1)
    data: DataSettings = DataSettings()
    sampling: SamplingSettings = SamplingSettings()
    augment: AugmentSettings = AugmentSettings()
    pseudo: PseudoSettings = PseudoSettings()
    distill: DistillSettings = DistillSettings()
    model: ModelSettings = ModelSettings()
    loss: LossSettings = LossSettings()
    training: TrainingSettings = TrainingSettings()
    phases: tuple[PhaseSettings, ...] = ()
    inference: InferenceSettings = InferenceSettings()
    decision: DecisionSettings = DecisionSettings()
    ensemble: EnsembleSettings = EnsembleSettings()
    members: "tuple[Recipe, ...]" = ()

    @property
    def fold_seed(self) -> int:
        """The seed of the split into folds.

        Example:
            >>> Recipe(seed=3).fold_seed, Recipe(seed=3, data=DataSettings(fold_seed=0)).fold_seed
            (3, 0)
        """
        return self.seed if self.data.fold_seed is None else self.data.fold_seed

    def to_dict(self) -> dict[str, Any]:
        """Every setting as plain JSON and TOML values, but for those that are None and an empty `members`."""
        return to_plain(asdict(self))


def to_plain(value: Any) -> Any:
    """A setting as a plain JSON and TOML value: lists in place of tuples, without keys that are None.

    Example:
        >>> to_plain({"crop": (256, 512), "batch_size": None})
        {'crop': [256, 512]}
    """
    match value:
        case Mapping():
            return {
                key: to_plain(item)
                for key, item in value.items()
                if item is not None and not (key == "members" and not item)
            }
        case list() | tuple():
            return [to_plain(item) for item in value]
    return value
