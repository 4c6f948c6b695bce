"""Selections hold the extremes, without duplicates and in order."""

import numpy as np
import pandas as pd
import pytest

from severstal.competition.areas import area
from severstal.evaluation.examples import choose_sizes, evenly_spaced, select_predictions


@pytest.fixture
def sure(labelled):
    rng = np.random.default_rng(1)
    return rng.integers(0, 256, (len(labelled.images), len(labelled.spec.classes)), np.uint8)


def test_the_extremes_of_each_class_are_selected(labelled, sure):
    chosen = select_predictions(labelled.table, labelled.images, sure, labelled.spec)
    probability = pd.DataFrame(sure / 255, labelled.images, list(labelled.spec.class_ids))
    for class_id, own in chosen[chosen["ClassId"] > 0].groupby("ClassId"):
        drawn = labelled.table[labelled.table["ClassId"] == class_id].set_index("ImageId")
        of_drawn = probability.loc[drawn.index, class_id]
        assert own["ImageId"].is_unique
        assert own["probability"].iloc[0] == of_drawn.max()
        assert own["probability"].min() == of_drawn.min()
        assert own["area"].max() == drawn["EncodedPixels"].map(area).max()
    assert set(chosen["ClassId"]) - {0} == set(labelled.table["ClassId"])
    clean = chosen[chosen["ClassId"] == 0]
    left = probability.drop(index=labelled.table["ImageId"].unique()).max(axis=1)
    assert len(clean) == min(4, len(left))
    assert clean["probability"].iloc[0] == left.min()
    assert clean[clean["why"] == "least certain"]["probability"].iloc[0] == left.max()


@pytest.mark.parametrize("number", [3, 4])
def test_sizes_hold_the_smallest_and_the_largest(number):
    for length in range(40):
        chosen = choose_sizes(length, number)
        at = [place for _, place in chosen]
        assert at == sorted(set(at))
        assert len(at) == min(length, number) or length <= number
        if length > 1:
            assert (chosen[0], chosen[-1]) == (("smallest", 0), ("largest", length - 1))


def test_evenly_spaced_positions_are_in_range():
    for length in range(30):
        for number in range(1, 6):
            chosen = evenly_spaced(length, number)
            assert len(chosen) == min(length, number) or length < number
            assert all(0 <= place < length for place in chosen)
            assert chosen == sorted(set(chosen))
