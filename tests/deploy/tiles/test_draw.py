"""Rules on tiled pictures: one tile is the run's own rule, and defects do not end at the border of a tile."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from severstal.competition.spec import Spec
from severstal.decision.draw import apply
from severstal.decision.gate import OPEN, Gate
from severstal.decision.refine.settings import Refinement
from severstal.decision.rules import ClassRule, Rules
from severstal.deploy.planes import ProbabilityPlanes
from severstal.deploy.tiles.draw import draw_tiled
from severstal.deploy.tiles.layout import Tiling

GATES = (OPEN, Gate("veto", 0.5), Gate("soft", 1.5), Gate("area", 5))
REFINEMENTS = (Refinement(), Refinement(opening=1, closing=2), Refinement(smooth_edges=1.0))


def smooth_maps(rng: np.random.Generator, classes: int, height: int, width: int) -> np.ndarray:
    import cv2

    coarse = rng.integers(0, 256, (classes, -(-height // 4), -(-width // 4))).astype(np.uint8)
    return np.stack([cv2.resize(plane, (width, height), interpolation=cv2.INTER_CUBIC) for plane in coarse])


@settings(deadline=None, max_examples=150)
@given(
    height=st.integers(1, 40),
    width=st.integers(1, 40),
    gates=st.tuples(st.sampled_from(GATES), st.sampled_from(GATES)),
    refine=st.sampled_from(REFINEMENTS),
    numbers=st.tuples(st.integers(0, 60), st.integers(0, 20), st.booleans(), st.booleans()),
    seed=st.integers(0, 999),
)
def test_one_tile_is_the_runs_own_rule(height, width, gates, refine, numbers, seed) -> None:
    min_area, min_component, fill_holes, exclusive = numbers
    rng = np.random.default_rng(seed)
    maps = smooth_maps(rng, 2, height, width)
    spec = Spec("tiny", (height, width), ("bright", "dark"))
    rules = Rules(
        spec.classes,
        tuple(
            ClassRule(0.7, 0.5, min_area, gate, min_component, fill_holes, refine=refine) for gate in gates
        ),
        exclusive,
    )
    classes = rng.integers(0, 256, 2).astype(np.uint8)
    picture = np.zeros((height, width), np.uint8)
    tiling = Tiling((height, width), (height, width), (height, width), (0,), (0,))
    planes = ProbabilityPlanes(maps, (height, width))
    found = draw_tiled(planes, classes[None], tiling, rules, spec, picture)
    assert found.dtype == spec.mask_dtype
    assert np.array_equal(found, apply(maps, rules, spec, classes, picture))


def strip(wide: bool, length: int = 400) -> tuple[Tiling, np.ndarray]:
    shape = (20, length) if wide else (length, 20)
    starts = tuple(range(0, length - 99, 60))
    places = ((0,), starts) if wide else (starts, (0,))
    return Tiling(shape, shape, (20, 100) if wide else (100, 20), *places), np.zeros((1, *shape), np.uint8)


def draw(tiling: Tiling, maps: np.ndarray, rule: ClassRule, classes: np.ndarray | None = None) -> np.ndarray:
    spec = Spec("tiny", (20, 100), ("bright",))
    if classes is None:
        classes = np.full((len(tiling), 1), 255, np.uint8)
    planes = ProbabilityPlanes(maps, tiling.shape, scale=1)
    picture = np.zeros(tiling.shape, np.uint8)
    return draw_tiled(planes, classes, tiling, Rules(spec.classes, (rule,)), spec, picture)


@pytest.mark.parametrize("wide", [True, False])
def test_a_scratch_through_many_tiles_is_drawn_whole(wide: bool) -> None:
    tiling, maps = strip(wide)
    plane = maps[0] if wide else maps[0].T
    plane[9:11, 5:395] = 110  # faint
    plane[9:11, 30:40] = 250  # sure in the first tile alone
    found = draw(tiling, maps, ClassRule(0.9, 0.4, 15))
    assert np.array_equal(found != 0, maps[0] > 0)


@pytest.mark.parametrize("wide", [True, False])
def test_stains_far_from_what_is_sure_stay_undrawn(wide: bool) -> None:
    tiling, maps = strip(wide)
    plane = maps[0] if wide else maps[0].T
    plane[9:11, 30:40] = 250
    plane[2:6, 60:70] = 110  # faint, in the tile of the sure one
    plane[2:6, 300:310] = 110  # faint, far away
    expected = maps[0].copy()
    (expected if wide else expected.T)[:, 200:] = 0
    assert np.array_equal(draw(tiling, maps, ClassRule(0.9, 0.4, 15)) != 0, expected > 0)


def test_small_areas_of_many_tiles_do_not_add_up() -> None:
    tiling, maps = strip(True)
    maps[0][9, 10::40] = 250  # 10 pixels in all, at most 3 in a tile
    assert not draw(tiling, maps, ClassRule(0.9, 0.4, 5)).any()
    assert draw(tiling, maps, ClassRule(0.9, 0.4, 3)).any()


def test_a_veto_is_each_tiles_own() -> None:
    tiling, maps = strip(True)
    maps[0][9:12, 10:20] = maps[0][9:12, 370:380] = 250
    classes = np.full((len(tiling), 1), 10, np.uint8)
    classes[-1] = 200
    found = draw(tiling, maps, ClassRule(0.9, 0.4, 5, Gate("veto", 0.5)), classes)
    assert not found[:, :300].any()
    assert found[9:12, 370:380].all()


@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 999), refine=st.sampled_from(REFINEMENTS), fill_holes=st.booleans())
def test_where_every_tile_passes_bands_change_nothing(seed, refine, fill_holes) -> None:
    rng = np.random.default_rng(seed)
    shape = (20, 230)
    maps = smooth_maps(rng, 2, *shape)
    whole = Spec("tiny", shape, ("bright", "dark"))
    rule = ClassRule(0.5, 0.5, 0, min_component=9, fill_holes=fill_holes, refine=refine)
    rules = Rules(whole.classes, (rule, rule), exclusive=True)
    tiling = Tiling(shape, shape, (20, 32), (0,), tuple(range(0, 199, 22)))
    classes = np.full((len(tiling), 2), 255, np.uint8)
    # Every tile has a pixel that reaches the threshold, unless one of the random maps is dark there.
    dark = [
        (index, left)
        for index, left in product(range(2), tiling.columns)
        if not (maps[index][:, left : left + 32] >= 128).any()
    ]
    if dark:
        return
    picture = np.zeros(shape, np.uint8)
    found = draw_tiled(ProbabilityPlanes(maps, shape, 1), classes, tiling, rules, whole, picture)
    assert np.array_equal(found, apply(maps, rules, whole, classes[0], picture))
