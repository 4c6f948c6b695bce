"""Counts by fold agree with the presence of the classes."""

import numpy as np

from severstal.data.folds import split_folds
from severstal.evaluation.fold_counts import combinations_by_fold, count_by_fold
from severstal.evaluation.labels import class_labels


def split(labelled, folds):
    return split_folds(labelled.images, labelled.masks.presence(labelled.images), folds)


def test_counts_are_those_of_the_presence(labelled):
    folds = split(labelled, 3)
    presence = labelled.masks.presence(labelled.images)
    table = count_by_fold(folds, labelled.table, labelled.spec)
    assert list(table.index) == ["images", "clean", *class_labels(labelled.spec)]
    for fold in range(3):
        held = presence[(folds["fold"] == fold).to_numpy()]
        assert table[fold].tolist() == [len(held), (~held.any(1)).sum(), *held.sum(0)]


def test_images_without_a_fold_are_left_out(labelled):
    folds = split(labelled, 2).iloc[:6]
    table = count_by_fold(folds, labelled.table, labelled.spec)
    assert table.loc["images"].sum() == 6
    presence = labelled.masks.presence(list(folds["ImageId"]))
    assert table.to_numpy()[2:].sum(1).tolist() == presence.sum(0).tolist()


def test_combinations_are_those_of_the_presence(labelled):
    folds = split(labelled, 3)
    presence = labelled.masks.presence(labelled.images)
    table = combinations_by_fold(folds, labelled.table)
    kinds = [" + ".join(map(str, np.flatnonzero(row) + 1)) for row in presence]
    several = [kind for kind in kinds if "+" in kind]
    assert sorted(table.index) == sorted(set(several))
    assert list(table.columns) == [0, 1, 2]
    for kind in table.index:
        held = [fold for fold, shown in zip(folds["fold"], kinds, strict=True) if shown == kind]
        assert table.loc[kind].tolist() == np.bincount(held, minlength=3).tolist()
    assert table.sum(axis=1).is_monotonic_decreasing
