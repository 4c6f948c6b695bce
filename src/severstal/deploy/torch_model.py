"""A model computed by torch: the networks of a run, or those of each run of an ensemble."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from severstal.deploy.model import ModelDescription, ModelOutput
from severstal.device import InferenceDevice
from severstal.inference.ensemble import Combiner
from severstal.inference.maps import enlarge
from severstal.inference.predict import predict_batch, predict_with_spread
from severstal.memory import halve_on_out_of_memory
from severstal.models.registry import Network
from severstal.recipe import Recipe

_CPU_BATCH = 2  # larger ones exceed a processor's caches


@dataclass(frozen=True)
class TorchMember:
    """The networks of one run.

    Attributes:
        recipe: recipe of the run; its `data` and `inference` settings count.
        networks: one per fold.
    """

    recipe: Recipe
    networks: Sequence[Network]


class TorchModel:
    """Predicts as a run's or an ensemble's submission was predicted.

    Args:
        description: description of the model.
        members: members in the order of `description.members`.
        combiner: averages the members; None for a single one.
        placement: device and precision.

    Attributes:
        description, batch_size, device: see `deploy.model.Model`.
    """

    def __init__(
        self,
        description: ModelDescription,
        members: Sequence[TorchMember],
        combiner: Combiner | None,
        placement: InferenceDevice,
    ) -> None:
        self.description, self.members, self.combiner = description, list(members), combiner
        self._placement = placement
        self.device = str(placement.device)
        asked = min(member.recipe.inference.batch_size for member in members)
        self.batch_size = min(asked, _CPU_BATCH) if placement.device.type == "cpu" else asked
        for member in members:
            for network in member.networks:
                network.to(placement.device).eval()

    def probabilities(self, pictures: np.ndarray) -> ModelOutput:
        """Predict a batch; see `deploy.model.Model.probabilities`."""
        parts = halve_on_out_of_memory(self._predict, pictures)
        if len(parts) == 1:
            return parts[0]
        spread = None if parts[0].spread is None else np.concatenate([part.spread for part in parts])
        return ModelOutput(
            np.concatenate([part.maps for part in parts]),
            np.concatenate([part.classes for part in parts]),
            spread,
        )

    def _predict(self, pictures: np.ndarray) -> ModelOutput:
        if self.combiner is None:
            return self._predict_run(self.members[0], pictures)
        shape = pictures.shape[1:3]
        maps, classes = [], []  # of each member
        for member in self.members:
            said = self._predict_member(member, pictures)
            if member.recipe.inference.map_scale != self.description.map_scale:
                # Members of different resolutions meet in the picture's own.
                said = said._replace(maps=np.stack([enlarge(each, shape) for each in said.maps]))
            maps.append(said.maps)
            classes.append(said.classes)
        mean = np.stack([self.combiner(of_picture) for of_picture in zip(*maps, strict=True)])
        present = self.combiner([each.T for each in classes]).T  # classes come first
        spread = np.stack(maps).std(axis=0, dtype=np.float32).round().astype(np.uint8)
        return ModelOutput(mean, present, spread)

    def _predict_run(self, member: TorchMember, pictures: np.ndarray) -> ModelOutput:
        if len(member.networks) == 1:
            return self._predict_member(member, pictures)
        shape = _map_shape(pictures, member.recipe)
        return ModelOutput(
            *predict_with_spread(member.networks, pictures, member.recipe, self._placement, shape)
        )

    def _predict_member(self, member: TorchMember, pictures: np.ndarray) -> ModelOutput:
        shape = _map_shape(pictures, member.recipe)
        maps, classes = predict_batch(member.networks, pictures, member.recipe, self._placement, shape)
        return ModelOutput(maps, classes, None)


def _map_shape(pictures: np.ndarray, recipe: Recipe) -> tuple[int, int]:
    height, width = (-(-side // recipe.inference.map_scale) for side in pictures.shape[1:3])
    return height, width
