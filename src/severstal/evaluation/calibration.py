"""Calibration of the pixel probabilities."""

import numpy as np

from severstal.competition.spec import Spec
from severstal.evaluation.metric import Metric, mean_first, new_counts, ratio

_LEVELS = 256  # of a map


class CalibrationMetrics(Metric):
    """`calibration_error`: the expected calibration error (ECE) of the pixel probabilities.

    Probabilities are binned at equal width, each bin open below and closed above, the first closed on both
    sides. The error is the mean over all pixels of the distance between the mean probability of their bin and
    the share of its pixels that have the class; nan without maps. As nearly all pixels are confident
    background, its absolute value is small: use it to compare networks.
    After Guo, Pleiss, Sun and Weinberger, "On calibration of modern neural networks" (2017).

    Args:
        spec: specification of the pictures.
        bins: number of bins; 15 divides the 255 steps of a map evenly.

    Example:
        >>> metric = CalibrationMetrics(Spec("tiny", (1, 2), ("hole",)))
        >>> metric.update(np.uint8([[1, 0]]), np.uint8([[1, 0]]), np.uint8([[[204, 0]]]))
        >>> round(float(metric.compute()["calibration_error"][0]), 4)
        0.1
    """

    def __init__(self, spec: Spec, bins: int = 15) -> None:
        size = len(spec.classes)
        super().__init__(spec, pixels=new_counts(size, _LEVELS), true=new_counts(size, _LEVELS))
        self.bins = bins

    def update(self, truth: np.ndarray, prediction: np.ndarray, maps: np.ndarray | None = None) -> None:
        """Add one picture; without maps it is ignored."""
        if maps is None:
            return
        for index, plane in enumerate(maps):
            there = (truth & truth.dtype.type(1 << index)) != 0
            self.sums["pixels"][index] += np.bincount(plane.ravel(), minlength=_LEVELS)
            self.sums["true"][index] += np.bincount(plane[there], minlength=_LEVELS)

    def compute(self) -> dict[str, np.ndarray]:
        """`calibration_error`."""
        levels = np.arange(_LEVELS)
        place = np.maximum(levels * self.bins - 1, 0) // (_LEVELS - 1)
        member = place[:, None] == np.arange(self.bins)
        expected = (self.sums["pixels"] * levels) @ member  # (C, bins), in 255ths
        apart = np.abs(expected - (_LEVELS - 1) * (self.sums["true"] @ member)).sum(axis=1)
        return {
            "calibration_error": mean_first(ratio(apart, (_LEVELS - 1) * self.sums["pixels"].sum(axis=1)))
        }
