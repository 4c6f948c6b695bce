"""Images with each class are counted as numpy counts them."""

import numpy as np
import pytest

from severstal.competition.spec import Spec
from severstal.evaluation.class_counts import count_classes

SPEC = Spec("s", (9, 9), ("hole", "crack"))


def test_counts_are_those_of_a_loop_over_images() -> None:
    rng = np.random.default_rng(0)
    predicted, true = rng.integers(0, 3, (2, 50, 2))
    probability = rng.integers(0, 256, (50, 2), dtype=np.uint8)
    for index, count in enumerate(count_classes(predicted, SPEC, probability, true)):
        assert (count.class_id, count.name, count.images) == (index + 1, SPEC.classes[index], 50)
        assert count.predicted == sum(area > 0 for area in predicted[:, index])
        assert count.true == sum(area > 0 for area in true[:, index])
        assert count.expected == pytest.approx(sum(int(each) / 255 for each in probability[:, index]))
