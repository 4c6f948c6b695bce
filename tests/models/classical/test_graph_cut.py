import numpy as np
import pytest
import torch

from severstal.models.classical.counts import Counts
from severstal.models.classical.features import pixel_features
from severstal.models.classical.graph_cut import _SIDE, _cut, graph_cut


def test_what_is_unlike_is_cut_and_what_is_alike_is_not():
    random = np.random.default_rng(0)
    picture = random.normal(0, 0.02, (24, 60, 3))
    picture[:, 30:] += 1.0
    regions = _cut(picture, 40)
    assert len(np.unique(regions)) == 2
    assert len(np.unique(regions[:, :30])) == len(np.unique(regions[:, 30:])) == 1


def test_the_same_picture_is_always_cut_alike():
    picture = np.random.default_rng(0).normal(0, 1, (24, 60, 3))
    np.random.seed(1)  # noqa: NPY002 - the global one, of which nothing may depend
    first = _cut(picture, 60)
    np.random.seed(2)  # noqa: NPY002
    assert np.array_equal(_cut(picture, 60), first)


@pytest.mark.parametrize("size", [(1, 33), (33, 1), (1, 1), (5, 7), (64, 96)])
@pytest.mark.parametrize("value", [0.0, 3.5])
def test_constant_and_tiny_pictures(size, value):
    counts = Counts(classes=2)
    features = pixel_features(torch.full((1, 1, *size), value), 7, 63)
    given = graph_cut(features, counts, 1000)
    assert given.shape == (1, 2, *size)
    torch.testing.assert_close(given.mean((2, 3)), counts.evidence(features).mean((2, 3)))


def test_regions_are_of_whole_blocks_and_keep_the_mean(steel):
    torch.manual_seed(0)
    pictures, truth = steel(2, seed=0, height=62, width=130)
    features = pixel_features(pictures, 7, 63)
    counts = Counts(classes=3)
    counts.add(features, truth, counts.evidence(features))
    given, alone = graph_cut(features, counts, 1000), counts.evidence(features)
    torch.testing.assert_close(given.mean((2, 3)), alone.mean((2, 3)), rtol=1e-4, atol=1e-7)
    block = given[:, :, : 60 // _SIDE * _SIDE, : 128 // _SIDE * _SIDE]
    block = block.unfold(2, _SIDE, _SIDE).unfold(3, _SIDE, _SIDE).flatten(4)
    assert (block.amax(4) == block.amin(4)).all()
