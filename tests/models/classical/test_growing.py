import numpy as np
import pytest
import torch

from severstal.models.classical.counts import Counts
from severstal.models.classical.features import pixel_features
from severstal.models.classical.growing import _grow, background_level, seed_levels


@pytest.fixture(scope="module")
def counts(steel):
    torch.manual_seed(0)
    counts = Counts(classes=3)
    for seed in range(4):
        pictures, truth = steel(4, seed)
        features = pixel_features(pictures, 7, 63)
        counts.add(features, truth, counts.evidence(features))
    return counts


@pytest.mark.parametrize("seeds", [0.2, 0.5, 0.9])
def test_so_many_pixels_of_a_class_are_seeds_and_no_higher_level_has_them(counts, seeds):
    shares = counts.coarse[1:] / counts.coarse[0]
    for number, level in enumerate(seed_levels(counts, seeds)):
        held = counts.coarse[1 + number]
        assert held[shares[number] >= level].sum() >= seeds * held.sum() * (1 - 1e-9)
        assert held[shares[number] > level].sum() < seeds * held.sum()
    plain = counts.coarse[0] - counts.coarse[1:].sum(0)
    level = background_level(counts, seeds)
    assert plain[shares.amax(0) <= level].sum() >= seeds * plain.sum() * (1 - 1e-9)
    assert plain[shares.amax(0) < level].sum() < seeds * plain.sum()


def test_regions_meet_at_the_highest_step():
    evidence = np.full((1, 5, 12), 0.3, np.float32)
    evidence[0, 2, 3], evidence[0, :, 11] = 0.9, 0.0
    steps = np.full((5, 12), 0.1)
    steps[:, 6] = 5.0  # the edge of what is there
    grown = _grow(evidence, steps, np.array([0.8], np.float32), np.float32(0.01))[0]
    taken = grown[:, :6]  # by one seed, all up to the edge, which itself may fall to either side
    assert len(np.unique(taken)) == 1
    assert taken[0, 0] == pytest.approx(0.32, abs=0.01)
    assert (grown[:, 7:] < 0.3).all()


def test_two_seeds_apart_are_two_regions():
    evidence = np.zeros((1, 3, 9), np.float32)
    evidence[0, :, 1], evidence[0, :, 7] = 0.9, 0.6
    grown = _grow(evidence, np.zeros((3, 9)), np.array([0.5], np.float32), np.float32(0.0))[0]
    assert grown[:, 1] == pytest.approx(0.9)
    assert grown[:, 7] == pytest.approx(0.6)
    assert (grown[:, 2:7] == 0).all()


def test_a_picture_without_any_seed_is_one_region():
    evidence = np.linspace(0.2, 0.4, 12, dtype=np.float32).reshape(1, 3, 4)
    grown = _grow(evidence, np.zeros((3, 4)), np.array([0.9], np.float32), np.float32(0.1))
    assert grown == pytest.approx(evidence.mean())
