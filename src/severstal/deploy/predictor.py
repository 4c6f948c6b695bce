"""The predictor: a run's networks and rules, applied to new pictures without its data."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from severstal.competition.spec import Spec
from severstal.data.pictures import read_picture
from severstal.decision.draw import apply
from severstal.decision.rules import Rules
from severstal.device import make_accelerator
from severstal.errors import SeverstalError
from severstal.inference.maps import enlarge
from severstal.inference.predict import predict_batch
from severstal.models.from_recipe import load_network
from severstal.models.registry import Network
from severstal.progress import progress
from severstal.recipe import Recipe
from severstal.runs.folder import read_run
from severstal.runs.layout import RunFiles


class Predictor:
    """Segments pictures as a run's submission does: mean of its folds and flips, then its rules.

    Args:
        recipe: of the run.
        spec: shape and classes of its data set.
        networks: one per fold.
        rules: from probabilities to masks.

    Example:
        `severstal.load("runs/smoke-sample")("a.jpg")` gives the (256, 1600) bits of a picture file.
    """

    def __init__(self, recipe: Recipe, spec: Spec, networks: Sequence[Network], rules: Rules) -> None:
        self.recipe, self.spec, self.rules = recipe, spec, rules
        self._accelerator = make_accelerator(recipe.training.precision)
        self._networks = [network.to(self._accelerator.device).eval() for network in networks]

    def __call__(self, picture: np.ndarray | str | Path) -> np.ndarray:
        """Draw the masks of a picture.

        Args:
            picture: a file, or (H, W) uint8 of the data set's shape.

        Returns:
            (H, W) bits, bit k - 1 for class k.

        Raises:
            SeverstalError: the file is no picture, or has another shape than the run was trained on.
        """
        if not isinstance(picture, np.ndarray):
            picture = read_picture(picture, self.spec)
        maps, class_probability = self._predict(picture)
        return apply(maps, self.rules, self.spec, class_probability, picture)

    def probabilities(self, picture: np.ndarray | str | Path) -> np.ndarray:
        """Predict the map of a picture: (C, H, W) uint8, where 0 to 255 stands for 0 to 1."""
        return self._predict(picture)[0]

    def segment(self, paths: Sequence[Path]) -> Iterator[tuple[Path, np.ndarray, np.ndarray]]:
        """Go through picture files, with a progress bar: path, (H, W) uint8 picture, (H, W) bits."""
        for path in progress(paths, "segment"):
            picture = read_picture(path, self.spec)
            yield path, picture, self(picture)

    def _predict(self, picture: np.ndarray | str | Path) -> tuple[np.ndarray, np.ndarray]:
        """The map of a picture, (C, H, W) uint8, and its class probabilities, (C,) uint8."""
        if not isinstance(picture, np.ndarray):
            picture = read_picture(picture, self.spec)
        if picture.shape != self.spec.image_shape or picture.dtype != np.uint8:
            raise SeverstalError(
                f"a picture of {picture.shape} {picture.dtype}: this run takes {self.spec.image_shape} uint8"
            )
        scale = self.recipe.inference.map_scale
        height, width = self.spec.image_shape
        shape = (-(-height // scale), -(-width // scale))
        maps, present = predict_batch(self._networks, picture[None], self.recipe, self._accelerator, shape)
        return enlarge(maps[0], self.spec.image_shape), present[0]


def load_predictor(run: str | Path) -> Predictor:
    """Load a run's networks and rules.

    Raises:
        SeverstalError: the folder is not a run's; its training or tuning is unfinished; weights are missing
            or damaged. There is no falling back on random weights.
    """
    recipe, _, spec = read_run(run)
    files = RunFiles(Path(run))
    weights = [files.weights(recipe, fold) for fold in range(recipe.data.train_folds)]
    rules = Rules.load(files.rules, spec)
    return Predictor(recipe, spec, [load_network(recipe, spec, path) for path in weights], rules)
