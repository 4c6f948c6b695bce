"""All metrics in one pass over the pictures, and their values as a table."""

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
import pandas as pd

from severstal.competition.masks import Masks
from severstal.competition.spec import Spec
from severstal.evaluation.boundary import BoundaryMetrics
from severstal.evaluation.calibration import CalibrationMetrics
from severstal.evaluation.components import ComponentMetrics
from severstal.evaluation.hausdorff import HausdorffMetrics
from severstal.evaluation.metric import Metric
from severstal.evaluation.pairs import PairMetrics
from severstal.evaluation.pixels import PixelMetrics
from severstal.progress import progress


class MapSource(Protocol):
    """Probabilities of images in order, such as `inference.maps.MapReader`."""

    names: list[str]

    def full(self, index: int) -> np.ndarray:
        """One image's map in the picture's shape: (C, H, W) uint8, 0 to 255 for 0 to 1."""


class MetricSuite:
    """All metrics of this package together.

    Args:
        spec: specification of the pictures.
        tolerance: tolerance of the boundary F1 in pixels, inclusive; None for 0.75 % of the picture's
            diagonal.

    Example:
        >>> spec = Spec("tiny", (1, 4), ("hole", "crack"))
        >>> here, there = MetricSuite(spec), MetricSuite(spec)
        >>> here.update(np.uint8([[[1, 1, 0, 0]]]), np.uint8([[[1, 0, 0, 0]]]))
        >>> there.update(np.uint8([[[2, 2, 0, 0]]]), np.uint8([[[2, 2, 0, 0]]]))
        >>> here.merge(there)
        >>> here.table().loc["iou"].tolist()
        [0.75, 0.5, 1.0]
    """

    def __init__(self, spec: Spec, tolerance: float | None = None) -> None:
        self.spec = spec
        self.metrics: tuple[Metric, ...] = (
            PixelMetrics(spec),
            PairMetrics(spec),
            ComponentMetrics(spec),
            BoundaryMetrics(spec, tolerance),
            HausdorffMetrics(spec),
            CalibrationMetrics(spec),
        )

    def update(self, truth: np.ndarray, prediction: np.ndarray, maps: np.ndarray | None = None) -> None:
        """Add a batch of pictures.

        Args:
            truth: (N, H, W) bitmasks.
            prediction: (N, H, W) bitmasks.
            maps: (N, C, H, W) uint8, 0 to 255 for 0 to 1, if known.

        Raises:
            ValueError: a shape or dtype does not match.
        """
        picture = self.spec.image_shape or truth.shape[1:]
        shape = (len(truth), *picture)
        for bits in (truth, prediction):
            if bits.shape != shape or bits.dtype != self.spec.mask_dtype:
                raise ValueError(
                    f"masks are {bits.shape} of {bits.dtype}; they must be {shape} of {self.spec.mask_dtype}"
                )
        wanted = (len(truth), len(self.spec.classes), *picture)
        if maps is not None and (maps.shape != wanted or maps.dtype != np.uint8):
            raise ValueError(f"maps are {maps.shape} of {maps.dtype}; they must be {wanted} of uint8")
        for row in range(len(truth)):
            for metric in self.metrics:
                metric.update(truth[row], prediction[row], None if maps is None else maps[row])

    def merge(self, other: "MetricSuite") -> None:
        """Add the sums of another suite of the same settings, such as that of another process.

        Raises:
            ValueError: classes or settings differ.
        """
        for mine, its in zip(self.metrics, other.metrics, strict=True):
            mine.merge(its)

    def compute(self) -> dict[str, np.ndarray]:
        """All values by name: (1 + C,) float64, of all classes and of each; nan where undefined."""
        return {name: values for metric in self.metrics for name, values in metric.compute().items()}

    def table(self) -> pd.DataFrame:
        """The values: one row per metric, a column `all` and one column per class."""
        return pd.DataFrame.from_dict(self.compute(), orient="index", columns=["all", *self.spec.classes])

    def to_dict(self) -> dict[str, dict[str, Any]]:
        """The table as JSON values; None for nan."""
        return {
            name: {column: None if np.isnan(value) else value for column, value in row.items()}
            for name, row in self.table().to_dict(orient="index").items()
        }


def measure_masks(
    prediction: pd.DataFrame,
    truth: pd.DataFrame,
    images: Sequence[str],
    spec: Spec,
    maps: MapSource | None = None,
    tolerance: float | None = None,
) -> MetricSuite:
    """Compute all metrics of one table of masks against another.

    Args:
        prediction: one row per predicted mask, as `read_submission` returns them.
        truth: one row per true mask, as `read_labels` returns them.
        images: the images to evaluate, each once; rows of other images are ignored.
        spec: the shape and the classes of the data set.
        maps: the predicted probabilities, for the metrics of these.
        tolerance: see `MetricSuite`.

    Example:
        >>> columns = ["ImageId", "ClassId", "EncodedPixels"]
        >>> truth = pd.DataFrame([("a.jpg", 1, "1 4")], columns=columns)
        >>> spec = Spec("tiny", (2, 4), ("hole",))
        >>> measure_masks(truth, truth, ["a.jpg", "clean.jpg"], spec).table().loc["pixel_dice", "all"].item()
        1.0
    """
    suite, sides = MetricSuite(spec, tolerance), (Masks(truth, spec), Masks(prediction, spec))
    place = {} if maps is None else {name: row for row, name in enumerate(maps.names)}
    for image in progress(images, "compute metrics"):
        full = None if maps is None else maps.full(place[image])[None]
        suite.update(*(masks[image][None] for masks in sides), full)
    return suite
