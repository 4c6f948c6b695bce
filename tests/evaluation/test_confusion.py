"""Confusion agrees with scipy's labelling and a loop over pixels."""

import numpy as np
import pytest
from scipy import ndimage

from severstal.competition.spec import Spec
from severstal.evaluation.confusion import MIN_COVERED, measure_confusion

EIGHT = np.ones((3, 3))


def by_hand(truth, masks, spec):
    size = 1 + len(spec.classes)
    components, pixels = np.zeros((size, size), int), np.zeros((size, size))
    for name, true in truth.items():
        drawn = masks[name]
        for one, other in zip(true.ravel().tolist(), drawn.ravel().tolist(), strict=True):
            ours, theirs = (
                [k for k in spec.class_ids if bits >> (k - 1) & 1] or [0] for bits in (one, other)
            )
            if one or other:
                for k in ours:
                    for j in theirs:
                        pixels[k, j] += 1 / len(ours) / len(theirs)
        for k in spec.class_ids:
            labels, number = ndimage.label(true >> (k - 1) & 1, EIGHT)
            for label in range(1, number + 1):
                part = labels == label
                inside = {j: int((drawn[part] >> (j - 1) & 1).sum()) for j in spec.class_ids}
                most = max(inside.values())
                best = k if inside[k] == most else min(j for j in inside if inside[j] == most)
                components[k, best if most >= MIN_COVERED * part.sum() else 0] += 1
            labels, number = ndimage.label(drawn >> (k - 1) & 1, EIGHT)
            components[0, k] += sum(not true[labels == label].any() for label in range(1, number + 1))
    return components, pixels


def test_counts_are_those_of_a_loop():
    spec = Spec("tiny", (12, 20), ("a", "b", "c"))
    rng = np.random.default_rng(3)
    truth, masks = (
        {str(i): np.uint8(rng.integers(0, 8, (12, 20)) * (rng.random((12, 20)) < 0.15)) for i in range(6)}
        for _ in range(2)
    )
    truth["empty"] = masks["empty"] = np.zeros((12, 20), np.uint8)
    found = measure_confusion(list(truth), truth.__getitem__, masks.__getitem__, spec)
    components, pixels = by_hand(truth, masks, spec)
    assert (found.components == components).all()
    assert found.pixels == pytest.approx(pixels)
    assert found.components.sum() > 50


def test_a_perfect_prediction_is_a_diagonal(labelled):
    bits = labelled.masks.__getitem__
    found = measure_confusion(labelled.images, bits, bits, labelled.spec)
    assert found.components.sum() == np.trace(found.components) > 0
