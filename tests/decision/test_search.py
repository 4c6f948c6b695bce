"""The search: its result, its fallback, and its messages."""

import numpy as np
import pytest

from severstal.competition.metric import class_areas, pair_dice, score_pairs
from severstal.competition.spec import Spec
from severstal.decision.choice import SIGNIFICANT
from severstal.decision.draw import apply
from severstal.decision.gate import OPEN, Gate
from severstal.decision.levels import to_level
from severstal.decision.rules import PLAIN_RULE, plain_rules
from severstal.decision.search import (
    GATES,
    MIN_POSITIVES,
    SearchSettings,
    minimum_areas,
    score_rules,
    search_any,
    search_rules,
    thresholds_between,
)
from severstal.decision.summary import Summary, summarise
from severstal.errors import SeverstalError

SPEC = Spec("tiny", (4, 6), ("scratch", "hole"))
ONE = Spec("one", (32, 32), ("hole",))


def steep(value: int, area: int) -> np.ndarray:
    """Areas of a map that holds `value` in `area` pixels and 0 elsewhere."""
    return np.where(np.arange(256) == 0, 1024, np.where(np.arange(256) <= value, area, 0))


def summary_of(areas: np.ndarray, true: np.ndarray, probability: int = 200) -> Summary:
    """A summary of one class whose maps lie in the truth as far as they can."""
    names = tuple(f"{index}.jpg" for index in range(len(true)))
    inside = np.minimum(areas, true[:, None])
    sure = np.full((len(true), 1), probability, np.uint8)
    return Summary(names, ONE, areas[:, None], inside[:, None], true[:, None], sure)


def test_what_is_searched_by_default():
    settings = SearchSettings()
    assert (len(settings.gates), len(settings.thresholds)) == (20, 51)
    assert settings.gates[0] == OPEN
    assert len(set(GATES)) == 20
    assert 0.5 in settings.thresholds
    levels = [to_level(each) for each in settings.thresholds]
    assert (levels[0], levels[-1]) == (13, 242)
    assert set(np.diff(levels)) <= {4, 5}
    assert thresholds_between(0.2, 0.8, 4) == (0.2, 0.4, 0.6, 0.8)


def test_the_rules_of_all_classes_are_found_together(random_pictures):
    reader, truth = random_pictures(6, 40)
    summary = summarise(reader, truth, SPEC)
    result = search_rules(summary)
    assert result.rules.classes == SPEC.classes
    assert (result.notes, result.weighted) == ([], None)
    for rules, found in ((result.rules, result.found), (plain_rules(SPEC), result.plain)):
        areas = [
            class_areas(apply(reader.full(index), rules, SPEC, probability), truth[name], 2)
            for index, (name, probability) in enumerate(
                zip(reader.names, reader.class_probability, strict=True)
            )
        ]
        assert found.to_dict() == score_pairs(*np.array(areas).transpose(1, 0, 2), SPEC).to_dict()
    for index, (search, found, plain) in enumerate(
        zip(result.classes, result.found.classes, result.plain.classes, strict=True)
    ):
        assert search.rule == result.rules.rules[index]
        assert search.positives == found.defects
        assert search.landscape.best.max() >= found.score - 1e-12
        assert found.score > plain.score  # the maps are too noisy for plain 0.5
        at_rule = search.scores_at_rule[np.searchsorted(search.min_areas, search.rule.min_area)]
        assert at_rule == pytest.approx(found.score)


def test_the_best_is_the_best(random_summary):
    summary = random_summary(7, 30)
    result = search_rules(summary, SearchSettings(choice="best"))
    for search, found in zip(result.classes, result.found.classes, strict=True):
        assert found.score == pytest.approx(search.landscape.best.max(), abs=1e-12)
        assert search.best_by_threshold.max() == pytest.approx(found.score, abs=1e-12)


def test_weights_decide(random_summary):
    summary = random_summary(8, 60)
    weights = np.where(np.arange(60) < 30, 1.0, 0.0)
    settings = SearchSettings(choice="best")
    weighted = search_rules(summary, settings, weights)
    half = search_any(summary.take(weights > 0), settings)
    assert weighted.rules == half.rules
    assert weighted.weighted.found == pytest.approx(half.found.score)
    assert weighted.weighted.plain == pytest.approx(half.plain.score)
    assert weighted.weighted.all_empty == pytest.approx(half.found.all_empty)
    assert weighted.found.to_dict() == score_rules(summary, weighted.rules).to_dict()


def test_defects_that_weigh_nothing_are_not_searched_on():
    areas = np.stack([steep(200, 100)] * 12)
    summary = summary_of(areas, np.repeat([100, 0], 6))
    found = search_rules(summary, weights=np.repeat([0.0, 1.0], [3, 9]))
    assert found.classes[0].positives == 3
    assert found.notes[0].startswith("hole: 3 images with this class")


def test_the_fall_back_is_judged_at_0_5_whatever_is_searched():
    summary = summary_of(np.stack([steep(150, 50)] * 8), np.repeat([50, 0], [3, 5]))
    for thresholds in ((0.8, 0.9), (0.2, 0.9)):
        found = search_rules(summary, SearchSettings(thresholds=thresholds))
        assert found.rules.rules[0].is_never_drawn(ONE)
        assert "plain 0.5 would score 0.3750" in found.notes[0]


@pytest.mark.parametrize("weights", [np.full(30, 3.0), np.full(30, 7, np.int64)])
def test_equal_weights_change_nothing(random_summary, weights):
    summary = random_summary(9, 30)
    assert search_rules(summary, weights=weights).rules == search_rules(summary).rules


def test_a_gate_is_found_where_only_it_can_tell():
    areas = np.stack([steep(200, 100)] * 12)
    summary = summary_of(areas, np.repeat([100, 0], 6))
    summary.class_probability[6:] = 30
    result = search_rules(summary)
    assert result.found.score == pytest.approx(1)
    assert result.rules.rules[0].gate != OPEN
    only = search_rules(summary, SearchSettings(gates=(OPEN,)))
    assert only.found.score == pytest.approx(0.5)
    assert search_rules(summary, SearchSettings(gates=(OPEN, Gate("area", 12.0)))).found.score == 1


def test_a_class_that_only_loses_is_never_drawn():
    summary = summary_of(np.stack([steep(0, 0)] * 6 + [steep(255, 700)] * 6), np.repeat([50, 0], 6), 255)
    result = search_rules(summary)
    assert result.rules.rules[0].is_never_drawn(ONE)
    assert result.found.score == result.found.all_empty == 0.5
    assert result.plain.score == 0
    assert result.notes == [
        "hole: every rule that draws it scores less than the all-empty baseline: it is never drawn"
    ]


def test_a_class_that_barely_gains_is_still_drawn():
    areas = np.stack([steep(255, 1)] * 10)
    result = search_rules(summary_of(areas, np.full(10, 1000)))
    assert result.rules.rules[0].min_area <= 1
    assert result.notes == []


@pytest.mark.parametrize(("found", "is_drawn"), [(14, False), (15, True)])
def test_a_class_whose_gain_is_not_significant_is_not_drawn_unless_the_best_is_asked_for(found, is_drawn):
    # Of 40 images 20 have the defect; the map shows it in some of them, and in 6 that have none.
    areas = np.stack([steep(200, 100)] * found + [steep(0, 0)] * (20 - found) + [steep(200, 100)] * 6)
    summary = summary_of(np.concatenate([areas, np.stack([steep(0, 0)] * 14)]), np.repeat([100, 0], 20))
    gains = np.repeat([1.0, 0.0, -1.0, 0.0], [found, 20 - found, 6, 14])
    errors = gains.mean() / (gains.std() / np.sqrt(40))
    assert (errors > SIGNIFICANT) == is_drawn
    result = search_rules(summary)
    assert result.rules.rules[0].is_never_drawn(ONE) != is_drawn
    note = f"hole: its gain is not significant, {errors:.1f} standard errors where noise may reach 2: "
    assert result.notes == ([] if is_drawn else [note + "it is never drawn"])
    best = search_rules(summary, SearchSettings(choice="best"))
    assert best.found.score == pytest.approx(0.5 + (found - 6) / 40)


@pytest.mark.parametrize("found", [1, 2, 3])
def test_a_few_lucky_images_are_no_evidence(found):
    # Of 200 images 10 have the defect; the map shows it in few of them and nowhere else.
    areas = np.stack([steep(200, 100)] * found + [steep(0, 0)] * (200 - found))
    result = search_rules(summary_of(areas, np.repeat([100, 0], [10, 190])))
    assert result.rules.rules[0].is_never_drawn(ONE)
    assert "its gain is not significant" in result.notes[0]


def test_of_classes_of_pure_noise_at_most_5_percent_are_drawn():
    # `benchmarks/significance.py` simulates more kinds, on the whole grid.
    rng, drawn, once = np.random.default_rng(0), 0, 0
    settings = SearchSettings(thresholds=thresholds_between(0.05, 0.95, 16))
    for trial in range(60):
        images, share = [(120, 0.1), (200, 0.1), (200, 0.4)][trial % 3]
        peaks = rng.normal(60, 90, images).clip(0, 255).astype(int)
        sizes = np.exp(rng.normal(4, 1, images)).clip(1, 900).astype(int)
        areas = np.stack([steep(*each) for each in zip(peaks, sizes, strict=True)])
        true = np.where(rng.permutation(images) < share * images, rng.integers(20, 600, images), 0)
        summary = summary_of(areas, true)
        inside = summary.intersections[:, 0, 1:]
        inside[:] = inside * rng.random((images, 1))
        summary.class_probability[:] = rng.integers(0, 256, (images, 1))
        search = search_rules(summary, settings).classes[0]
        drawn += not search.rule.is_never_drawn(ONE)
        once += search.landscape.best.max() > search.landscape.empty + 1e-12
    assert once > 30  # the best rule of most such classes does gain on the images it was searched on
    assert drawn <= 0.05 * 60


def test_the_minimum_area_0_is_searched():
    areas = minimum_areas(ONE.pixels)
    assert areas[0] == 0
    assert areas[1] == 1
    assert (np.diff(areas) > 0).all()
    assert areas[-1] == ONE.pixels
    search = search_rules(summary_of(np.stack([steep(200, 100)] * 12), np.repeat([100, 0], 6))).classes[0]
    assert search.min_areas[0] == search.landscape.grid.min_areas[0] == 0


@pytest.mark.parametrize("positives", [1, MIN_POSITIVES - 1, MIN_POSITIVES])
def test_too_few_defects_to_search_on(positives):
    areas = np.stack([steep(100, 50)] * 12)  # plain 0.5 draws none of them
    result = search_rules(summary_of(areas, np.repeat([50, 0], [positives, 12 - positives])))
    if positives < MIN_POSITIVES:
        assert result.rules.rules == (PLAIN_RULE,)
        assert result.found.to_dict() == result.plain.to_dict()
        assert len(result.notes) == 1
        assert f"hole: {positives} image" in result.notes[0]
        assert result.notes[0].endswith("plain 0.5 without a minimum area")
    else:
        assert result.rules.rules != (PLAIN_RULE,)


def test_false_alarms_are_reported_even_where_defects_are_too_few():
    areas = np.stack([steep(200, 50)] * 12)  # plain 0.5 draws all of them
    result = search_rules(summary_of(areas, np.repeat([50, 0], [3, 9])))
    assert result.rules.rules[0].is_never_drawn(ONE)
    assert result.notes == [
        "hole: 3 images with this class, fewer than 5, is too few to search on: plain 0.5 would score "
        "0.2500, less than the all-empty 0.7500: it is never drawn"
    ]
    kept = search_rules(summary_of(np.stack([steep(200, 50)] * 4), np.repeat([50, 0], [3, 1])))
    assert kept.rules.rules == (PLAIN_RULE,)


def test_a_class_that_no_image_has_is_never_drawn():
    summary = summary_of(np.stack([steep(100, 50)] * 12), np.zeros(12, np.int64))
    found = search_rules(summary)
    assert found.rules.rules[0].is_never_drawn(summary.spec)
    assert found.notes == ["hole: no labelled image has this class: it is never drawn"]
    assert search_any(summary).rules.rules == (PLAIN_RULE,)  # of a part, where others may have it


def test_nothing_to_search_on():
    with pytest.raises(SeverstalError, match="no image to search"):
        search_rules(summary_of(np.zeros((0, 256), int), np.zeros(0, int)))


def test_the_figures_of_a_search_are_of_one_size(random_summary):
    for search in search_rules(random_summary(10, 20)).classes:
        grid = search.landscape.grid
        shape = (len(grid.gates), len(grid.thresholds), len(grid.min_areas), len(grid.thresholds))
        assert search.landscape.scores.shape == shape
        assert search.best_by_threshold.shape == (len(grid.thresholds),)
        assert set(grid.min_areas) <= set(search.min_areas)
        assert search.rule.min_area in search.min_areas
        assert np.isfinite(search.scores_at_rule).all()


def test_scores_of_the_landscape_are_those_of_the_masks(random_pictures):
    reader, truth = random_pictures(11, 12)
    summary = summarise(reader, truth, SPEC)
    result = search_rules(summary)
    rng = np.random.default_rng(0)
    grid = result.classes[0].landscape.grid
    for _ in range(25):
        gate, high, low = rng.integers(20), *np.sort(rng.integers(0, 51, 2))[::-1]
        area = rng.integers(len(grid.min_areas))
        rule = type(PLAIN_RULE)(
            grid.thresholds[high], grid.thresholds[low], int(grid.min_areas[area]), grid.gates[gate]
        )
        rules = type(result.rules)(SPEC.classes, (rule, rule))
        dice = np.array(
            [
                pair_dice(*class_areas(apply(reader.full(row), rules, SPEC, sure), truth[name], 2))
                for row, (name, sure) in enumerate(zip(reader.names, summary.class_probability, strict=True))
            ]
        )
        for index, search in enumerate(result.classes):
            found = search.landscape.scores[gate, high, area, low]
            assert found == pytest.approx(dice[:, index].mean(), abs=1e-6)
