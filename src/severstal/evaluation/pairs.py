"""By pair of an image and a class: the competition's Dice, and whether the class was rightly seen at all."""

from fractions import Fraction

import numpy as np

from severstal.competition.metric import class_areas, pair_dice
from severstal.competition.spec import Spec
from severstal.evaluation.metric import Metric, exact_mean, exact_sums, mean_first, new_counts, ratio


class PairMetrics(Metric):
    """Figures over pairs.

    - `score`: the mean Dice over all pairs, as Kaggle scores: both masks empty counts 1, one of them 0.
    - `dice_on_defects`: the mean Dice over the pairs with a true mask.
    - `pair_precision`: of the pairs with a predicted mask, the share that have a true one, however they
      overlap; `pair_recall`: of the pairs with a true mask, the share with a predicted one; `pair_f1`: their
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
        """Add a picture; `maps` is not needed."""
        both, predicted, true = class_areas(prediction, truth, len(self.spec.classes))
        dice = pair_dice(both, predicted, true)
        drawn, defect = predicted > 0, true > 0
        self.sums["found"] += drawn & defect
        self.sums["false"] += drawn & ~defect
        self.sums["missed"] += ~drawn & defect
        self.sums["clean"] += ~drawn & ~defect
        # Of clean pairs Dice is 0 or 1, which the counts tell.
        self.sums["dice"] += np.array([Fraction(value) for value in np.where(defect, dice, 0.0)], object)

    def compute(self) -> dict[str, np.ndarray]:
        """The figures that the class names."""
        found, false, missed, clean = (self.sums[name] for name in ("found", "false", "missed", "clean"))
        dice = self.sums["dice"]
        return {
            "score": mean_first(exact_mean(dice + clean, found + false + missed + clean)),
            "dice_on_defects": mean_first(exact_mean(dice, found + missed)),
            "pair_precision": mean_first(ratio(found, found + false)),
            "pair_recall": mean_first(ratio(found, found + missed)),
            "pair_f1": mean_first(ratio(2 * found, 2 * found + false + missed)),
        }
