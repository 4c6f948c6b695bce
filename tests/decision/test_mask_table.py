"""All images of a folder of maps in one table."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from severstal.competition.masks import Masks
from severstal.competition.spec import Spec
from severstal.decision import mask_table as module
from severstal.decision.draw import apply
from severstal.decision.gate import Gate
from severstal.decision.mask_table import draw_masks
from severstal.decision.refine.settings import Refinement
from severstal.decision.rules import PLAIN_RULE, ClassRule, Rules, plain_rules
from severstal.errors import SeverstalError

SPEC = Spec("tiny", (6, 7), ("scratch", "hole"))


@pytest.mark.parametrize("classified", [False, True])
def test_all_images_are_drawn_in_order(store, monkeypatch, classified):
    monkeypatch.setattr(module, "_BLOCK", 3)
    rng = np.random.default_rng(0)
    maps = rng.integers(0, 256, (11, 2, 6, 7)).astype(np.uint8)
    maps[4] = 0
    probability = rng.integers(0, 256, (11, 2)).astype(np.uint8) if classified else None
    rules = Rules(
        SPEC.classes, (PLAIN_RULE, ClassRule(0.9, 0.5, 3, Gate("soft", 1), 2, True)), exclusive=True
    )
    table = draw_masks(store(maps, SPEC, probability=probability), rules, SPEC)
    assert table["ClassId"].dtype == np.int64
    assert table.index.tolist() == list(range(len(table)))
    assert table[["ImageId", "ClassId"]].values.tolist() == sorted(
        table[["ImageId", "ClassId"]].values.tolist(), key=lambda row: (int(row[0][:-4]), row[1])
    )
    drawn = Masks(table, SPEC)
    for index, planes in enumerate(maps):
        wanted = apply(planes, rules, SPEC, probability[index] if classified else None)
        assert np.array_equal(drawn[f"{index}.jpg"], wanted)


def test_nothing_drawn_is_a_table_of_the_same_columns(store):
    table = draw_masks(store(np.zeros((3, 2, 6, 7), np.uint8), SPEC), plain_rules(SPEC), SPEC)
    assert table.columns.tolist() == ["ImageId", "ClassId", "EncodedPixels"]
    assert not len(table)


def test_a_damaged_shard_stops_the_drawing(store):
    reader = store(np.zeros((9, 2, 6, 7), np.uint8), SPEC)
    shard = reader.folder / "maps-00003.npy"
    shard.write_bytes(shard.read_bytes()[:-1] + b"x")
    with pytest.raises(SeverstalError, match=r"maps-00003\.npy: altered"):
        draw_masks(reader, plain_rules(SPEC), SPEC)


def test_rules_with_a_crf_need_the_pictures_and_others_do_not_read_them(store):
    maps = np.full((2, 2, 6, 7), 200, np.uint8)
    rules = Rules(SPEC.classes, (replace(PLAIN_RULE, refine=Refinement(crf=1)), PLAIN_RULE))
    with pytest.raises(SeverstalError, match="give them, or set crf = 0"):
        draw_masks(store(maps, SPEC), rules, SPEC)
    unread = SimpleNamespace(picture=lambda name: pytest.fail(f"{name} was read"))
    assert len(draw_masks(store(maps, SPEC), plain_rules(SPEC), SPEC, unread)) == 4
