"""Each mean against its formula in floating point, and by its properties; impossible settings are errors."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit, logit
from scipy.stats import rankdata

from severstal.competition.spec import Spec
from severstal.errors import SeverstalError
from severstal.inference.ensemble import Combiner, check_mean, fit_combiner
from severstal.inference.maps import MapReader, MapWriter

SPEC = Spec("tiny", (16, 24), ("scratch", "hole"))


def maps(seed: int, shape: tuple[int, ...] = (2, 16, 24)) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, shape).astype(np.uint8)


def formula(mode: str, values: np.ndarray, weights: np.ndarray, power: float) -> np.ndarray:
    """The weighted mean of (M, ...) probabilities, 0 to 1."""
    mean = {
        "mean": lambda: np.tensordot(weights, values, 1),
        "power": lambda: np.tensordot(weights, values**power, 1) ** (1 / power),
        "logit": lambda: expit(np.tensordot(weights, logit(values.clip(0.25 / 255, 1 - 0.25 / 255)), 1)),
    }
    return mean[mode]()


@given(
    st.sampled_from(["mean", "logit", "power"]),
    st.lists(st.floats(0.05, 5), min_size=1, max_size=5),
    st.floats(0.4, 3),
    st.integers(0, 1000),
)
@settings(max_examples=60, deadline=None)
def test_each_mean_is_its_formula_to_the_nearest_level(mode, weights, power, seed) -> None:
    members = [maps(seed + number) for number in range(len(weights))]
    with np.errstate(all="raise"):
        combined = Combiner(mode, tuple(weights), power)(members)
    shares = np.array(weights) / sum(weights)
    exact = formula(mode, np.stack(members) / 255, shares, power) * 255
    assert combined.dtype == np.uint8
    assert np.abs(combined - exact).max() <= 0.51
    assert np.abs(combined - exact).mean() < 0.3


def ranks_of(seed: int, members: int) -> np.ndarray:
    """Ranks as real maps give them: nearly all pixels at the lowest levels, many levels at no pixel."""
    rng = np.random.default_rng(seed)
    counts = rng.integers(0, 40, (members, 2, 256)) * (rng.random((members, 2, 256)) < 0.5)
    counts[:, :, :3] += 1_000_000
    shares = counts / counts.sum(2, keepdims=True)
    return shares.cumsum(2) - shares / 2


@st.composite
def combiners(draw: st.DrawFn) -> Combiner:
    """Every averaging mode, all allowed powers, any weights."""
    mode = draw(st.sampled_from(["mean", "logit", "power", "rank"]))
    weights = tuple(draw(st.lists(st.floats(0.05, 5), min_size=1, max_size=5)))
    power = draw(st.one_of(st.sampled_from([0.01, 0.5, 2.0, 8.0, 25.0, 100.0]), st.floats(0.01, 100)))
    ranks = ranks_of(draw(st.integers(0, 99)), len(weights)) if mode == "rank" else None
    return Combiner(mode, weights, power, ranks)


EVERY = np.stack([np.arange(256, dtype=np.uint8)] * 2)  # (C, levels)


@given(combiners())
@settings(max_examples=150, deadline=None)
def test_the_mean_of_equal_members_is_that_member(combiner: Combiner) -> None:
    combined = combiner([EVERY] * len(combiner.weights))
    assert np.abs(combined.astype(int) - EVERY).max() <= 1
    if combiner.mode != "rank":
        assert np.array_equal(combined, EVERY)


@given(combiners(), st.integers(0, 1000), st.integers(0, 4))
@settings(max_examples=150, deadline=None)
def test_means_are_monotone_and_between_the_members(combiner: Combiner, seed: int, raised: int) -> None:
    members = [maps(seed + number, (2, 300)) for number in range(len(combiner.weights))]
    combined = combiner(members).astype(int)
    assert (combined >= np.min(members, axis=0).astype(int) - 1).all()
    assert (combined <= np.max(members, axis=0).astype(int) + 1).all()
    raised %= len(members)
    higher = list(members)
    higher[raised] = np.maximum(members[raised], maps(seed + 50, (2, 300)))
    assert (combiner(higher) >= combined).all()


@pytest.mark.parametrize("power", [2, 8, 25, 100])
def test_high_powers_keep_low_levels(power: float) -> None:
    # As many linear steps as a uint16 holds have no room for the eighth power of a low level.
    faint = np.full((1, 50), 25, np.uint8)
    assert np.array_equal(Combiner("power", (1, 1), power)([faint, faint]), faint)
    assert (Combiner("power", (1, 1), power)([faint, 0 * faint]) == round(25 * 0.5 ** (1 / power))).all()


def test_without_a_fold_its_own_weights_count() -> None:
    combiner = Combiner("mean", (1, 1), fold_weights={0: (1, 0), 3: (1, 3)})
    first, second = maps(0), maps(1)
    assert np.array_equal(combiner.without_fold(0)([first, second]), first)
    assert combiner.without_fold(3).weights == (0.25, 0.75)
    assert combiner.without_fold(7).weights == (0.5, 0.5)  # no weights were selected without it
    assert not combiner.without_fold(3).fold_weights
    with pytest.raises(ValueError, match="3 weights of a fold for 2 members"):
        Combiner("mean", (1, 1), fold_weights={0: (1, 1, 1)})
    with pytest.raises(SeverstalError, match="not all 0"):
        Combiner("mean", (1, 1), fold_weights={0: (0, 0)})


@pytest.mark.parametrize("mode", ["mean", "logit", "power"])
def test_one_member_is_left_as_it_is(mode: str) -> None:
    every = np.arange(256, dtype=np.uint8).reshape(1, 16, 16)
    assert np.array_equal(Combiner(mode, (2.0,), 2.0)([every]), every)
    assert np.array_equal(Combiner(mode, (1.0, 1.0), 2.0)([every, every]), every)


@pytest.mark.parametrize("mode", ["mean", "logit", "power"])
def test_a_member_of_weight_zero_does_not_count(mode: str) -> None:
    first, second = maps(0), maps(1)
    assert np.array_equal(Combiner(mode, (1, 0), 0.5)([first, second]), first)


def test_class_probabilities_are_combined_equally() -> None:
    first, second = maps(0, (2, 7)), maps(1, (2, 7))
    expected = Combiner("logit", (1, 2))([first[:, :, None], second[:, :, None]])
    assert np.array_equal(Combiner("logit", (1, 2))([first, second]), expected[:, :, 0])


def write(folder, pictures: np.ndarray) -> MapReader:
    names = [f"{index}.jpg" for index in range(len(pictures))]
    writer = MapWriter(folder, names, SPEC, 1, "key", run=folder.name)
    writer.write(0, pictures)
    writer.close()
    return MapReader(folder)


def test_ranks_are_those_of_scipy_and_one_member_stays(tmp_path) -> None:
    rng = np.random.default_rng(0)
    low = (rng.beta(1, 8, (5, 2, 16, 24)) * 255).astype(np.uint8)
    high = (rng.beta(3, 2, (5, 2, 16, 24)) * 255).astype(np.uint8)
    readers = [write(tmp_path / "low", low), write(tmp_path / "high", high)]
    combiner = fit_combiner("rank", (1, 1), readers)
    for member, pictures in enumerate((low, high)):
        for index in range(2):
            values = pictures[:, index].ravel()
            ranks = (rankdata(values) - 0.5) / len(values)
            assert np.allclose(combiner.ranks[member, index][values], ranks)
    combined = combiner([low[0], high[0]])
    # A pixel that is high among its own in both members is high among the combined ones.
    mean_rank = sum(combiner.ranks[m, 0][p[0, 0]] for m, p in enumerate((low, high))) / 2
    order = np.argsort(mean_rank.ravel())
    assert (np.diff(combined[0].ravel()[order].astype(int)) >= 0).all()
    alone = fit_combiner("rank", (1,), readers[:1])
    assert np.array_equal(alone([low[0]]), low[0])


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (("median", (1, 1)), "take one of mean, logit, power, rank"),
        (("mean", ()), "give each run one"),
        (("mean", (0, 0)), "not all 0"),
        (("mean", (1, -1)), "at least 0"),
        (("mean", (1, float("nan"))), "give each run one"),
        (("power", (1, 1), 0.0), "power is 0.0: give a number from 0.01 to 100"),
        (("power", (1, 1), 100.5), "power is 100.5: give a number from 0.01 to 100"),
        (("power", (1, 1), float("nan")), "power is nan: give a number from 0.01 to 100"),
    ],
)
def test_impossible_settings(settings, message) -> None:
    for refuses in (Combiner, check_mean):
        with pytest.raises(SeverstalError, match=message):
            refuses(*settings)


def test_saved_and_read_again(tmp_path) -> None:
    ranks = np.sort(np.random.default_rng(0).random((2, 2, 256)), 2)
    by_fold = {0: (1, 2), 4: (2, 1)}
    for combiner in (
        Combiner("power", (1, 3), 0.5),
        Combiner("rank", (1, 1), ranks=ranks),
        Combiner("mean", (1, 1), fold_weights=by_fold),
    ):
        combiner.save(tmp_path / "ensemble.json")
        again = Combiner.load(tmp_path / "ensemble.json")
        pair = [maps(0), maps(1)]
        assert np.array_equal(again(pair), combiner(pair))
        assert again.weights == combiner.weights
        assert again.fold_weights == combiner.fold_weights


def test_a_file_of_the_first_edition_is_read(tmp_path) -> None:
    (tmp_path / "ensemble.json").write_text(
        json.dumps({"sense": "power", "weights": [1, 3], "power": 2.0, "ranks": None})
    )
    assert Combiner.load(tmp_path / "ensemble.json") == Combiner("power", (1, 3), 2.0)


@pytest.mark.parametrize("content", ["{", "[]", '{"mode": "mean"}', json.dumps({"mode": "rank"})])
def test_damaged_file(tmp_path, content) -> None:
    (tmp_path / "ensemble.json").write_text(content)
    with pytest.raises(SeverstalError, match=r"ensemble\.json: not .*delete it"):
        Combiner.load(tmp_path / "ensemble.json")
