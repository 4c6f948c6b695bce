"""The counts of each fold."""

import numpy as np
import pandas as pd

from severstal.data.folds import make_folds
from severstal.evaluation.labels import class_labels
from severstal.report.folds import combinations, counts, fold_balance, fold_brightness


def dealt(labelled, folds):
    return make_folds(labelled.images, labelled.masks.presence(labelled.images), folds)


def test_counts_are_those_of_the_presence(labelled):
    folds = dealt(labelled, 3)
    presence = labelled.masks.presence(labelled.images)
    table = counts(folds, labelled.table, labelled.spec)
    assert list(table.index) == ["images", "clean", *class_labels(labelled.spec)]
    for fold in range(3):
        held = presence[(folds["fold"] == fold).to_numpy()]
        assert table[fold].tolist() == [len(held), (~held.any(1)).sum(), *held.sum(0)]


def test_rows_of_images_in_no_fold_are_left_out(labelled):
    folds = dealt(labelled, 2).iloc[:6]
    table = counts(folds, labelled.table, labelled.spec)
    assert table.loc["images"].sum() == 6
    presence = labelled.masks.presence(list(folds["ImageId"]))
    assert table.to_numpy()[2:].sum(1).tolist() == presence.sum(0).tolist()


def test_the_figure_says_the_counts(labelled, readable):
    folds = dealt(labelled, 2)
    figure = fold_balance(folds, labelled.table, labelled.spec)
    readable(figure, ("fold", "off an even share (%)"))
    said = [int(text.get_text().split("\n")[0]) for text in figure.axes[0].texts]
    both = [count(folds, labelled.table, labelled.spec) for count in (counts, combinations)]
    assert said == [number for table in both for number in table.to_numpy().ravel().tolist()]


def test_combinations_are_those_of_the_presence(labelled):
    folds = dealt(labelled, 3)
    presence = labelled.masks.presence(labelled.images)
    table = combinations(folds, labelled.table, labelled.spec)
    kinds = [" + ".join(map(str, np.flatnonzero(row) + 1)) for row in presence]
    several = [kind for kind in kinds if "+" in kind]
    assert sorted(table.index) == sorted(set(several))
    assert list(table.columns) == [0, 1, 2]
    for kind in table.index:
        held = [fold for fold, shown in zip(folds["fold"], kinds, strict=True) if shown == kind]
        assert table.loc[kind].tolist() == np.bincount(held, minlength=3).tolist()
    assert table.sum(axis=1).is_monotonic_decreasing


def test_brightness_of_each_fold_of_the_test_like_and_of_the_test_set(labelled, readable):
    folds = dealt(labelled, 3)
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


def test_the_furthest_from_even_is_named(readable):
    from severstal.competition.spec import SEVERSTAL

    folds = pd.DataFrame({"ImageId": [f"{i}" for i in range(8)], "fold": np.arange(8) % 2})
    table = pd.DataFrame({"ImageId": ["0", "2", "4", "6"], "ClassId": [3, 3, 3, 2]})
    figure = fold_balance(folds, table, SEVERSTAL)
    readable(figure)
    assert "clean in fold 0, 0 instead of 2.0" in figure.texts[1].get_text().replace("\n", " ")


def test_without_a_defect_and_with_many_folds(clean, readable):
    readable(fold_balance(dealt(clean, 5), clean.table, clean.spec))
    readable(fold_balance(dealt(clean, 12), clean.table, clean.spec))
