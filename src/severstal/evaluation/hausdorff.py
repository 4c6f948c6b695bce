"""Hausdorff distance of the contours of true and predicted masks."""

from fractions import Fraction

import numpy as np

from severstal.competition.spec import Spec
from severstal.evaluation.contours import contour, distances
from severstal.evaluation.metric import Metric, exact_mean, exact_sums, mean_first, new_counts, paired_planes


class HausdorffMetrics(Metric):
    """Means over the (image, class) pairs in which both masks have pixels.

    - `hausdorff`: the largest distance in pixels from a point of one contour to the nearest of the other.
    - `hausdorff_95`: the larger of the 95th percentiles of both directions, linearly interpolated.
    - `hausdorff_pairs`: number of these pairs, of all classes the sum. The distance is undefined if one mask
      is empty: `PairMetrics` covers such pairs.

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
        """Add one picture; `maps` is ignored."""
        for index, true, predicted in paired_planes(truth, prediction):
            one, other = contour(true), contour(predicted)
            if len(one) and len(other):
                ways = distances(one, other), distances(other, one)
                self.sums["pairs"][index] += 1
                self.sums["most"][index] += Fraction(max(float(way.max()) for way in ways))
                self.sums["nearly"][index] += Fraction(max(float(np.percentile(way, 95)) for way in ways))

    def compute(self) -> dict[str, np.ndarray]:
        """The metrics listed above."""
        pairs = self.sums["pairs"]
        return {
            "hausdorff": mean_first(exact_mean(self.sums["most"], pairs)),
            "hausdorff_95": mean_first(exact_mean(self.sums["nearly"], pairs)),
            "hausdorff_pairs": np.append(pairs.sum(), pairs).astype(np.float64),
        }
