"""Each image is drawn by the rules of its own fold, in the images' order."""

import numpy as np
import pandas as pd
import pytest

from severstal.competition.masks import Masks
from severstal.competition.scored import score_masks
from severstal.decision.crossfit import cross_fit
from severstal.decision.draw import apply
from severstal.decision.heldout import draw_cross_fitted
from severstal.decision.mask_table import draw_masks
from severstal.decision.rules import PLAIN_RULE, ClassRule, Rules, plain_rules
from severstal.decision.summary import summarise


def test_each_image_is_drawn_by_the_rules_of_its_fold(random_pictures):
    reader, _ = random_pictures(0, 12, scale=2)
    spec, folds = reader.spec, np.arange(12) % 3
    rules = {
        fold: Rules(spec.classes, (ClassRule(high, high / 2, 1, min_component=2), PLAIN_RULE), exclusive=True)
        for fold, high in enumerate((0.3, 0.6, 0.9))
    }
    table = draw_cross_fitted(reader, rules, folds, spec)
    masks = Masks(table, spec)
    for row, name in enumerate(reader.names):
        alone = apply(reader.full(row), rules[folds[row]], spec, reader.class_probability[row])
        assert (masks[name] == alone).all()
    places = [reader.names.index(name) for name in table["ImageId"]]
    assert places == sorted(places)
    assert not table.duplicated(["ImageId", "ClassId"]).any()


def test_the_same_rules_for_all_folds_equal_one_call(random_pictures):
    reader, _ = random_pictures(1, 10)
    rules = plain_rules(reader.spec)
    folds = np.array([3, 0] * 5)
    pd.testing.assert_frame_equal(
        draw_cross_fitted(reader, {0: rules, 3: rules}, folds, reader.spec),
        draw_masks(reader, rules, reader.spec),
    )


def test_it_scores_what_cross_fitting_says(random_pictures):
    reader, truth = random_pictures(2, 40)
    summary = summarise(reader, truth, reader.spec)
    folds = np.arange(40) % 4
    fitted = cross_fit(summary, folds)
    drawn = draw_cross_fitted(reader, fitted.rules, folds, reader.spec)
    whole = Masks(drawn, reader.spec)
    predicted = [[int((whole[name] >> k & 1).sum()) for k in range(2)] for name in reader.names]
    assert (fitted.predicted == predicted).all()
    nothing = drawn.iloc[:0]
    assert (score_masks(drawn, nothing, reader.names, reader.spec).predicted == predicted).all()


def test_nothing_drawn_is_an_empty_table(random_pictures):
    reader, _ = random_pictures(3, 4)
    never = Rules(reader.spec.classes, (ClassRule(1.0, 1.0, reader.spec.pixels + 1),) * 2)
    table = draw_cross_fitted(reader, {0: never}, np.zeros(4, int), reader.spec)
    assert table.empty
    assert table["ClassId"].dtype == "int64"
    assert list(table.columns) == ["ImageId", "ClassId", "EncodedPixels"]


def test_folds_and_rules_must_go_together(random_pictures):
    reader, _ = random_pictures(4, 4)
    rules = plain_rules(reader.spec)
    with pytest.raises(ValueError, match="4 images"):
        draw_cross_fitted(reader, {0: rules}, np.zeros(3, int), reader.spec)
    with pytest.raises(ValueError, match=r"folds \[0\]; the images are of the folds \[0, 1\]"):
        draw_cross_fitted(reader, {0: rules}, np.array([0, 1, 0, 1]), reader.spec)
