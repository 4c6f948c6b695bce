"""Tiles: they cover a picture, overlap, and lie on the grid of the network's strides."""

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from severstal.deploy.tiles.layout import plan_tiles

SIDES = st.integers(1, 300)


@settings(deadline=None)
@given(shape=st.tuples(SIDES, SIDES), tile=st.tuples(SIDES, SIDES), unit=st.sampled_from([1, 2, 8, 32]))
def test_tiles_cover_the_picture_on_the_grid(shape, tile, unit) -> None:
    tiling = plan_tiles(shape, tile, unit)
    if tiling is None:
        assert shape[0] * shape[1] <= max(4 * unit, tile[0] + unit - 1) * max(4 * unit, tile[1] + unit - 1)
        return
    assert shape[0] * shape[1] > tile[0] * tile[1]
    for starts, side, length, padded in zip(
        (tiling.rows, tiling.columns), tiling.tile, shape, tiling.padded, strict=True
    ):
        assert length <= padded < length + unit
        assert starts[0] == 0
        assert starts[-1] + side == padded
        assert all(number % unit == 0 for number in (*starts, side, padded))
        steps = [second - first for first, second in pairwise(starts)]
        assert all(0 < step < side for step in steps)
    assert len(tiling) == len(list(tiling)) == len(set(tiling))


def test_tiles_go_along_the_longer_side() -> None:
    tiling = plan_tiles((130, 400), (32, 64), 32)
    assert [left for _, left in tiling] == sorted(left for _, left in tiling)
    tiling = plan_tiles((400, 130), (64, 32), 32)
    assert [top for top, _ in tiling] == sorted(top for top, _ in tiling)
