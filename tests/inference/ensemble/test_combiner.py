"""Each mean against its formula in floating point; weights, powers and ranks without sense are errors."""

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
    combined = Combiner(mode, tuple(weights), power)(members)
    shares = np.array(weights) / sum(weights)
    exact = formula(mode, np.stack(members) / 255, shares, power) * 255
    assert combined.dtype == np.uint8
    assert np.abs(combined - exact).max() <= 0.51 if mode != "power" else 1.01
    assert np.abs(combined - exact).mean() < 0.3


@pytest.mark.parametrize("mode", ["mean", "logit", "power"])
def test_one_member_is_left_as_it_is(mode: str) -> None:
    every = np.arange(256, dtype=np.uint8).reshape(1, 16, 16)
    assert np.array_equal(Combiner(mode, (2.0,), 2.0)([every]), every)
    assert np.array_equal(Combiner(mode, (1.0, 1.0), 2.0)([every, every]), every)


@pytest.mark.parametrize("mode", ["mean", "logit", "power"])
def test_a_member_of_weight_zero_does_not_count(mode: str) -> None:
    first, second = maps(0), maps(1)
    assert np.array_equal(Combiner(mode, (1, 0), 0.5)([first, second]), first)


def test_class_probabilities_are_combined_alike() -> None:
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
    ("settings", "said"),
    [
        (("median", (1, 1)), "take one of mean, logit, power, rank"),
        (("mean", ()), "give each run one"),
        (("mean", (0, 0)), "not all 0"),
        (("mean", (1, -1)), "at least 0"),
        (("mean", (1, float("nan"))), "give each run one"),
        (("power", (1, 1), 0.0), "power is 0.0: give a number above 0"),
    ],
)
def test_impossible_settings(settings, said) -> None:
    for refuses in (Combiner, check_mean):
        with pytest.raises(SeverstalError, match=said):
            refuses(*settings)


def test_saved_and_read_again(tmp_path) -> None:
    ranks = np.sort(np.random.default_rng(0).random((2, 2, 256)), 2)
    for combiner in (Combiner("power", (1, 3), 0.5), Combiner("rank", (1, 1), ranks=ranks)):
        combiner.save(tmp_path / "ensemble.json")
        again = Combiner.load(tmp_path / "ensemble.json")
        pair = [maps(0), maps(1)]
        assert np.array_equal(again(pair), combiner(pair))
        assert again.weights == combiner.weights


@pytest.mark.parametrize("content", ["{", "[]", '{"mode": "mean"}', json.dumps({"mode": "rank"})])
def test_damaged_file(tmp_path, content) -> None:
    (tmp_path / "ensemble.json").write_text(content)
    with pytest.raises(SeverstalError, match=r"ensemble\.json: not .*delete it"):
        Combiner.load(tmp_path / "ensemble.json")
