"""Component metrics: detection of the connected components of the masks, and average precision.

A component is an 8-connected set of pixels of one class. A predicted and a true component match at a
threshold t >= 0.5 if their IoU is at least t. As components of one mask are disjoint, none matches two: the
result does not depend on an order, and matches at a higher threshold are a subset of those at 0.5.
"""

import cv2
import numpy as np

from severstal.competition.spec import Spec
from severstal.evaluation.metric import Metric, mean_first, new_counts, paired_planes, ratio

_TWENTIETHS = np.arange(10, 20)  # IoU of 0.50, 0.55, ... 0.95 in integers
SURE = 255


class ComponentMetrics(Metric):
    """Metrics over components.

    - `component_precision`, `component_recall`, `component_f1`: the share of predicted and of true
      components that match at an IoU of 0.5, and the harmonic mean.
    - `average_precision_50`: the sum of precision times the increase in recall over the predicted components
      ranked by score; equal scores form one rank. The score is the maximum of the class's map within the
      component; without maps all scores are equal. nan for a class without a true component.
    - `average_precision`: its mean over IoU of 0.50, 0.55, ... 0.95 (COCO).

    Example:
        >>> metric = ComponentMetrics(Spec("tiny", (1, 6), ("hole",)))
        >>> metric.update(np.uint8([[1, 1, 0, 1, 0, 0]]), np.uint8([[1, 1, 0, 0, 0, 1]]))
        >>> {name: float(values[0]) for name, values in metric.compute().items()}
        {'component_precision': 0.5, 'component_recall': 0.5, 'component_f1': 0.5,
         'average_precision_50': 0.25, 'average_precision': 0.25}
    """

    def __init__(self, spec: Spec) -> None:
        size = len(spec.classes)
        super().__init__(
            spec,
            true=new_counts(size),
            predicted=new_counts(size, SURE + 1),  # by score
            matched=new_counts(size, len(_TWENTIETHS), SURE + 1),
        )

    def update(self, truth: np.ndarray, prediction: np.ndarray, maps: np.ndarray | None = None) -> None:
        """Add one picture."""
        for index, true, predicted in paired_planes(truth, prediction):
            scores, twentieths, number = _match(true, predicted, None if maps is None else maps[index])
            self.sums["true"][index] += number
            np.add.at(self.sums["predicted"][index], scores, 1)
            for place, least in enumerate(_TWENTIETHS):
                np.add.at(self.sums["matched"][index, place], scores[twentieths >= least], 1)

    def compute(self) -> dict[str, np.ndarray]:
        """The metrics listed above."""
        true, predicted = self.sums["true"], self.sums["predicted"].sum(axis=1)
        matched = self.sums["matched"][:, 0].sum(axis=1)
        precisions = self._average_precisions()
        return {
            "component_precision": mean_first(ratio(matched, predicted)),
            "component_recall": mean_first(ratio(matched, true)),
            "component_f1": mean_first(ratio(2 * matched, predicted + true)),
            "average_precision_50": mean_first(precisions[:, 0]),
            "average_precision": mean_first(precisions.mean(axis=1)),
        }

    def _average_precisions(self) -> np.ndarray:
        """(C, 10) by class and IoU."""
        gained = self.sums["matched"][..., ::-1]  # the highest score first
        taken = self.sums["predicted"][:, None, ::-1].cumsum(axis=-1)
        precision = np.nan_to_num(ratio(gained.cumsum(axis=-1), taken))
        return ratio((precision * gained).sum(axis=-1), self.sums["true"][:, None])


def _match(true: np.ndarray, predicted: np.ndarray, plane: np.ndarray | None) -> tuple[np.ndarray, ...]:
    """Score and best IoU in twentieths of each predicted component, and the number of true components."""
    (trues, of_true), (number, of_predicted) = (
        cv2.connectedComponents(mask.view(np.uint8), connectivity=8) for mask in (true, predicted)
    )
    # Only pairs that overlap, 0 for no component: all pairs may be a hundred million.
    some = true | predicted
    pairs = of_true[some].astype(np.int64) * number + of_predicted[some]
    pairs, shared = np.unique(pairs, return_counts=True)
    rows, columns = pairs // number, pairs % number
    areas = [np.zeros(count, np.int64) for count in (trues, number)]
    for area, place in zip(areas, (rows, columns), strict=True):
        np.add.at(area, place, shared)
    best, both = np.zeros(number, np.int64), (rows > 0) & (columns > 0)
    rows, columns, shared = rows[both], columns[both], shared[both]
    np.maximum.at(best, columns, 20 * shared // (areas[0][rows] + areas[1][columns] - shared))
    scores = np.full(number - 1, SURE, np.int64)
    if plane is not None:
        highest = np.zeros(number, np.int64)
        np.maximum.at(highest, of_predicted[predicted], plane[predicted])
        scores = highest[1:]
    return scores, best[1:], trues - 1
