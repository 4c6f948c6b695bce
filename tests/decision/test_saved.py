"""A search on disk gives what the search itself gave."""

from dataclasses import fields, is_dataclass, replace

import numpy as np
import pytest

from severstal.competition.spec import Spec
from severstal.decision.choice import flattest_rule
from severstal.decision.crossfit import cross_fit
from severstal.decision.gate import OPEN, Gate
from severstal.decision.pairs import NOT_DRAWN
from severstal.decision.saved import load_cross_fit, save_cross_fit
from severstal.decision.search import GATES, SearchSettings, class_pairs
from severstal.decision.smooth import smooth
from severstal.decision.stability import stability
from severstal.decision.survey import Grid, survey
from severstal.errors import SeverstalError

SPEC = Spec("tiny", (4, 6), ("scratch", "hole"))
QUICK = SearchSettings(thresholds=(0.2, 0.35, 0.5, 0.65, 0.8))


def assert_equal(one, other, path="") -> None:
    """Equal to the last bit, types and nan included."""
    assert type(one) is type(other), path
    if is_dataclass(one):
        for item in fields(one):
            assert_equal(getattr(one, item.name), getattr(other, item.name), f"{path}.{item.name}")
    elif isinstance(one, np.ndarray):
        assert (one.dtype, one.shape) == (other.dtype, other.shape), path
        assert one.tobytes() == other.tobytes(), path
    elif isinstance(one, dict):
        assert list(one) == list(other), path
        assert_equal(list(one.values()), list(other.values()), path)
    elif isinstance(one, list | tuple):
        assert len(one) == len(other), path
        for place, pair in enumerate(zip(one, other, strict=True)):
            assert_equal(*pair, f"{path}[{place}]")
    else:
        assert one == other or (one != one and other != other), path


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("settings", [QUICK, replace(QUICK, choice="best", gates=(OPEN, Gate("area", 3.0)))])
def test_a_search_survives_the_disk(random_summary, tmp_path, settings, weighted):
    summary, folds = random_summary(0, 40), np.tile([7, 2], 20)
    weights = np.random.default_rng(0).random(40) if weighted else None
    fitted = cross_fit(summary, folds, settings, weights)
    save_cross_fit(fitted, tmp_path / "search.npz")
    assert_equal(load_cross_fit(tmp_path / "search.npz", SPEC), fitted)


def test_rules_changed_by_hand_are_kept_beside_those_found(random_summary, tmp_path):
    fitted = cross_fit(random_summary(1, 40), np.arange(40) % 2, QUICK)
    found = fitted.result.rules
    by_hand = replace(
        found, rules=tuple(replace(rule, min_component=9) for rule in found.rules), exclusive=True
    )
    fitted = replace(fitted, result=replace(fitted.result, rules=by_hand))
    save_cross_fit(fitted, tmp_path / "search.npz")
    again = load_cross_fit(tmp_path / "search.npz", SPEC)
    assert_equal(again, fitted)
    assert again.result.rules != found
    assert [search.rule for search in again.result.classes] == list(found.rules)


def test_scores_that_are_not_there_are_kept(random_summary, tmp_path):
    # One fold holds every image with the first class: without it, the class's scores have no pair to be over.
    summary = random_summary(3, 40)
    fitted = cross_fit(summary, np.where(summary.true[:, 0] > 0, 0, 1), QUICK)
    nan = replace(fitted.score, dice_on_defects=float("nan"))
    fitted = replace(fitted, score=nan)
    save_cross_fit(fitted, tmp_path / "search.npz")
    assert_equal(load_cross_fit(tmp_path / "search.npz", SPEC), fitted)


def test_what_figures_are_made_of_is_the_same(random_summary, tmp_path):
    summary = random_summary(5, 60)
    fitted = cross_fit(summary, np.arange(60) % 3, QUICK)
    save_cross_fit(fitted, tmp_path / "search.npz")
    again = load_cross_fit(tmp_path / "search.npz", SPEC)
    for index, (one, other) in enumerate(zip(fitted.result.classes, again.result.classes, strict=True)):
        assert np.array_equal(one.best_by_threshold, other.best_by_threshold)
        assert np.array_equal(smooth(one.landscape), smooth(other.landscape), equal_nan=True)
        assert_equal(stability(summary, index, one), stability(summary, index, other))
        pairs = class_pairs(summary, index, np.full(60, 1 / 60), QUICK.thresholds[0])
        if pairs.defects.reach(OPEN, QUICK.thresholds).max() > NOT_DRAWN:
            assert flattest_rule(pairs, one.landscape) == flattest_rule(pairs, other.landscape)


def test_a_search_at_full_size_is_small(random_summary, tmp_path):
    # As many gates, thresholds and minimum areas as a search has, on few images: at most a third of the
    # landscapes. `benchmarks/search.py` prints the size at 12,568 images.
    summary = random_summary(6, 60)
    fitted = cross_fit(summary, np.arange(60) % 2, QUICK)
    areas = np.unique(np.geomspace(1, 409_600, 76).round()).astype(np.int64)
    searches = []
    for index, search in enumerate(fitted.result.classes):
        pairs = class_pairs(summary, index, np.full(60, 1 / 60))
        wide = survey(pairs, Grid(GATES, SearchSettings().thresholds, areas))
        searches.append(replace(search, landscape=wide))
    fitted = replace(fitted, result=replace(fitted.result, classes=tuple(searches)))
    save_cross_fit(fitted, tmp_path / "search.npz")
    size = sum(search.landscape.scores.nbytes for search in searches)
    assert (tmp_path / "search.npz").stat().st_size < size / 3
    assert_equal(load_cross_fit(tmp_path / "search.npz", SPEC), fitted)


def test_files_that_are_no_search(random_summary, tmp_path):
    path = tmp_path / "search.npz"
    with pytest.raises(SeverstalError, match=r"search\.npz: not there"):
        load_cross_fit(path, SPEC)
    save_cross_fit(cross_fit(random_summary(1, 40), np.arange(40) % 2, QUICK), path)
    other = Spec("tiny", (4, 6), ("scratch", "dent"))
    with pytest.raises(
        SeverstalError, match=r"search\.npz: rules for the classes scratch, hole; .*dent"
    ) as error:
        load_cross_fit(path, other)
    assert "\n" not in str(error.value)
    whole = path.read_bytes()
    for content in (b"", whole[:-50], whole[: len(whole) // 2], b"text"):
        path.write_bytes(content)
        with pytest.raises(
            SeverstalError, match=r"search\.npz: not a whole search of rules: delete it"
        ) as error:
            load_cross_fit(path, SPEC)
        assert "\n" not in str(error.value)
