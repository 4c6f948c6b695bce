"""Metrics over (image, class) pairs: the competition's Dice, and detection of the class."""

from fractions import Fraction

import numpy as np

from severstal.competition.metric import class_areas, pair_dice
from severstal.competition.spec import Spec
from severstal.evaluation.metric import Metric, exact_mean, exact_sums, mean_first, new_counts, ratio


class PairMetrics(Metric):
    """Metrics over pairs.

    - `score`: the mean Dice over all pairs, as on Kaggle: 1 if both masks are empty, 0 if only one is.
    - `dice_on_defects`: the mean Dice over the pairs with a true mask.
    - `pair_precision`: the share of pairs with a predicted mask that also have a true one, at any overlap;
      `pair_recall`: the share of pairs with a true mask that also have a predicted one; `pair_f1`: their
      harmonic mean.

    Example:
        >>> metric = PairMetrics(Spec("tiny", (1, 4), ("hole",)))
        >>> metric.update(np.uint8([[1, 1, 0, 0]]), np.uint8([[1, 0, 0, 0]]))
        >>> metric.update(np.uint8([[0, 0, 0, 0]]), np.uint8([[0, 0, 0, 1]]))
        >>> {name: round(float(values[0]), 4) for name, values in metric.compute().items()}
        {'score': 0.3333, 'dice_on_defects': 0.6667, 'pair_precision': 0.5, 'pair_recall': 1.0,
         'pair_f1': 0.6667}
    """

    def __init__(self, spec: Spec) -> None:
        size = len(spec.classes)
        names = ("found", "false", "missed", "clean")
        super().__init__(spec, dice=exact_sums(size), **{name: new_counts(size) for name in names})

    def update(self, truth: np.ndarray, prediction: np.ndarray, maps: np.ndarray | None = None) -> None:
        """Add one picture; `maps` is ignored."""
        both, predicted, true = class_areas(prediction, truth, len(self.spec.classes))
        dice = pair_dice(both, predicted, true)
        drawn, defect = predicted > 0, true > 0
        self.sums["found"] += drawn & defect
        self.sums["false"] += drawn & ~defect
        self.sums["missed"] += ~drawn & defect
        self.sums["clean"] += ~drawn & ~defect
        # The Dice of clean pairs is 0 or 1, which the counts determine.
        self.sums["dice"] += np.array([Fraction(value) for value in np.where(defect, dice, 0.0)], object)

    def compute(self) -> dict[str, np.ndarray]:
        """The metrics listed above."""
        found, false, missed, clean = (self.sums[name] for name in ("found", "false", "missed", "clean"))
        dice = self.sums["dice"]
        return {
            "score": mean_first(exact_mean(dice + clean, found + false + missed + clean)),
            "dice_on_defects": mean_first(exact_mean(dice, found + missed)),
            "pair_precision": mean_first(ratio(found, found + false)),
            "pair_recall": mean_first(ratio(found, found + missed)),
            "pair_f1": mean_first(ratio(2 * found, 2 * found + false + missed)),
        }
