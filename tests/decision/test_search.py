import tempfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from severstal.competition.metric import class_areas, score_pairs
from severstal.competition.spec import Spec
from severstal.decision.rules import PLAIN, ClassRule, Rules, apply, level, plain_rules
from severstal.decision.search import MIN_POSITIVES, TOLERANCE, score_rules, search_class, search_rules
from severstal.decision.summary import Summary, summarise
from severstal.errors import SeverstalError
from severstal.inference.maps import MapReader, MapWriter

SPEC = Spec("tiny", (4, 6), ("scratch", "hole"))
LEVELS = range(level(0.05), level(0.95))  # 0.95 is 242.25 levels: 242 is the last one searched

hundredths = st.integers(1, 100).map(lambda value: value / 100)
class_rules = st.builds(
    lambda one, other, min_area: ClassRule(max(one, other), min(one, other), min_area),
    hundredths,
    hundredths,
    st.integers(0, 25),
)


def store(maps: np.ndarray, scale: int = 1) -> MapReader:
    names = [f"{index}.jpg" for index in range(len(maps))]
    writer = MapWriter(tempfile.mkdtemp(), names, SPEC, scale, "key")
    writer.write(0, maps)
    writer.close()
    return MapReader(writer.folder)


def random_pictures(seed: int, images: int, scale: int = 1) -> tuple[MapReader, dict[str, np.ndarray]]:
    """Maps that are right more often than not, and their truth; about half of the masks are empty."""
    rng = np.random.default_rng(seed)
    bits = rng.integers(0, 4, (images, 4, 6), dtype=np.uint8) & rng.integers(0, 4, (images, 1, 1), np.uint8)
    truth = (bits[:, None] >> np.arange(2)[:, None, None]) & 1  # (N, C, H, W)
    maps = np.clip(rng.normal(90 + 90 * truth, 70), 0, 255).astype(np.uint8)
    maps *= rng.integers(0, 4, (images, 2, 1, 1), np.uint8) > 0
    return store(maps[:, :, ::scale, ::scale], scale), {f"{row}.jpg": each for row, each in enumerate(bits)}


def score_of_masks(reader: MapReader, truth: dict[str, np.ndarray], rules: Rules):
    areas = [
        class_areas(apply(reader.full(index), rules, SPEC), truth[name], 2)
        for index, name in enumerate(reader.names)
    ]
    intersection, predicted, true = np.array(areas).transpose(1, 0, 2)
    return score_pairs(intersection, predicted, true, SPEC)


@given(st.integers(0, 1000), st.integers(1, 6), st.sampled_from([1, 2]), class_rules, class_rules)
@settings(max_examples=40, deadline=None)
def test_scores_are_exactly_those_of_the_masks(seed, images, scale, first, second):
    reader, truth = random_pictures(seed, images, scale)
    rules = Rules(SPEC.classes, (first, second))
    fast = score_rules(summarise(reader, truth, SPEC), rules).to_dict()
    assert fast == score_of_masks(reader, truth, rules).to_dict()


def test_rules_of_other_classes_are_not_scored():
    summary = summarise(*random_pictures(0, 2), SPEC)
    with pytest.raises(ValueError, match="rules for"):
        score_rules(summary, plain_rules(Spec("tiny", (4, 6), ("hole", "scratch"))))


def mean_dice(maps: np.ndarray, truth: np.ndarray, value: int, min_area: int) -> tuple[float, bool]:
    """Mean Dice of (N, H, W) maps drawn from a level on, picture by picture, and whether any is drawn."""
    dice, any_drawn = [], False
    for plane, mask in zip(maps, truth, strict=True):
        drawn = plane >= value
        if drawn.sum() < max(1, min_area):
            drawn = np.zeros_like(drawn)
        any_drawn |= bool(drawn.any())
        total = drawn.sum() + mask.sum()
        dice.append(2 * (drawn & mask).sum() / total if total else 1.0)
    return float(np.mean(dice)), any_drawn


@given(
    arrays.arrays(np.uint8, (6, 2, 3), elements=st.sampled_from([0, 9, 40, 128, 129, 200, 250])),
    arrays.arrays(bool, (6, 2, 3)),
    st.sets(st.integers(0, 5), max_size=4),
)
@settings(max_examples=15, deadline=None)
def test_the_search_equals_trying_every_level_and_every_minimum_area(maps, truth, clean):
    truth[list(clean)] = False
    at_least = maps[:, None] >= np.arange(256)[:, None, None]  # (N, 256, H, W)
    areas = at_least.sum(axis=(2, 3), dtype=np.int32)
    intersections = (at_least & truth[:, None]).sum(axis=(2, 3), dtype=np.int32)
    search = search_class(areas, intersections, truth.sum(axis=(1, 2)))

    empty = float(np.mean(~truth.any(axis=(1, 2))))
    assert search.positives == truth.any(axis=(1, 2)).sum()
    assert [level(each) for each in search.thresholds] == list(LEVELS)
    # The levels between two values that a map takes draw the same masks.
    tried: dict[tuple[bytes, int], tuple[float, bool]] = {}
    for row, value in enumerate(LEVELS):
        drawing = []
        for min_area in range(8):
            key = (at_least[:, value].tobytes(), min_area)
            if key not in tried:
                tried[key] = mean_dice(maps, truth, value, min_area)
            score, any_drawn = tried[key]
            drawing += [score] if any_drawn else []
            column = np.flatnonzero(search.min_areas == min_area)
            assert search.scores[row, column] == pytest.approx([score] * len(column), abs=1e-12)
        assert search.best[row] == pytest.approx(max(drawing, default=empty), abs=1e-12)

    if search.positives < MIN_POSITIVES:
        assert search.rule == PLAIN
    else:
        assert search.rule.high == search.rule.low
        found, _ = mean_dice(maps, truth, level(search.rule.high), search.rule.min_area)
        assert found >= max(score for score, _ in tried.values()) - TOLERANCE - 1e-12


def test_the_rules_of_all_classes_are_found_together():
    reader, truth = random_pictures(6, 40)
    summary = summarise(reader, truth, SPEC)
    result = search_rules(summary)
    assert result.rules.classes == SPEC.classes
    assert result.notes == []
    assert result.found.to_dict() == score_of_masks(reader, truth, result.rules).to_dict()
    assert result.plain.to_dict() == score_of_masks(reader, truth, plain_rules(SPEC)).to_dict()
    for index, (search, found, plain) in enumerate(
        zip(result.classes, result.found.classes, result.plain.classes, strict=True)
    ):
        assert search.rule == result.rules.rules[index]
        assert 1e-12 > found.score - search.best.max() > -TOLERANCE - 1e-12
        assert found.score > plain.score  # the maps are too noisy for plain 0.5
        at_rule = search.scores_at_rule[np.searchsorted(search.min_areas, search.rule.min_area)]
        assert at_rule == pytest.approx(found.score)


def steep(value: int, area: int, pixels: int) -> np.ndarray:
    """Areas of a map that holds `value` in `area` pixels and 0 elsewhere."""
    return np.where(np.arange(256) == 0, pixels, np.where(np.arange(256) <= value, area, 0))


def test_the_middle_of_a_plateau_is_chosen():
    # Right from 0.05 to level 200, with any minimum area from 65 to 4096.
    areas = np.stack([steep(200, 4096, 2**16)] * 6 + [steep(255, 64, 2**16)] * 6)
    true = np.repeat([4096, 0], 6)
    search = search_class(areas, np.minimum(areas, true[:, None]), true)
    assert search.best.max() == 1
    assert level(search.rule.high) == pytest.approx((13 + 200) / 2, abs=1)
    assert np.log2(search.rule.min_area) == pytest.approx(9, abs=0.1)


def test_a_plateau_is_preferred_to_a_slightly_higher_spike():
    pixels, size = 2**16, 20_000
    areas = np.stack([steep(150, size, pixels)] * 10)
    true = np.full(10, size)
    intersections = np.minimum(areas, size) - 100
    intersections[:, 140] += 1  # half a ten-thousandth
    search = search_class(areas, intersections.clip(0), true)
    assert search.best.argmax() == 140 - LEVELS[0]
    assert level(search.rule.high) == pytest.approx((13 + 150) / 2, abs=1)
    intersections[:, 140] += 9  # five ten-thousandths
    assert level(search_class(areas, intersections.clip(0), true).rule.high) == 140


def test_of_two_plateaus_the_roomier_one_is_chosen():
    pixels, size = 2**16, 1000
    areas = np.stack([steep(220, size, pixels)] * 10)
    intersections = np.minimum(areas, size)
    intersections[:, 100:110] = 0
    rule = search_class(areas, intersections, np.full(10, size)).rule
    assert level(rule.high) == pytest.approx((110 + 220) / 2, abs=1)


def test_of_two_like_plateaus_the_middle_of_one_is_chosen():
    # Both are long and narrow: from level 13 to 99 or 110 to 196, with minimum areas from 901 to 1000.
    areas = np.stack([steep(196, 1000, 2**16)] * 6 + [steep(255, 900, 2**16)] * 6)
    true = np.repeat([1000, 0], 6)
    intersections = np.minimum(areas, true[:, None])
    intersections[:, 100:110] = 0
    rule = search_class(areas, intersections, true).rule
    assert level(rule.high) == pytest.approx((13 + 99) / 2, abs=1)


def test_a_class_that_barely_gains_is_still_drawn():
    areas = np.stack([steep(255, 1, 2**20)] * 10)
    rule = search_class(areas, np.minimum(areas, 1), np.full(10, 200_000)).rule
    assert rule.min_area <= 1


def test_a_best_minimum_area_between_those_of_the_landscape():
    # One step of the landscape is 2.8 %: only 100,001 keeps the defects and drops the rest.
    areas = np.stack([steep(128, 100_001, 2**20)] * 6 + [steep(128, 100_000, 2**20)] * 6)
    true = np.repeat([100_001, 0], 6)
    rule = search_class(areas, np.minimum(areas, true[:, None]), true).rule
    assert rule.min_area == 100_001


def summary_of(areas: np.ndarray, intersections: np.ndarray, true: np.ndarray) -> Summary:
    spec = Spec("one", (32, 32), ("hole",))
    names = tuple(f"{index}.jpg" for index in range(len(true)))
    return Summary(names, spec, areas[:, None], intersections[:, None], true[:, None])


def test_a_class_that_only_loses_is_never_drawn():
    areas = np.stack([steep(0, 0, 1024)] * 6 + [steep(255, 700, 1024)] * 6)
    result = search_rules(summary_of(areas, np.zeros_like(areas), np.repeat([50, 0], 6)))
    assert result.rules.rules[0].min_area > 1024
    assert result.found.score == result.found.all_empty == 0.5
    assert result.plain.score == 0
    assert result.notes == [
        "hole: every rule that draws it scores less than drawing nothing: it is never drawn"
    ]


@pytest.mark.parametrize("positives", [0, 1, MIN_POSITIVES - 1, MIN_POSITIVES])
def test_too_few_defects_to_search_on(positives):
    areas = np.stack([steep(100, 50, 1024)] * 12)
    true = np.repeat([50, 0], [positives, 12 - positives])
    result = search_rules(summary_of(areas, np.minimum(areas, true[:, None]), true))
    if positives < MIN_POSITIVES:
        assert result.rules.rules == (PLAIN,)
        assert result.found.to_dict() == result.plain.to_dict()
        assert len(result.notes) == 1
        assert f"hole: {positives} image" in result.notes[0]
    else:
        assert result.rules.rules != (PLAIN,)


def test_nothing_to_search_on():
    nothing = np.zeros((0, 256), int)
    with pytest.raises(SeverstalError, match="no image to search"):
        search_class(nothing, nothing, nothing[:, 0])
