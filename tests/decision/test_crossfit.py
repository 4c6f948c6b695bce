"""Cross-fitting: each image is drawn by rules that never saw it."""

import numpy as np
import pytest

from severstal.competition.metric import pair_dice
from severstal.competition.spec import Spec
from severstal.decision.crossfit import cross_fit
from severstal.decision.score import pair_areas
from severstal.decision.search import SearchSettings, search_any, search_rules
from severstal.decision.summary import Summary
from severstal.errors import SeverstalError

SPEC = Spec("tiny", (4, 6), ("scratch", "hole"))
QUICK = SearchSettings(thresholds=(0.2, 0.35, 0.5, 0.65, 0.8))


def test_the_rules_of_a_fold_are_searched_on_the_others(random_summary):
    summary, folds = random_summary(0, 60), np.tile([7, 2, 5], 20)
    fitted = cross_fit(summary, folds, QUICK)
    assert sorted(fitted.rules) == [2, 5, 7]
    dice = np.empty((60, 2))
    for fold in (2, 5, 7):
        rules = search_any(summary.take(folds != fold), QUICK).rules
        assert fitted.rules[fold] == rules
        dice[folds == fold] = pair_dice(*pair_areas(summary.take(folds == fold), rules))
    assert np.array_equal(fitted.dice, dice)
    assert fitted.score.score == pytest.approx(dice.mean())
    whole = search_rules(summary, QUICK)
    assert fitted.result.rules == whole.rules
    assert (fitted.searched, fitted.plain) == (whole.found, whole.plain)
    assert fitted.optimism == pytest.approx(whole.found.score - dice.mean())


def test_cross_fitting_shows_no_gain_on_noise():
    # Noise: the gain of the search on these images is chance, and the cross-fitted score shows it.
    rng, images = np.random.default_rng(1), 60
    spec = Spec("one", (8, 8), ("hole",))
    optimism = []
    for _ in range(8):
        areas = np.sort(rng.integers(0, 64, (images, 1, 256)))[..., ::-1].astype(np.int32)
        true = np.where(rng.random((images, 1)) < 0.6, rng.integers(1, 64, (images, 1)), 0).astype(np.int32)
        inside = (np.minimum(areas, true[..., None]) * rng.random((images, 1, 1))).astype(np.int32)
        sure = rng.integers(0, 256, (images, 1), np.uint8)
        summary = Summary(tuple(map(str, range(images))), spec, areas, inside, true, sure)
        optimism.append(cross_fit(summary, np.arange(images) % 4, SearchSettings(choice="best")).optimism)
    assert np.mean(optimism) > 0.02


def test_weights_are_those_of_the_images(random_summary):
    summary, folds = random_summary(2, 60), np.arange(60) % 2
    weights = np.random.default_rng(0).random(60)
    fitted = cross_fit(summary, folds, QUICK, weights)
    for fold in (0, 1):
        others = folds != fold
        assert fitted.rules[fold] == search_any(summary.take(others), QUICK, weights[others]).rules
    assert fitted.weighted.found == pytest.approx(np.average(fitted.dice.mean(axis=1), weights=weights))
    assert fitted.weighted.all_empty == pytest.approx(
        np.average((summary.true == 0).mean(axis=1), weights=weights)
    )


def test_a_class_that_other_folds_lack_falls_back_aloud(random_summary):
    summary = random_summary(3, 40)
    folds = np.where(summary.true[:, 0] > 0, 0, 1)
    fitted = cross_fit(summary, folds, QUICK)
    assert any(note.startswith("without fold 0: scratch: 0 images") for note in fitted.notes)


def test_one_fold_is_not_enough(random_summary):
    with pytest.raises(SeverstalError, match="all 20 images are of fold 3: predict another fold") as error:
        cross_fit(random_summary(4, 20), np.full(20, 3), QUICK)
    assert "\n" not in str(error.value)


def test_folds_of_another_number_of_images(random_summary):
    with pytest.raises(ValueError, match="there are 20 images"):
        cross_fit(random_summary(4, 20), np.arange(19), QUICK)
