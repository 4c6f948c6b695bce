"""The predictor: a run's networks and rules, applied to new pictures without its data."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from severstal.competition.spec import Spec
from severstal.data.pictures import read_picture
from severstal.decision.draw import apply
from severstal.deploy.model import Model
from severstal.deploy.opening import open_model
from severstal.errors import SeverstalError
from severstal.inference.maps import enlarge
from severstal.progress import progress


class Predictor:
    """Segments pictures as a run's submission does: mean of its folds and flips, then its rules.

    Args:
        model: computes probabilities.

    Example:
        `severstal.load("runs/smoke-sample")("a.jpg")` gives the (256, 1600) bits of a picture file.
    """

    def __init__(self, model: Model) -> None:
        self.model = model

    @property
    def spec(self) -> Spec:
        """Shape and classes of the training pictures."""
        return self.model.description.spec

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
        return apply(maps, self.model.description.rules, self.spec, class_probability, picture)

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
        said = self.model.probabilities(picture[None])
        return enlarge(said.maps[0], self.spec.image_shape), said.classes[0]


def load_predictor(path: str | Path, device: str | None = None) -> Predictor:
    """Load a run, an ensemble of runs or a release; see `deploy.opening.open_model`."""
    return Predictor(open_model(path, device))
