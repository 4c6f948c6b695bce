"""All pairs whose fingerprints correlate are named, once, the best first."""

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from severstal.data.duplicates import candidates
from severstal.data.duplicates.candidates import candidate_pairs

PLAIN = SimpleNamespace(
    orientations=[("same",), ("b",), ("c",), ("d",)],
    correlate=lambda a, b: np.stack([a @ b.T, a @ b[:, ::-1].T, 0 * (a @ b.T), 0 * (a @ b.T)]),
)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 40), st.integers(0, 10**6), st.booleans())
def test_all_near_pairs_are_named(count: int, seed: int, two_sets: bool) -> None:
    marks = np.random.default_rng(seed).normal(size=(count, 6)).astype(np.float32)
    marks /= np.linalg.norm(marks, axis=1, keepdims=True)
    begin = count // 2 if two_sets else None
    near = np.maximum(marks @ marks.T, marks @ marks[:, ::-1].T)
    found = list(candidate_pairs({1.0: marks}, PLAIN, begin))
    pairs = [(pair.first, pair.second) for pair in found]
    assert len(set(pairs)) == len(pairs)
    for a in range(count if begin is None else begin):
        partners = [near[a, b] for b in range(a + 1 if begin is None else begin, count)]
        partners = sorted((value for value in partners if value >= 0.16), reverse=True)[:12]
        assert [near[x, b] for x, b in pairs if x == a] == pytest.approx(partners)


def test_orientation_and_scale_of_the_best_are_reported() -> None:
    marks = np.array([[1, 0, 0], [0, 0, 1]], np.float32)
    (pair,) = candidate_pairs({0.9: 0.5 * marks, 1.0: marks, 1.1: 0.7 * marks}, PLAIN)
    assert (pair.orientations, pair.scale) == (("b",), 1.0)
    (pair,) = candidate_pairs({0.9: marks, 1.0: 0.8 * marks}, PLAIN)
    assert pair.scale == 0.9


def test_more_pictures_than_one_chunk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(candidates, "_CHUNK", 5)
    marks = np.eye(23, dtype=np.float32)
    marks[20], marks[9] = marks[3], marks[8]
    found = [(pair.first, pair.second) for pair in candidate_pairs({1.0: marks}, PLAIN)]
    assert (3, 20) in found
    assert (8, 9) in found


def test_of_very_many_pairs_the_best_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    marks = np.random.default_rng(0).normal(size=(30, 6)).astype(np.float32)
    marks /= np.linalg.norm(marks, axis=1, keepdims=True)
    every = candidate_pairs({1.0: marks}, PLAIN)
    monkeypatch.setattr(candidates, "_MOST_PAIRS", 40)
    monkeypatch.setattr(candidates, "_MOST_PAIRS_PER_PICTURE", 1)
    kept = candidate_pairs({1.0: marks}, PLAIN)
    assert len(kept) == 40 < len(every)
    assert [pair for pair in every if pair in kept] == kept
    left_out = [pair.correlation for pair in every if pair not in kept]
    assert max(left_out) <= min(pair.correlation for pair in kept)
    monkeypatch.setattr(candidates, "_MOST_PAIRS_PER_PICTURE", 2)
    assert len(candidate_pairs({1.0: marks}, PLAIN)) == 60
