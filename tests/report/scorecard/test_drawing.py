"""Dots lie where the bins do."""

import re

import numpy as np

from severstal.evaluation.reliability import measure_reliability
from severstal.report.scorecard.drawing import _MARGIN, _SIDE, reliability_diagram


def test_dots_lie_where_the_bins_do() -> None:
    rng = np.random.default_rng(0)
    probability = rng.integers(0, 200, (500, 1), dtype=np.uint8)
    part = measure_reliability(probability, rng.random((500, 1)) < probability / 255).whole
    circle = r'<circle cx="([\d.]+)" cy="([\d.]+)" r="([\d.]+)"'
    dots = np.array(re.findall(circle, reliability_diagram(part)), float)
    filled = np.flatnonzero(part.pairs)
    assert len(dots) == len(filled) < 10
    np.testing.assert_allclose((dots[:, 0] - _MARGIN) / _SIDE, part.predicted[filled], atol=1e-3)
    np.testing.assert_allclose((14 + _SIDE - dots[:, 1]) / _SIDE, part.observed[filled], atol=1e-3)
    by_pairs = dots[np.argsort(part.pairs[filled]), 2]
    assert (np.diff(by_pairs) >= 0).all()
    assert by_pairs[-1] == 8
