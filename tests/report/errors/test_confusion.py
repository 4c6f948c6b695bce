"""Components and pixels are counted as scipy's labelling and a loop over pixels count them."""

import numpy as np
import pytest
from scipy import ndimage

from severstal.competition.spec import Spec
from severstal.report.errors import confuse, confusion_matrices
from severstal.report.errors.confusion import ENOUGH, Confusion

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
                components[k, best if most >= ENOUGH * part.sum() else 0] += 1
            labels, number = ndimage.label(drawn >> (k - 1) & 1, EIGHT)
            components[0, k] += sum(not true[labels == label].any() for label in range(1, number + 1))
    return components, pixels


def test_it_equals_counting_by_hand():
    spec = Spec("tiny", (12, 20), ("a", "b", "c"))
    rng = np.random.default_rng(3)
    truth, masks = (
        {str(i): np.uint8(rng.integers(0, 8, (12, 20)) * (rng.random((12, 20)) < 0.15)) for i in range(6)}
        for _ in range(2)
    )
    truth["empty"] = masks["empty"] = np.zeros((12, 20), np.uint8)
    found = confuse(list(truth), truth.__getitem__, masks.__getitem__, spec)
    components, pixels = by_hand(truth, masks, spec)
    assert (found.components == components).all()
    assert found.pixels == pytest.approx(pixels)
    assert found.components.sum() > 50


def test_a_perfect_prediction_is_a_diagonal(labelled):
    bits = labelled.masks.__getitem__
    found = confuse(labelled.images, bits, bits, labelled.spec)
    assert found.components.sum() == np.trace(found.components) > 0


def test_the_matrices(every, readable):
    found = confuse(every.labelled.images, every.lookups[1], every.lookups[2], every.spec)
    figure = confusion_matrices(found, every.spec)
    readable(figure, ("truth", "drawn"))
    if every.drawn.empty:
        assert not found.components[:, 1:].any()
    if every.labelled.table.empty:
        assert not found.components[1:].any()


def test_shade_is_the_share_of_the_row():
    counts = np.array([[0, 7], [1, 3]])
    figure = confusion_matrices(Confusion(counts, counts * 1000.0), Spec("tiny", (4, 4), ("hole",)))
    assert figure.axes[0].images[0].get_array().tolist() == [[0, 0], [0.25, 0.75]]
    assert [text.get_text() for text in figure.axes[1].texts] == ["7.0k", "1.0k\n25%", "3.0k\n75%"]
