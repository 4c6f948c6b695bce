"""Selections hold the extremes, without duplicates and in order."""

import numpy as np
import pandas as pd
import pytest

from severstal.competition.areas import area
from severstal.competition.scored import score_masks
from severstal.evaluation.examples import (
    choose_sizes,
    evenly_spaced,
    measure_contrast,
    random_masks,
    select_outcomes,
    select_predictions,
)


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


def test_outcomes_are_the_best_of_each_class_first_and_failures_last(labelled):
    half = labelled.table.iloc[::2]
    pairs = score_masks(half, labelled.table, labelled.images, labelled.spec)
    chosen = select_outcomes(pairs)
    assert chosen["ImageId"].is_unique
    order = [
        "best of class",
        "typical",
        "right: clean",
        "failure: false alarm",
        "failure: elsewhere",
        "failure: missed",
    ]
    places = [next(k for k, word in enumerate(order) if why.startswith(word)) for why in chosen["why"]]
    assert places == sorted(places)
    missed = chosen[chosen["why"] == "failure: missed"]
    assert (missed["score"] == 0).all()
    found = set(half["ClassId"])
    best = [int(why.split()[-1]) for why in chosen["why"] if why.startswith("best")]
    assert set(best) <= found


def test_a_random_sample_holds_each_image_once_in_a_class(labelled):
    masks = labelled.table.assign(area=labelled.table["EncodedPixels"].map(area))
    chosen = random_masks(masks, labelled.images, 2)
    assert not chosen.duplicated(["ImageId", "ClassId"]).any()
    assert (chosen["ClassId"].value_counts() <= 2).all()
    assert chosen["ClassId"].is_monotonic_increasing


def test_a_bright_defect_has_more_contrast_than_a_faint_one(labelled):
    row = labelled.table.iloc[:1].reset_index(drop=True)
    plane = labelled.masks[row["ImageId"][0]] >> (row["ClassId"][0] - 1) & 1
    steel = np.random.default_rng(0).integers(90, 110, labelled.spec.image_shape).astype(np.uint8)
    values = [
        measure_contrast(row, lambda name, add=add: steel + add * plane, labelled.masks.__getitem__)[0]
        for add in (0, 10, 60)
    ]
    assert values == sorted(values)
    assert values[0] < 1.5
