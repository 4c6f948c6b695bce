"""The figures hold the counts and the brightness of each fold."""

import numpy as np
import pandas as pd

from severstal.data.folds import split_folds
from severstal.evaluation.fold_counts import combinations_by_fold, count_by_fold
from severstal.report.folds import fold_balance, fold_brightness


def split(labelled, folds):
    return split_folds(labelled.images, labelled.masks.presence(labelled.images), folds)


def test_every_count_is_written(labelled, readable):
    folds = split(labelled, 2)
    figure = fold_balance(folds, labelled.table, labelled.spec)
    readable(figure, ("fold", "deviation (by chance: 1)"))
    numbers = [int(text.get_text().split("\n")[0]) for text in figure.axes[0].texts]
    both = (
        count_by_fold(folds, labelled.table, labelled.spec),
        combinations_by_fold(folds, labelled.table),
    )
    assert numbers == [number for table in both for number in table.to_numpy().ravel().tolist()]


def test_brightness_of_each_fold_of_the_test_like_and_of_the_test_set(labelled, readable):
    folds = split(labelled, 3)
    grey = [labelled.picture(name).mean() for name in labelled.images]
    features = pd.DataFrame({"ImageId": labelled.images, "brightness": grey})
    figure = fold_brightness(folds, features, features)
    readable(figure, ("mean grey (0 black to 255 white)",))
    marked = folds.assign(test_like=np.arange(len(folds)) < 4)
    figure = fold_brightness(marked, features, features)
    readable(figure)
    rows = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert rows == ["fold 0", "fold 1", "fold 2", "most test-like", "test set"]
    medians = [line.get_xdata()[0] for line in figure.axes[0].lines[4::5]]
    assert np.isclose(medians[3], np.median(grey[:4]))
    assert np.isclose(medians[4], np.median(grey))


def test_the_largest_deviation_is_named(readable):
    from severstal.competition.spec import SEVERSTAL

    folds = pd.DataFrame({"ImageId": [f"{i}" for i in range(8)], "fold": np.arange(8) % 2})
    table = pd.DataFrame({"ImageId": ["0", "2", "4", "6"], "ClassId": [3, 3, 3, 2]})
    figure = fold_balance(folds, table, SEVERSTAL)
    readable(figure)
    assert "clean in fold 0, 0 instead of 2.0" in figure.texts[1].get_text().replace("\n", " ")


def test_without_a_defect_and_with_many_folds(clean, readable):
    readable(fold_balance(split(clean, 5), clean.table, clean.spec))
    readable(fold_balance(split(clean, 12), clean.table, clean.spec))
