"""Groups are the connected components of the pairs, up to the size that is allowed."""

import logging

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from severstal.data.duplicates import duplicate_groups, fold_groups

links_of = st.lists(st.tuples(st.integers(0, 11), st.integers(0, 11)), max_size=14)


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 12), links_of)
def test_groups_are_the_connected_components(count: int, links: list[tuple[int, int]]) -> None:
    names = [f"n{row}" for row in range(count)]
    pairs = pd.DataFrame([(f"n{a}", f"n{b}") for a, b in links], columns=["first", "second"])
    groups = duplicate_groups(names, pairs)
    reach = {name: {name} for name in names}  # by brute force
    for _ in names:
        for a, b in links:
            if max(a, b) < count:
                joined = reach[f"n{a}"] | reach[f"n{b}"]
                for name in joined:
                    reach[name] = reach[name] | joined
    for a in names:
        for b in names:
            assert (groups[a] == groups[b]) == (b in reach[a])
    assert groups.drop_duplicates().tolist() == list(range(groups.nunique()))


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 12), links_of, st.integers(1, 6))
def test_no_group_is_larger_than_allowed(count: int, links: list[tuple[int, int]], largest: int) -> None:
    names = [f"n{row}" for row in range(count)]
    rows = [(f"n{a}", f"n{b}", 0.6 + 0.01 * row) for row, (a, b) in enumerate(links)]
    pairs = pd.DataFrame(rows, columns=["first", "second", "agreement"])
    groups = duplicate_groups(names, pairs, largest)
    assert groups.value_counts().max() <= largest
    whole = duplicate_groups(names, pairs)
    for group in groups.unique():  # a limit parts groups and joins none
        assert len(set(whole[groups == group])) == 1
    if whole.value_counts().max() <= largest:
        assert groups.tolist() == whole.tolist()


@pytest.mark.parametrize(("largest", "together"), [(3, {"a", "b", "c"}), (2, {"b", "c"})])
def test_the_strongest_pairs_are_kept(largest: int, together: set[str]) -> None:
    pairs = pd.DataFrame(
        [("a", "b", 0.8), ("b", "c", 0.9), ("c", "d", 0.7)], columns=["first", "second", "agreement"]
    )
    groups = duplicate_groups(list("abcd"), pairs, largest)
    assert set(groups.index[groups == groups["b"]]) == together


@pytest.mark.parametrize(("count", "folds"), [(10, 3), (11, 5), (9, 5), (4, 4)])
def test_a_group_of_everything_still_fills_the_folds(
    count: int, folds: int, caplog: pytest.LogCaptureFixture
) -> None:
    names = [f"n{row}" for row in range(count)]
    pairs = pd.DataFrame(
        [(names[0], name, 0.9) for name in names[1:]], columns=["first", "second", "agreement"]
    )
    with caplog.at_level(logging.INFO, "severstal"):
        groups = fold_groups(names, pairs, folds)
    assert groups.nunique() >= folds
    (line,) = caplog.messages
    assert f"{count} of {count} pictures are near-duplicates of each other" in line
    assert "data.group_duplicates = false" in line


def test_groups_that_fit_a_fold_are_left_alone(caplog: pytest.LogCaptureFixture) -> None:
    pairs = pd.DataFrame([("a", "b", 0.9)], columns=["first", "second", "agreement"])
    with caplog.at_level(logging.INFO, "severstal"):
        assert fold_groups(list("abcd"), pairs, 2).nunique() == 3
    assert not caplog.messages
