"""Blending: what does not depend on its surroundings is blended to itself, whatever the shape."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from severstal.deploy.model import ModelOutput
from severstal.deploy.tiles.blend import blend_tiles, read_tile
from severstal.deploy.tiles.layout import plan_tiles


def point_model(pictures: np.ndarray) -> ModelOutput:
    """A model whose maps are the picture and its negative, at half resolution; classes tell each tile."""
    small = pictures[:, ::2, ::2]
    maps = np.stack([small, 255 - small], axis=1)
    return ModelOutput(maps, maps.max((2, 3)), maps // 2)


@settings(deadline=None, max_examples=60)
@given(
    height=st.integers(1, 150),
    width=st.integers(1, 150),
    tile=st.tuples(st.integers(4, 60), st.integers(4, 60)),
    batch=st.integers(1, 5),
    seed=st.integers(0, 9),
)
def test_a_pointwise_model_is_blended_to_itself(height, width, tile, batch, seed) -> None:
    tiling = plan_tiles((height, width), tile, 4)
    if tiling is None:
        return
    picture = np.random.default_rng(seed).integers(0, 256, (height, width)).astype(np.uint8)
    found = blend_tiles(picture, tiling, point_model, batch, 2)
    whole = point_model(read_tile(picture, 0, 0, tiling.padded)[None])
    assert np.array_equal(found.maps, whole.maps[0])
    assert np.array_equal(found.spread, whole.spread[0])
    for (top, left), classes in zip(tiling, found.classes, strict=True):
        alone = point_model(read_tile(picture, top, left, tiling.tile)[None])
        assert np.array_equal(classes, alone.classes[0])


@pytest.mark.parametrize("wide", [True, False])
def test_the_centre_of_a_tile_outweighs_its_border(wide: bool) -> None:
    seen = []

    def numbered(pictures: np.ndarray) -> ModelOutput:
        maps = np.empty((len(pictures), 1, *pictures.shape[1:]), np.uint8)
        for place in range(len(pictures)):
            maps[place] = 100 * len(seen)
            seen.append(place)
        return ModelOutput(maps, maps.max((2, 3)), None)

    shape = (16, 96) if wide else (96, 16)
    tile = (16, 64) if wide else (64, 16)
    tiling = plan_tiles(shape, tile, 4)
    assert tiling.along == (0, 32)
    found = blend_tiles(np.zeros(shape, np.uint8), tiling, numbered, 1, 1)
    profile = (found.maps[0] if wide else found.maps[0].T)[0].astype(int)
    assert (profile[:32] == 0).all()
    assert (profile[64:] == 100).all()
    steps = np.diff(profile[31:65])
    assert (steps >= 0).all()
    assert steps.max() <= 20  # of 100: no border to be seen
    assert abs(profile[47] + profile[48] - 100) <= 1  # even in the middle of the overlap
