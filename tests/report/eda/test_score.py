"""The score arithmetic is the metric's."""

import numpy as np
import pandas as pd
import pytest

from severstal.competition.scored import score_masks
from severstal.report import eda
from severstal.report.eda.score import LIKELY_DICE, break_even


def note_of(figure):
    return figure.texts[1].get_text().replace("\n", " ")


@pytest.mark.parametrize("dice", [0.0, 0.3, 0.65, 1.0])
def test_at_break_even_drawing_and_leaving_empty_earn_the_same(dice):
    probability = break_even(dice)
    assert probability * dice == pytest.approx(1 - probability)


def test_perfect_masks_add_what_is_drawn(labelled, readable):
    figure = eda.score_arithmetic(labelled.table, labelled.images, labelled.spec)
    readable(figure, ("score that perfect masks would add", "probability that it is there"))
    gains = [bar.get_width() for bar in figure.axes[0].patches]
    nothing = score_masks(labelled.table.iloc[:0], labelled.table, labelled.images, labelled.spec).score
    for class_id, gain in zip(labelled.spec.class_ids, gains, strict=True):
        own = labelled.table[labelled.table["ClassId"] == class_id]
        perfect = score_masks(own, labelled.table, labelled.images, labelled.spec).score
        assert perfect.score - nothing.score == pytest.approx(gain)
    assert f"Submitting nothing scores {nothing.score:.4f}" in note_of(figure)


def test_false_alarms_and_misses_cost_what_the_note_says(labelled):
    figure = eda.score_arithmetic(labelled.table, labelled.images, labelled.spec)
    pairs = len(labelled.images) * len(labelled.spec.classes)
    empty = pairs - len(labelled.table)
    missed = 0.01 * empty / (LIKELY_DICE * len(labelled.table))
    assert f"cost {0.01 * empty / pairs:.4f}, as much as missing {missed:.0%} of" in note_of(figure)


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
