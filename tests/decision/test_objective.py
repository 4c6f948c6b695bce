"""Weighted means over images."""

import numpy as np
import pytest

from severstal.competition.spec import Spec
from severstal.decision.objective import normalised, weighted_mean, weighted_score
from severstal.decision.rules import plain_rules
from severstal.decision.score import score_rules
from severstal.errors import SeverstalError

SPEC = Spec("tiny", (4, 6), ("scratch", "hole"))


def test_weights_are_repetitions():
    rng = np.random.default_rng(0)
    dice, times = rng.random((9, 4)), rng.integers(0, 4, 9)
    assert weighted_mean(dice, times) == pytest.approx(np.repeat(dice, times, axis=0).mean())


def test_no_weights_equal_uniform_weights(random_summary):
    summary = random_summary(0, 20)
    score = score_rules(summary, plain_rules(SPEC))
    found = weighted_score(summary, plain_rules(SPEC), None)
    assert (found.found, found.plain, found.all_empty) == pytest.approx(
        (score.score, score.score, score.all_empty)
    )


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ([1, -1, 0], "the weight of image 2 is -1.0: give a finite number of 0 or more"),
        ([1, 1, float("nan")], "the weight of image 3 is nan"),
        ([float("inf"), 1, 1], "the weight of image 1 is inf"),
        ([0, 0, 0], "the weights of all images are 0"),
    ],
)
def test_impossible_weights(weights, message):
    with pytest.raises(SeverstalError, match=message) as error:
        normalised(np.array(weights), 3)
    assert "\n" not in str(error.value)


def test_weights_of_another_number_of_images():
    with pytest.raises(ValueError, match="there are 3 images"):
        normalised(np.ones(2), 3)
