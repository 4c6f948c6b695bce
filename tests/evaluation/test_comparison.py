"""A comparison agrees with scipy's bootstrap; its gains add up; its false positives are 5 %."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import bootstrap

from severstal.competition.budget import BUDGET_PARTS
from severstal.competition.scored import ScoredPairs
from severstal.competition.spec import Spec
from severstal.errors import SeverstalError
from severstal.evaluation.comparison import compare_pairs

SPEC = Spec("tiles", (20, 20), ("hole", "a class's name that is longer than its place"))
NAMES = ("runs/a", "runs/b")


def draw(seed: int, images: int, skill: float = 0.5, alarms: float = 0.2) -> ScoredPairs:
    """Pairs of a truth that depends on the number of images alone."""
    truth = np.random.default_rng(images)
    true = truth.integers(20, 99, (images, 2)) * truth.integers(0, 2, (images, 2))
    rng = np.random.default_rng([seed, 1])
    drawn = rng.random((images, 2)) < np.where(true > 0, 0.9, alarms)
    predicted = drawn * np.where(true > 0, true, 30)
    shared = np.where(true > 0, predicted * np.clip(rng.normal(skill, 0.2, (images, 2)), 0, 1), 0)
    return ScoredPairs(tuple(f"{k}.jpg" for k in range(images)), SPEC, shared.astype(int), predicted, true)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 999), st.integers(1, 30))
def test_gains_add_up_to_the_difference(seed: int, images: int) -> None:
    a, b = draw(seed, images), draw(seed + 1, images, 0.7)
    found = compare_pairs(a, b, NAMES)
    for part in (found.whole, *found.classes):
        assert part.difference.mean == pytest.approx(part.b - part.a, abs=1e-12)
    assert found.whole.b - found.whole.a == pytest.approx(b.score.score - a.score.score, abs=1e-12)
    assert sum(found.whole.gains.values()) == pytest.approx(found.whole.difference.mean, abs=1e-12)
    for kind in BUDGET_PARTS:
        of_classes = sum(part.gains[kind] for part in found.classes)
        assert of_classes == pytest.approx(found.whole.gains[kind], abs=1e-12)
    assert found.better == sum(y > x for x, y in zip(a.dice.ravel(), b.dice.ravel(), strict=True))
    assert found.worse == sum(y < x for x, y in zip(a.dice.ravel(), b.dice.ravel(), strict=True))


def test_intervals_are_those_of_scipy() -> None:
    a, b = draw(0, 150), draw(1, 150, 0.6)
    found = compare_pairs(a, b, NAMES)
    apart = b.dice - a.dice
    parts = [(found.whole, apart.mean(axis=1)), *zip(found.classes, apart.T, strict=True)]
    for part, values in parts:
        theirs = bootstrap(
            (values,), np.mean, n_resamples=4000, method="percentile", rng=np.random.default_rng(0)
        )
        ends = [part.difference.low, part.difference.high]
        assert ends == pytest.approx(theirs.confidence_interval, abs=0.15 * theirs.standard_error)
        better = (theirs.bootstrap_distribution > 0).mean()
        assert part.difference.probability == pytest.approx(better, abs=0.03)


def test_equally_good_predictors_differ_significantly_in_5_percent_of_cases() -> None:
    significant = sum(
        compare_pairs(draw(2 * seed, 80), draw(2 * seed + 1, 80), NAMES).whole.difference.is_significant
        for seed in range(150)
    )
    assert 1 <= significant <= 17  # 7.5 to be expected, with a standard deviation of 2.7


def test_better_outlines_are_significant() -> None:
    found = compare_pairs(draw(0, 300, 0.4, 0), draw(1, 300, 0.8, 0), NAMES)
    assert found.whole.difference.is_significant
    assert found.verdict.startswith(f"B is better by {found.whole.difference.mean:.4f} (95 % interval +")
    assert found.verdict.endswith("which is significant: B is better in 100.0 % of the resamples.")
    assert found.whole.gains["outlines"] > 5 * abs(found.whole.gains["missed"])
    assert found.whole.gains["alarms"] == 0
    back = compare_pairs(draw(1, 300, 0.8, 0), draw(0, 300, 0.4, 0), NAMES)
    assert back.verdict.startswith(f"B is worse by {found.whole.difference.mean:.4f} (95 % interval -")
    assert back.whole.gains["outlines"] == pytest.approx(-found.whole.gains["outlines"])


def test_verdict_of_an_insignificant_and_of_no_difference() -> None:
    a = draw(0, 40)
    assert "is not significant: the interval contains 0" in compare_pairs(a, draw(1, 40), NAMES).verdict
    same = compare_pairs(a, a, NAMES)
    assert same.verdict == "A and B have the same Dice in every pair: there is no difference."
    assert same.whole.difference.probability == 0.5


def test_groups_are_resampled_together() -> None:
    a, b = draw(0, 100), draw(1, 100, 0.6)
    groups = np.repeat(np.arange(10), 10)
    # Alike within a group, so that its images tell less than as many others.
    bias = np.where(groups[:, None] % 2, a.intersection, b.intersection)
    b = replace(b, intersection=np.minimum(bias, np.minimum(b.predicted, b.true)))
    alone = compare_pairs(a, b, NAMES)
    together = compare_pairs(replace(a, groups=groups), replace(b, groups=groups + 5), NAMES)
    assert (alone.units, together.units) == (100, 10)
    wide = [found.whole.difference.high - found.whole.difference.low for found in (alone, together)]
    assert wide[1] != pytest.approx(wide[0], rel=0.02)
    assert any("all images are treated as independent" in note for note in alone.notes)
    assert not together.notes


def test_the_order_of_images_does_not_matter() -> None:
    a, b = draw(0, 30), draw(1, 30)
    turned = b.take(np.arange(30)[::-1])
    assert compare_pairs(a, turned, NAMES) == compare_pairs(a, b, NAMES)


def test_different_folds_are_noted() -> None:
    a = draw(0, 6)
    b = replace(a, folds=np.arange(6) % 2)
    assert any("different folds" in note for note in compare_pairs(a, b, NAMES).notes)


def test_the_dictionary_is_json() -> None:
    found = compare_pairs(draw(0, 9), draw(1, 9), NAMES)
    value = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert (value["a"], value["b"], value["images"]) == (*NAMES, 9)
    assert value["whole"]["difference"]["mean"] == found.whole.difference.mean
    assert value["classes"][0]["name"] == "1 hole"
    assert value["is_significant"] == found.whole.difference.is_significant


def spoil(how: str, b: ScoredPairs) -> ScoredPairs:
    match how:
        case "classes":
            return replace(b, spec=Spec("tiles", (20, 20), ("hole", "crack")))
        case "fewer":
            return b.take(np.arange(7))
        case "others":
            return replace(b, images=(*b.images[:-1], "other.jpg"))
        case "labels":
            return replace(b, true=b.true + (np.arange(9) == 4)[:, None], predicted=b.predicted)
        case "groups":
            return replace(b, groups=np.arange(9) // 2)
    raise AssertionError(how)


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        ("classes", "whose shape or classes differ"),
        ("fewer", "runs/a scores 2 images that runs/b does not, such as 7.jpg"),
        ("others", "runs/a scores 1 image that runs/b does not, such as 8.jpg"),
        ("labels", "were scored on different labels: image 4.jpg class 1 has"),
        ("groups", "have different groups of near-duplicates"),
    ],
)
def test_incomparable_predictions_are_refused_in_one_line(how: str, expected: str) -> None:
    a = draw(0, 9)
    with pytest.raises(SeverstalError) as error:
        compare_pairs(a, spoil(how, draw(1, 9)), NAMES)
    assert expected in str(error.value)
    assert len(str(error.value).splitlines()) == 1


def test_more_images_in_b_and_no_images_are_refused() -> None:
    a = draw(0, 9)
    with pytest.raises(SeverstalError, match=r"runs/b scores 1 image that runs/a does not, such as 8\.jpg"):
        compare_pairs(a.take(np.arange(8)), a, NAMES)
    with pytest.raises(SeverstalError, match="runs/a: no image to compare"):
        compare_pairs(a.take(np.arange(0)), a.take(np.arange(0)), NAMES)
