"""Batches hold pictures of one shape, each once, and no more pixels than fit."""

from hypothesis import given
from hypothesis import strategies as st

from severstal.competition.spec import SEVERSTAL, Spec
from severstal.data.batches import batches_of_one_shape

OWN = Spec("tiles", None, ("hole",))
SHAPES = st.lists(st.sampled_from([(1, 50), (20, 30), (30, 20), (900, 2000)]), max_size=40)


@given(SHAPES, st.integers(1, 9))
def test_every_row_is_in_one_batch_of_its_shape(shapes: list[tuple[int, int]], size: int) -> None:
    batches = list(batches_of_one_shape(range(len(shapes)), shapes.__getitem__, size, OWN))
    assert sorted(row for batch in batches for row in batch) == list(range(len(shapes)))
    for batch in batches:
        assert len({shapes[row] for row in batch}) == 1
        height, width = shapes[batch[0]]
        assert len(batch) == 1 or len(batch) * height * width <= size * SEVERSTAL.pixels
        assert 1 <= len(batch) <= size


@given(SHAPES, st.integers(1, 9))
def test_pictures_of_one_size_stay_in_order(shapes: list[tuple[int, int]], size: int) -> None:
    batches = list(batches_of_one_shape(range(len(shapes)), shapes.__getitem__, size, SEVERSTAL))
    assert [row for batch in batches for row in batch] == list(range(len(shapes)))
    assert all(len(batch) == size for batch in batches[:-1])
