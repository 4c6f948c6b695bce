"""The metrics are equal to the bit at any split into batches; tables give the same as pictures."""

import json
import pickle
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from severstal.competition.rle import encode
from severstal.evaluation.suite import MetricSuite, measure_masks


def bits_of(suite):
    return {name: values.tobytes() for name, values in suite.compute().items()}


@given(
    st.integers(0, 50),
    st.lists(st.tuples(st.integers(0, 6), st.integers(0, 2)), min_size=1, max_size=5),
    st.randoms(use_true_random=False),
)
@settings(max_examples=25, deadline=None)
def test_any_split_into_batches_and_processes_gives_the_same_bits(spec, draw_batch, seed, cuts, random):
    truth, prediction, maps = draw_batch(seed, 6)
    whole = MetricSuite(spec)
    whole.update(truth, prediction, maps)
    order = list(range(6))
    random.shuffle(order)
    suites = [MetricSuite(spec) for _ in range(3)]
    edges = sorted({0, 6, *(cut for cut, _ in cuts)})
    for number, (start, end) in enumerate(pairwise(edges)):
        rows = order[start:end]
        suites[cuts[number % len(cuts)][1]].update(truth[rows], prediction[rows], maps[rows])
    random.shuffle(suites)
    first, *others = (pickle.loads(pickle.dumps(suite)) for suite in suites)
    for other in others:
        first.merge(other)
    assert bits_of(first) == bits_of(whole)


def test_the_size_does_not_grow_with_the_pictures(spec, draw_batch):
    truth, prediction, maps = draw_batch(0, 6)

    def size(times):
        suite = MetricSuite(spec)
        for _ in range(times):
            suite.update(truth, prediction, maps)
        return len(pickle.dumps(suite))

    assert size(40) < size(2) + 200  # longer whole numbers


def test_every_metric_has_a_value_for_all_and_each_class(spec, draw_batch):
    suite = MetricSuite(spec)
    suite.update(*draw_batch(0, 6))
    table = suite.table()
    assert table.columns.tolist() == ["all", "scratch", "hole", "crack"]
    assert table["all"].notna().all()
    assert table.index.is_unique
    whole = {"mean_accuracy", "background_iou", "mean_iou", "frequency_weighted_iou"}
    assert set(table.index[table["hole"].isna()]) == whole
    assert json.loads(json.dumps(suite.to_dict(), allow_nan=False))["mean_iou"]["hole"] is None


def test_tables_give_the_same_as_pictures(spec, draw_batch, split):
    truth, prediction, maps = draw_batch(2, 5)
    names = [f"{row}.jpg" for row in range(5)]

    def tidy(bits):
        rows = [
            (name, k + 1, encode(mask))
            for name, picture in zip(names, split(bits), strict=True)
            for k, mask in enumerate(picture)
            if mask.any()
        ]
        return pd.DataFrame(rows, columns=["ImageId", "ClassId", "EncodedPixels"])

    class MapSource:
        def __init__(self):
            self.names = names[::-1]

        def full(self, index):
            return maps[::-1][index]

    suite = MetricSuite(spec)
    suite.update(truth, prediction, maps)
    assert bits_of(measure_masks(tidy(prediction), tidy(truth), names, spec, MapSource())) == bits_of(suite)
    some = MetricSuite(spec)
    some.update(truth[1:3], prediction[1:3])
    assert bits_of(measure_masks(tidy(prediction), tidy(truth), names[1:3], spec)) == bits_of(some)


@pytest.mark.parametrize("wrong", [np.zeros((1, 4, 4), np.uint8), np.zeros((1, 12, 17), np.int64)])
def test_masks_of_another_shape_or_type_are_refused(spec, wrong):
    right = np.zeros((1, *spec.image_shape), np.uint8)
    for pair in ((right, wrong), (wrong, right)):
        with pytest.raises(ValueError, match="they must be"):
            MetricSuite(spec).update(*pair)
    with pytest.raises(ValueError, match="maps are"):
        MetricSuite(spec).update(right, right, wrong)
