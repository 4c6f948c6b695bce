"""The settings of the refinement, and rules that hold them."""

import json
from dataclasses import replace

import numpy as np
import pytest

from severstal.competition.masks import Masks
from severstal.competition.spec import Spec
from severstal.decision.draw import apply
from severstal.decision.heldout import draw_cross_fitted
from severstal.decision.mask_table import draw_masks
from severstal.decision.refine.crf import Crf
from severstal.decision.refine.morphology import closed, opened, smoothed
from severstal.decision.refine.settings import NO_REFINEMENT, Refinement
from severstal.decision.rules import PLAIN_RULE, ClassRule, Rules
from severstal.errors import SeverstalError

SPEC = Spec("small", (24, 32), ("hole",))


class PictureSource:
    def __init__(self, pictures):
        self._pictures = pictures

    def picture(self, name):
        return self._pictures[int(name.split(".")[0])]


def rules(spec=SPEC, **steps):
    return Rules(spec.classes, (ClassRule(0.5, 0.4, 1, refine=Refinement(**steps)),) * len(spec.classes))


def random_maps(count=1):
    rng = np.random.default_rng(0)
    maps = rng.integers(0, 140, (count, 1, 24, 32), np.uint8)
    maps[:, :, 5:17, 6:20] += 100
    return maps, rng.integers(0, 256, (count, 24, 32), np.uint8)


@pytest.mark.parametrize(
    ("steps", "message"),
    [
        ({"crf": -1}, "crf is -1: give a whole number from 0 to 1000"),
        ({"opening": 1.5}, "opening is 1.5"),
        ({"closing": True}, "closing is True"),
        ({"smooth_edges": float("nan")}, "smooth_edges is nan: give a number of pixels"),
        ({"smooth_edges": "wide"}, "smooth_edges is 'wide'"),
    ],
)
def test_impossible_steps_are_refused(steps, message):
    with pytest.raises(SeverstalError, match=message):
        Refinement(**steps)


def test_rules_keep_their_refinement_on_disk_and_name_none_where_there_is_none(tmp_path):
    path = tmp_path / "rules.json"
    kept = rules(crf=3, opening=1, smooth_edges=1.5)
    kept.save(path)
    assert Rules.load(path, SPEC) == kept
    assert json.loads(path.read_text())["classes"]["hole"]["refine"]["crf"] == 3
    assert "refine" not in Rules(SPEC.classes, (PLAIN_RULE,)).to_json()["classes"]["hole"]


@pytest.mark.parametrize(
    ("refine", "message"),
    [
        (3, "hole: refine is 3: give some of crf, opening"),
        ({"open": 1}, "hole: refine is {'open': 1}"),
        ({"opening": -1}, "hole: opening is -1"),
    ],
)
def test_impossible_refinement_in_a_file_is_reported(refine, message):
    value = {"hole": {"high": 0.5, "low": 0.5, "min_area": 0, "refine": refine}}
    with pytest.raises(SeverstalError) as caught:
        Rules.from_json(value, SPEC)
    assert message in str(caught.value)


def test_steps_run_in_the_documented_order():
    maps, pictures = random_maps()
    found = apply(maps[0], rules(crf=2, opening=1, closing=2, smooth_edges=1.0), SPEC, picture=pictures[0])
    mask = Crf(2).refine(maps[0, 0], pictures[0]) >= 102
    wanted = smoothed(closed(opened(mask, 1), 2), 1.0)
    assert 0 < wanted.sum() < wanted.size
    assert np.array_equal(found, wanted)


def test_whether_a_class_is_there_is_asked_of_the_map_as_searched():
    maps = np.full((1, 24, 32), 110, np.uint8)
    maps[0, 0, 0] = 128
    picture = np.full((24, 32), 90, np.uint8)
    assert apply(maps, rules(), SPEC).all()  # 110 reaches 0.4
    assert not apply(maps, rules(crf=5), SPEC, picture=picture).any()  # one pixel against all its neighbours
    maps[0, 0, 0] = 127
    assert not apply(maps, rules(crf=5), SPEC, picture=picture).any()


@pytest.mark.parametrize("fill_holes", [False, True])
def test_a_mask_of_which_nothing_is_left_is_absent(fill_holes):
    maps = np.zeros((1, 24, 32), np.uint8)
    maps[0, 3, :] = 255
    rule = replace(rules(opening=2).rules[0], fill_holes=fill_holes)
    assert not apply(maps, Rules(SPEC.classes, (rule,)), SPEC).any()


def test_all_images_are_drawn_with_their_own_pictures(store):
    maps, pictures = random_maps(3)
    reader, refined = store(maps, SPEC), rules(crf=3)
    table = draw_masks(reader, refined, SPEC, PictureSource(pictures))
    masks = Masks(table, SPEC)
    for row, name in enumerate(reader.names):
        assert np.array_equal(masks[name], apply(maps[row], refined, SPEC, picture=pictures[row]))
    folds = np.array([0, 1, 0])
    held = draw_cross_fitted(reader, {0: refined, 1: refined}, folds, SPEC, PictureSource(pictures))
    assert held.equals(table)


def test_a_crf_without_pictures_is_refused(store):
    maps, _ = random_maps()
    with pytest.raises(SeverstalError, match="which reads the pictures"):
        draw_masks(store(maps, SPEC), rules(crf=1), SPEC)
    assert not rules(opening=3).need_pictures
    assert not NO_REFINEMENT.active
