"""Draws: every picture its turn, classes in turn, hard and pseudo-labelled ones in their share."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from severstal.data.sampling import EpochSampler
from severstal.recipe import SamplingSettings

PLAIN, TURNS = SamplingSettings(), SamplingSettings(balance="classes")


@st.composite
def presences(draw: st.DrawFn) -> np.ndarray:
    """(N, C) bool, some classes without a picture, some pictures without a class."""
    pictures, classes, chance = draw(
        st.tuples(st.integers(1, 40), st.integers(1, 5), st.sampled_from([0.0, 0.1, 0.5, 1.0]))
    )
    return np.random.default_rng(draw(st.integers(0, 99))).random((pictures, classes)) < chance


def rows_of(sampler: EpochSampler, epochs: range) -> list[list[int]]:
    """Rows by epoch; the draws have to be consecutive."""
    found = []
    for sampler.epoch in epochs:
        draws, rows = zip(*sampler, strict=True)
        assert draws == tuple(range(sampler.epoch * len(sampler), (sampler.epoch + 1) * len(sampler)))
        found.append(list(rows))
    return found


@given(presences(), st.integers(1, 90), st.integers(0, 2**31), st.integers(0, 5))
@settings(max_examples=50, deadline=None)
def test_with_nothing_on_the_order_is_that_of_plain_rounds(
    presence: np.ndarray, images: int, seed: int, epoch: int
) -> None:
    sampler = EpochSampler(presence, PLAIN, images, seed, batch_size=4)
    sampler.epoch = epoch
    for draw, row in sampler:
        number, place = divmod(draw, len(presence))
        assert row == np.random.default_rng([seed, number]).permutation(len(presence))[place]


def test_every_picture_comes_once_a_round_and_rounds_differ() -> None:
    rounds = rows_of(EpochSampler(np.zeros((18, 2), bool), PLAIN, 18, seed=5), range(3))
    assert all(sorted(order) == list(range(18)) for order in rounds)
    assert rounds[0] != rounds[1] != rounds[2]


@given(presences(), st.integers(1, 70), st.integers(0, 99))
@settings(max_examples=60, deadline=None)
def test_classes_take_turns_and_go_through_their_own_pictures(
    presence: np.ndarray, images: int, seed: int
) -> None:
    sampler = EpochSampler(presence, TURNS, images, seed)
    drawn = np.concatenate(rows_of(sampler, range(4)))
    groups = [group for group in [~presence.any(1), *presence.T] if group.any()]
    for turn, group in enumerate(groups):
        mine = drawn[turn :: len(groups)]
        assert group[mine].all()
        counts = np.bincount(mine, minlength=len(presence))[group]
        assert np.ptp(counts) <= 1
        for start in range(0, len(mine) - group.sum() + 1, group.sum()):
            assert len(set(mine[start : start + group.sum()])) == group.sum()


def test_the_order_of_turns_is_none_then_the_classes() -> None:
    presence = np.repeat([[0, 0, 0], [1, 0, 0], [0, 0, 1]], [90, 9, 1], axis=0).astype(bool)  # no class 2
    drawn = rows_of(EpochSampler(presence, TURNS, 300, seed=1), range(1))[0]
    kinds = [0 if row < 90 else 1 if row < 99 else 3 for row in drawn]
    assert kinds == [0, 1, 3] * 100


def test_groups_are_shuffled_apart_from_each_other() -> None:
    presence = np.array([[0, 0]] * 8 + [[1, 1]] * 8, bool)
    drawn = rows_of(EpochSampler(presence, TURNS, 24, seed=1), range(1))[0]
    assert drawn[1::3] != drawn[2::3]
    assert sorted(drawn[1::3]) == sorted(drawn[2::3]) == list(range(8, 16))


@given(
    st.integers(1, 40),
    st.integers(1, 12),
    st.integers(1, 60),
    st.integers(1, 30),
    st.floats(0.01, 0.9),
    st.integers(0, 9),
)
@settings(max_examples=100, deadline=None)
def test_pseudo_pictures_are_at_most_their_share_of_each_batch(
    pictures: int, pseudo: int, images: int, size: int, share: float, seed: int
) -> None:
    sampler = EpochSampler(np.zeros((pictures, 1), bool), PLAIN, images, seed, pseudo, share, size)
    counts = Counter()
    for rows in rows_of(sampler, range(3)):
        for start in range(0, images, size):
            batch = rows[start : start + size]
            taken = [row for row in batch if row >= pictures]
            assert len(taken) <= share * len(batch) + 1e-6
            if len(batch) == size:
                assert len(taken) == int(share * size + 1e-9)
            counts.update(taken)
    assert all(pictures <= row < pictures + pseudo for row in counts)
    every = [counts[pictures + row] for row in range(pseudo)]
    assert max(every) - min(every) <= 1


def test_labelled_pictures_beside_pseudo_ones_still_come_in_rounds() -> None:
    sampler = EpochSampler(np.zeros((9, 1), bool), PLAIN, 12, 0, pseudo=4, share=0.25, batch_size=4)
    drawn = [row for rows in rows_of(sampler, range(5)) for row in rows]
    labelled = [row for row in drawn if row < 9]
    assert len(labelled) == 45
    assert all(sorted(labelled[start : start + 9]) == list(range(9)) for start in range(0, 45, 9))


def test_hard_pictures_are_the_hardest_without_a_defect() -> None:
    presence = np.zeros((50, 2), bool)
    presence[:10, 0] = True
    sampler = EpochSampler(presence, SamplingSettings(hard_negatives=0.2), 50, seed=0)
    plain = EpochSampler(presence, SamplingSettings(), 50, seed=0)
    random = np.random.default_rng(0)
    hardness = random.random(40).astype(np.float32)
    sampler.record(np.arange(10, 50), hardness)
    sampler.record(np.arange(10), np.full(10, 9))  # pictures with a defect are never hard ones
    (drawn,) = rows_of(sampler, range(1))
    hard = drawn[4::5]  # spread evenly
    assert sorted(hard) == sorted(10 + np.argsort(-hardness)[:10])
    others = [row for place, row in enumerate(drawn) if place % 5 != 4]
    assert others == rows_of(plain, range(1))[0][:40]


def test_hard_pictures_without_a_record_come_after_the_others() -> None:
    sampler = EpochSampler(np.zeros((30, 1), bool), SamplingSettings(hard_negatives=0.5), 20, seed=3)
    sampler.record(np.array([4, 7, 8]), np.array([0.1, 0.0, 0.2]))
    (drawn,) = rows_of(sampler, range(1))
    assert {4, 7, 8} < set(drawn[1::2])
    assert len(set(drawn[1::2])) == 10


def test_few_hard_pictures_come_again_equally_often() -> None:
    presence = np.array([[0]] * 3 + [[1]] * 7, bool)
    sampler = EpochSampler(presence, SamplingSettings(hard_negatives=0.9), 100, seed=3)
    assert Counter(rows_of(sampler, range(1))[0][9:]).most_common(3)[2][1] >= 27


def test_without_a_picture_free_of_defects_none_is_hard() -> None:
    presence = np.ones((5, 1), bool)
    assert rows_of(EpochSampler(presence, SamplingSettings(hard_negatives=0.5), 5, 1), range(2)) == rows_of(
        EpochSampler(presence, PLAIN, 5, 1), range(2)
    )


@given(presences(), st.integers(1, 40), st.sampled_from(["none", "classes"]), st.floats(0, 0.9))
@settings(max_examples=40, deadline=None)
def test_an_epoch_depends_on_seed_epoch_and_hardness_alone(
    presence: np.ndarray, images: int, balance: str, hard: float
) -> None:
    def sampler() -> EpochSampler:
        return EpochSampler(presence, SamplingSettings(balance, hard), images, 7, 6, 0.3, 8)

    one, other = sampler(), sampler()
    hardness = np.random.default_rng(1).random(len(presence))
    rows_of(one, range(3))
    for each in (one, other):
        each.record(np.arange(len(presence)), hardness)
    assert rows_of(one, range(3, 5)) == rows_of(other, range(3, 5))


@pytest.mark.parametrize("sampling", [PLAIN, TURNS, SamplingSettings("classes", 0.3)])
def test_seeds_draw_in_other_orders(sampling: SamplingSettings) -> None:
    presence = np.random.default_rng(0).random((60, 3)) < 0.3
    first, second = (rows_of(EpochSampler(presence, sampling, 60, seed), range(1)) for seed in (1, 2))
    assert first != second
