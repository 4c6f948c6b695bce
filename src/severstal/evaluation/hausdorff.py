"""How far the outlines of a true and a predicted mask are apart at worst."""

from fractions import Fraction

import numpy as np

from severstal.competition.spec import Spec
from severstal.evaluation.contours import contour, distances
from severstal.evaluation.metric import Metric, exact_mean, exact_sums, mean_first, new_counts, paired_planes


class HausdorffMetrics(Metric):
    """Means over the pairs of an image and a class in which both masks have pixels.

    - `hausdorff`: in pixels, the largest distance from a point of one outline to the nearest of the other.
    - `hausdorff_95`: the larger of the 95th percentiles of the distances either way, interpolated linearly.
    - `hausdorff_pairs`: how many pairs that is, of all classes the sum. Where one mask is empty there is no
      distance: such pairs are seen in the figures by pair.

    Example:
        >>> metric = HausdorffMetrics(Spec("tiny", (1, 8), ("hole",)))
        >>> metric.update(np.uint8([[1, 0, 0, 0, 0, 0, 0, 0]]), np.uint8([[0, 1, 0, 0, 1, 0, 0, 0]]))
        >>> {name: round(float(values[0]), 4) for name, values in metric.compute().items()}
        {'hausdorff': 4.0, 'hausdorff_95': 3.85, 'hausdorff_pairs': 1.0}
    """

    def __init__(self, spec: Spec) -> None:
        size = len(spec.classes)
        super().__init__(spec, most=exact_sums(size), nearly=exact_sums(size), pairs=new_counts(size))

    def update(self, truth: np.ndarray, prediction: np.ndarray, maps: np.ndarray | None = None) -> None:
        """Add a picture; `maps` is not needed."""
        for index, true, predicted in paired_planes(truth, prediction):
            one, other = contour(true), contour(predicted)
            if len(one) and len(other):
                ways = distances(one, other), distances(other, one)
                self.sums["pairs"][index] += 1
                self.sums["most"][index] += Fraction(max(float(way.max()) for way in ways))
                self.sums["nearly"][index] += Fraction(max(float(np.percentile(way, 95)) for way in ways))

    def compute(self) -> dict[str, np.ndarray]:
        """The figures that the class names."""
        pairs = self.sums["pairs"]
        return {
            "hausdorff": mean_first(exact_mean(self.sums["most"], pairs)),
            "hausdorff_95": mean_first(exact_mean(self.sums["nearly"], pairs)),
            "hausdorff_pairs": np.append(pairs.sum(), pairs).astype(np.float64),
        }
