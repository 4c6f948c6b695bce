"""Images with each class are counted as numpy counts them."""

import numpy as np
import pytest

from severstal.competition.spec import Spec
from severstal.report.scorecard.counts import count_classes, format_counts

SPEC = Spec("s", (9, 9), ("hole", "a class's name that is longer than any table has room for"))


def test_counts_are_of_images() -> None:
    rng = np.random.default_rng(0)
    predicted, true = rng.integers(0, 3, (2, 50, 2))
    probability = rng.integers(0, 256, (50, 2), dtype=np.uint8)
    for index, count in enumerate(count_classes(predicted, SPEC, probability, true)):
        assert (count.class_id, count.name, count.images) == (index + 1, SPEC.classes[index], 50)
        assert count.predicted == sum(area > 0 for area in predicted[:, index])
        assert count.true == sum(area > 0 for area in true[:, index])
        assert count.expected == pytest.approx(sum(int(each) / 255 for each in probability[:, index]))


def test_what_is_not_known_is_a_dash() -> None:
    lines = format_counts(count_classes(np.array([[1, 0], [2, 0]]), SPEC)).splitlines()
    assert lines[1].split() == ["1", "hole", "-", "2", "-", "2"]
    assert lines[2].split()[-4:] == ["-", "0", "-", "2"]
    assert len({len(line) for line in lines}) == 1
    assert max(map(len, lines)) <= 100
