"""Every picture is counted, and the verdict follows the PSI."""

import numpy as np
import pandas as pd
import pytest

from severstal.report import eda
from severstal.report.eda.shift import _SHOWN as SHOWN


def pictures(number, seed=0, moved=0.0):
    rng = np.random.default_rng(seed)
    columns = {name: rng.normal(50 + moved, 10, number) for name in [*SHOWN, "level_5"]}
    return pd.DataFrame({"ImageId": [f"{seed}-{k}" for k in range(number)], **columns})


def test_feature_shift(readable):
    figure = eda.feature_shift(pictures(400), pictures(300, seed=1, moved=8))
    readable(figure, ("pictures (%)",))
    assert len(figure.axes) == len(SHOWN)
    for axes in figure.axes:
        assert "large shift" in axes.get_title(loc="left")
        for sample in axes.patches:
            heights, *_ = sample.get_data()
            assert heights.sum() == pytest.approx(100)  # none falls out of the range


def test_a_shift_of_few_pictures_may_be_chance(readable):
    figure = eda.feature_shift(pictures(20), pictures(5, seed=1))
    readable(figure)
    assert any("within chance" in axes.get_title(loc="left") for axes in figure.axes)
    assert "in 5 % of cases" in figure.texts[1].get_text()


def test_without_test_pictures(readable):
    figure = eda.feature_shift(pictures(20), pictures(0))
    readable(figure)
    assert all("nothing to compare" in axes.get_title(loc="left") for axes in figure.axes)


def test_a_constant_feature_is_shown(readable):
    train = pictures(30).assign(black=0.0)
    figure = eda.feature_shift(train, train)
    readable(figure)
    assert "PSI 0.00: no shift" in figure.axes[2].get_title(loc="left")
