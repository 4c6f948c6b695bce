"""The figures of train against test."""

import numpy as np
import pandas as pd
import pytest

from severstal.data.likeness import Likeness
from severstal.report.likeness import likeness_figure, likeness_gallery


@pytest.fixture
def likeness(labelled) -> Likeness:
    names = [*labelled.images, *(f"test{row}" for row in range(6))]
    values = np.random.default_rng(0).random(len(names)).round(4)
    return Likeness(pd.DataFrame({"ImageId": names, "likeness": values, "test": np.arange(len(names)) >= 12}))


def test_the_figure_says_the_auc(likeness, readable):
    figure = likeness_figure(likeness)
    readable(figure, ("likeness to the test set (0 to 1)", "pictures of the set (%)", "test recognised (%)"))
    assert figure.axes[1].get_title() == f"AUC {likeness.auc:.2f}"
    shares = [sum(bar.get_height() for bar in bars) for bars in figure.axes[0].containers]
    assert shares == pytest.approx([100, 100])


def test_the_gallery_shows_both_ends(likeness, labelled, readable):
    figure = likeness_gallery(likeness, labelled, labelled.masks, labelled.spec, rows=3)
    readable(figure)
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    ranked = likeness.of_train().sort_values()
    assert [title.split()[1] for title in titles[::2]] == [f"{value:.2f}" for value in ranked[:3]]
    assert [title.split()[1] for title in titles[1::2]] == [f"{value:.2f}" for value in ranked[::-1][:3]]
    assert len(likeness_gallery(likeness, labelled, labelled.masks, labelled.spec, rows=50).axes) == 12
