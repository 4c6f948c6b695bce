"""The score arithmetic is the metric's."""

import numpy as np
import pandas as pd
import pytest

from severstal.competition.scored import score_masks
from severstal.evaluation.break_even import LIKELY_DICE
from severstal.report import eda


def note_of(figure):
    return figure.texts[1].get_text().replace("\n", " ")


def test_gains_are_those_of_perfect_masks(labelled, readable):
    figure = eda.score_arithmetic(labelled.table, labelled.images, labelled.spec)
    readable(figure, ("score that perfect masks would add", "probability of the class"))
    gains = [bar.get_width() for bar in figure.axes[0].patches]
    all_empty = score_masks(labelled.table.iloc[:0], labelled.table, labelled.images, labelled.spec).score
    for class_id, gain in zip(labelled.spec.class_ids, gains, strict=True):
        own = labelled.table[labelled.table["ClassId"] == class_id]
        perfect = score_masks(own, labelled.table, labelled.images, labelled.spec).score
        assert perfect.score - all_empty.score == pytest.approx(gain)
    assert f"The all-empty baseline scores {all_empty.score:.4f}" in note_of(figure)


def test_costs_in_the_note_are_those_of_the_score(labelled):
    figure = eda.score_arithmetic(labelled.table, labelled.images, labelled.spec)
    pairs = len(labelled.images) * len(labelled.spec.classes)
    empty = pairs - len(labelled.table)
    missed = 0.01 * empty / (LIKELY_DICE * len(labelled.table))
    assert f"lose {0.01 * empty / pairs:.4f}, as much as missing {missed:.0%} of" in note_of(figure)


def test_one_false_alarm_costs_a_pair(labelled):
    empty_pair = pd.DataFrame(
        {"ImageId": [labelled.images[0]], "ClassId": [1], "EncodedPixels": ["1 1"]}
    )  # the first image is clean
    score = [
        score_masks(table, labelled.table, labelled.images, labelled.spec).score.score
        for table in (labelled.table, pd.concat([labelled.table, empty_pair]))
    ]
    pairs = len(labelled.images) * len(labelled.spec.classes)
    assert np.isclose(score[0] - score[1], 1 / pairs)


def test_without_a_defect(clean, readable):
    figure = eda.score_arithmetic(clean.table, clean.images, clean.spec)
    readable(figure)
    assert "scores 1.0000" in note_of(figure)
