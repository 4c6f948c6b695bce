"""The plan keeps the real proportions, areas and pieces, and leaves no class out; names never repeat."""

import re
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from severstal.synthetic.facts import AREAS, CLASS_COMBINATIONS, PIECES, SHARES, SPLITS, Split
from severstal.synthetic.plan import CROWDED, Order, image_name, plan_pictures, stream


def kinds(count: int, seed: int, split: Split) -> Counter[tuple[int, ...]]:
    return Counter(order.classes for order in plan_pictures(count, seed, split))


def test_the_whole_real_count_gives_the_real_combinations() -> None:
    assert kinds(12_568, 0, "train") == CLASS_COMBINATIONS["train"]
    assert kinds(1801, 0, "test") == CLASS_COMBINATIONS["test"]


def test_the_combinations_are_the_real_ones(real_data: Path) -> None:
    table = pd.read_csv(real_data / "severstal/reference/class_presence_all.csv")  # 20 images are missing
    shown = table.drop(columns="ImageId").to_numpy(bool)
    real = Counter(tuple(k + 1 for k in range(4) if row[k]) for row in shown)
    train = CLASS_COMBINATIONS["train"]
    assert set(real) <= set(train)
    assert sum(abs(train[classes] - real[classes]) for classes in train) <= 20


def test_the_test_combinations_give_the_counts_that_probing_told() -> None:
    for class_id, expected in enumerate((128, 43, 741, 120), start=1):
        assert sum(n for classes, n in CLASS_COMBINATIONS["test"].items() if class_id in classes) == expected
    assert sum(CLASS_COMBINATIONS["test"].values()) == 1801


@pytest.mark.parametrize("count", [60, 240, 1000])
@pytest.mark.parametrize("split", SPLITS)
def test_every_share_is_within_a_few_pictures(count: int, split: Split) -> None:
    plan, real = kinds(count, 3, split), CLASS_COMBINATIONS[split]
    assert sum(plan.values()) == count
    for classes, number in real.items():
        assert abs(plan[classes] - count * number / sum(real.values())) < 2, classes


@pytest.mark.parametrize("count", [8, 9, 15, 16, 20, 40])
@pytest.mark.parametrize("split", SPLITS)
def test_small_plans_hold_every_class_and_clean_pictures(count: int, split: Split) -> None:
    plan = [order.classes for order in plan_pictures(count, 0, split)]
    assert len(plan) == count
    for class_id in (1, 2, 3, 4):
        assert sum(class_id in classes for classes in plan) >= (2 if count >= 16 else 1)
    assert plan.count(()) >= 2


@given(count=st.integers(8, 3000), seed=st.integers(0, 10**6), split=st.sampled_from(SPLITS))
@settings(max_examples=40, deadline=None)
def test_plans_of_any_size_are_sound(count: int, seed: int, split: Split) -> None:
    plan = plan_pictures(count, seed, split)
    assert len(plan) == count
    pairs = set()
    for k, order in enumerate(plan):
        assert list(order.classes) == sorted(set(order.classes))
        assert 0 <= order.light <= 1
        for mask in order.masks:
            assert AREAS[mask.class_id][0] <= mask.area <= AREAS[mask.class_id][-1]
            assert 1 <= mask.pieces <= len(PIECES[mask.class_id])
        if order.twin_of is not None:
            first = plan[order.twin_of]
            assert first.twin_of is None
            assert (first.masks, first.light) == (order.masks, order.light)
            pairs |= {k, order.twin_of}
    twins = sum(order.twin_of is not None for order in plan)
    assert len(pairs) == 2 * twins
    assert twins == (0 if split == "test" else max(round(count * 44 / 12_568), count >= 40))


def test_the_largest_plan_keeps_areas_and_pieces() -> None:
    plan = [order for order in plan_pictures(20_000, 1, "train") if order.twin_of is None]
    for class_id in (1, 2, 3, 4):
        masks = [mask for order in plan for mask in order.masks if mask.class_id == class_id]
        areas = np.quantile([mask.area for mask in masks], SHARES[1:-1])
        assert np.allclose(areas, AREAS[class_id][1:-1], rtol=0.03)
        single = np.mean([mask.pieces == 1 for mask in masks])
        assert abs(single - PIECES[class_id][0] / sum(PIECES[class_id])) < 0.01
    crowds = [sum(mask.area for mask in order.masks) for order in plan if len(order.masks) > 1]
    assert max(crowds) < CROWDED * 256 * 1600


def test_larger_masks_are_in_more_pieces() -> None:
    masks = [mask for order in plan_pictures(4000, 0, "train") for mask in order.masks]
    for class_id in (1, 2, 3, 4):
        mine = pd.DataFrame([(m.area, m.pieces) for m in masks if m.class_id == class_id]).corr("spearman")
        assert 0.1 < mine.iloc[0, 1] < 0.8


def test_seed_and_split_shuffle_the_plan() -> None:
    assert plan_pictures(60, 0, "train") == plan_pictures(60, 0, "train")
    assert plan_pictures(60, 0, "train") != plan_pictures(60, 1, "train")
    assert plan_pictures(60, 0, "train") != plan_pictures(60, 0, "test")


def test_an_empty_order_is_clean_steel() -> None:
    assert Order().classes == ()


def test_names_are_nine_digits_and_never_repeat() -> None:
    names = [image_name(5, split, index) for split in SPLITS for index in range(20_000)]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[0-9a-f]{9}\.jpg", name) for name in names)
    assert image_name(5, "train", 0) != image_name(6, "train", 0)


def test_streams_differ() -> None:
    keys = [(0, "train"), (0, "test"), (1, "train"), (0, "train", 0), (0, "train", 1), (0, "test", 0)]
    assert len({stream(*key).random() for key in keys}) == len(keys)
