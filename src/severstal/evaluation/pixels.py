"""Pixel metrics: accuracy, IoU, Dice, precision and recall, pooled over all pictures.

Per class, a pixel is a true positive (hit), a false positive, a false negative or a true negative. Pixels of
no class are the background, a class of its own in the metrics of Long, Shelhamer and Darrell (2015). If no
two classes overlap, all values equal theirs and those of scikit-learn on label maps; otherwise a pixel counts
for each of its classes.
"""

import numpy as np

from severstal.competition.metric import class_areas
from severstal.competition.spec import Spec
from severstal.evaluation.metric import Metric, mean_first, new_counts, of_all, ratio


class PixelMetrics(Metric):
    """Metrics over the pixels of all pictures.

    - `pixel_accuracy`: per class, the share of pixels that are right about it; of all, the share of pixels
      that are right about every class.
    - `mean_accuracy`: the mean recall over the background and the classes that are present.
    - `iou`: TP / (TP + FP + FN); of all, the mean over the classes.
    - `background_iou`: IoU of the background.
    - `mean_iou`: the mean over background and classes.
    - `frequency_weighted_iou`: the same, weighted by the number of true pixels.
    - `pixel_dice`: 2 TP / (2 TP + FP + FN), which is also F1.
    - `pixel_precision`, `pixel_recall`: TP / predicted, TP / true.

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
        """Add one picture; `maps` is ignored."""
        background = prediction == 0, truth == 0
        areas = class_areas(prediction, truth, len(self.spec.classes))
        grounds = np.count_nonzero(background[0] & background[1]), *map(np.count_nonzero, background)
        for name, ground, area in zip(("hits", "predicted", "true"), grounds, areas, strict=True):
            self.sums[name] += np.append(ground, area)
        self.sums["pixels"] += truth.size
        self.sums["right"] += np.count_nonzero(truth == prediction)

    def compute(self) -> dict[str, np.ndarray]:
        """The metrics listed above."""
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
