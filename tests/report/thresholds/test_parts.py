"""Every part of a rule has its bar."""

import numpy as np

from severstal.decision.explain import explain_rules
from severstal.report.thresholds.parts import rule_parts


def test_each_part_has_its_bar(searched, readable):
    explained = explain_rules(searched.summary, searched.fitted.result.rules)
    figure = rule_parts(explained)
    readable(figure, ("contribution to the mean Dice of the class",))
    bars = [bar.get_width() for bar in figure.axes[0].patches]
    assert explained.never == (2, 3)
    used = [part for part in explained.parts if part.class_id == 1]
    shown = [part for part in used if part.part == "whole rule" or abs(part.worth) >= 5e-5]
    assert np.allclose(bars, [part.worth for part in shown])
    left = len(used) - len(shown)
    assert "left out: 2 few, 3 never." in figure.texts[1].get_text().replace("\n", " ")
    assert left == 0 or f"{left} parts without an effect" in figure.texts[1].get_text().replace("\n", " ")
    labels = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert len(labels) == len(shown) + 1
    assert labels[0] == "1 found"
    assert labels[1] == "whole rule (beside plain)"
    assert "-0.0000" not in [text.get_text() for text in figure.axes[0].texts]


def test_any_data_set(any_set, readable):
    readable(rule_parts(explain_rules(any_set.summary, any_set.fitted.result.rules)))


def test_all_zero_maps(blank, readable):
    summary, result = blank
    readable(rule_parts(explain_rules(summary, result.rules)))
