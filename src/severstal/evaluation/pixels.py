"""By pixel: accuracy, IoU, Dice, precision and recall over the pixels of all pictures together.

Of a class, a pixel is in both masks (hit), in the predicted alone (false), in the true alone (missed) or in
neither. The pixels of no class are the background, a class of its own for the figures of Long, Shelhamer and
Darrell (2015). Where no two classes share a pixel, each figure equals theirs and scikit-learn's on labels;
where they do, a pixel counts for each of its classes.
"""

import numpy as np

from severstal.competition.metric import class_areas
from severstal.competition.spec import Spec
from severstal.evaluation.metric import Metric, mean_first, new_counts, of_all, ratio


class PixelMetrics(Metric):
    """Figures over the pixels of all pictures together.

    - `pixel_accuracy`: of a class, share of the pixels that are right about it; of all, share of the pixels
      whose classes are all right.
    - `mean_accuracy`: the mean of the recall of the background and of each class that is there.
    - `iou`: hits / (hits + false + missed); of all, the mean over the classes.
    - `background_iou`: that of the pixels of no class.
    - `mean_iou`: the mean over background and classes.
    - `frequency_weighted_iou`: the same, each weighed by its true pixels.
    - `pixel_dice`: 2 hits / (2 hits + false + missed), which is also F1.
    - `pixel_precision`, `pixel_recall`: hits / predicted, hits / true.

    Example:
        >>> metric = PixelMetrics(Spec("tiny", (1, 4), ("hole", "crack")))
        >>> metric.update(np.uint8([[1, 1, 0, 2]]), np.uint8([[1, 0, 0, 2]]))
        >>> figures = metric.compute()
        >>> figures["iou"], figures["pixel_accuracy"], round(float(figures["mean_accuracy"][0]), 4)
        (array([0.75, 0.5 , 1.  ]), array([0.75, 0.75, 1.  ]), 0.8333)
    """

    def __init__(self, spec: Spec) -> None:
        size = len(spec.classes) + 1  # the background first
        super().__init__(
            spec,
            hits=new_counts(size),
            predicted=new_counts(size),
            true=new_counts(size),
            pixels=new_counts(),
            right=new_counts(),
        )

    def update(self, truth: np.ndarray, prediction: np.ndarray, maps: np.ndarray | None = None) -> None:
        """Add a picture; `maps` is not needed."""
        nothing = prediction == 0, truth == 0
        areas = class_areas(prediction, truth, len(self.spec.classes))
        grounds = np.count_nonzero(nothing[0] & nothing[1]), *map(np.count_nonzero, nothing)
        for name, ground, area in zip(("hits", "predicted", "true"), grounds, areas, strict=True):
            self.sums[name] += np.append(ground, area)
        self.sums["pixels"] += truth.size
        self.sums["right"] += np.count_nonzero(truth == prediction)

    def compute(self) -> dict[str, np.ndarray]:
        """The figures that the class names."""
        hits, predicted, true = (self.sums[name] for name in ("hits", "predicted", "true"))
        pixels, classes = self.sums["pixels"], len(self.spec.classes)
        union = predicted + true - hits
        iou, recall = ratio(hits, union), ratio(hits, true)
        weighted = np.nan_to_num(iou) @ true
        accuracy = ratio(pixels - union[1:] + hits[1:], pixels)
        return {
            "pixel_accuracy": np.append(ratio(self.sums["right"], pixels), accuracy),
            "mean_accuracy": of_all(mean_first(recall)[0], classes),
            "iou": mean_first(iou[1:]),
            "background_iou": of_all(iou[0], classes),
            "mean_iou": of_all(mean_first(iou)[0], classes),
            "frequency_weighted_iou": of_all(ratio(weighted, true.sum()), classes),
            "pixel_dice": mean_first(ratio(2 * hits, predicted + true)[1:]),
            "pixel_precision": mean_first(ratio(hits, predicted)[1:]),
            "pixel_recall": mean_first(recall[1:]),
        }
