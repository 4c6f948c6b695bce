"""Boundary F1: the agreement of the contours within a tolerance."""

import math
from fractions import Fraction

import numpy as np

from severstal.competition.spec import Spec
from severstal.evaluation.contours import contour, distances
from severstal.evaluation.metric import Metric, exact_mean, exact_sums, mean_first, new_counts, paired_planes

_SHARE = 0.0075  # of the diagonal of the picture (Csurka et al. 2013)


class BoundaryMetrics(Metric):
    """`boundary_f1`: the mean boundary F1 over (image, class) pairs.

    Precision is the share of the predicted contour within `tolerance` of the true one, recall the share of
    the true contour within it of the predicted one. A pair with one empty mask scores 0; one with two is
    ignored.
    After Csurka, Larlus and Perronnin, "What is a good evaluation measure for semantic segmentation?" (2013).

    Args:
        spec: specification of the pictures.
        tolerance: largest distance in pixels, inclusive; None for 0.75 % of the picture's diagonal, rounded
            up.

    Example:
        >>> metric = BoundaryMetrics(Spec("tiny", (1, 8), ("hole",)), tolerance=1)
        >>> metric.update(np.uint8([[1, 0, 0, 0, 0, 0, 0, 0]]), np.uint8([[0, 1, 0, 0, 1, 0, 0, 0]]))
        >>> round(float(metric.compute()["boundary_f1"][0]), 4)
        0.6667
    """

    def __init__(self, spec: Spec, tolerance: float | None = None) -> None:
        size = len(spec.classes)
        super().__init__(spec, f1=exact_sums(size), pairs=new_counts(size))
        self.tolerance = tolerance
        if tolerance is None and spec.image_shape is not None:
            self.tolerance = _usual_tolerance(spec.image_shape)

    def update(self, truth: np.ndarray, prediction: np.ndarray, maps: np.ndarray | None = None) -> None:
        """Add one picture; `maps` is ignored."""
        for index, true, predicted in paired_planes(truth, prediction):
            self.sums["pairs"][index] += 1
            within = _usual_tolerance(true.shape) if self.tolerance is None else self.tolerance
            self.sums["f1"][index] += Fraction(_f1(contour(true), contour(predicted), within))

    def compute(self) -> dict[str, np.ndarray]:
        """`boundary_f1`."""
        return {"boundary_f1": mean_first(exact_mean(self.sums["f1"], self.sums["pairs"]))}


def _usual_tolerance(shape: tuple[int, int]) -> int:
    return math.ceil(_SHARE * math.hypot(*shape))


def _f1(true: np.ndarray, predicted: np.ndarray, tolerance: float) -> float:
    if not len(true) or not len(predicted):
        return 0.0
    precision = float((distances(predicted, true) <= tolerance).mean())
    recall = float((distances(true, predicted) <= tolerance).mean())
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0
