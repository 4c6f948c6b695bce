"""The plan keeps the real proportions and leaves no class out; names are Kaggle's and never repeat."""

import re
from collections import Counter
from pathlib import Path

import pandas as pd
import pytest

from severstal.data.sample.plan import COMBINATIONS, image_name, plan_classes, stream


def test_the_whole_real_count_gives_the_real_combinations() -> None:
    assert Counter(plan_classes(12_568, 0, "train")) == COMBINATIONS


def test_the_combinations_are_the_real_ones(real_data: Path) -> None:
    table = pd.read_csv(real_data / "severstal/reference/class_presence_all.csv")  # 20 images are missing
    shown = table.drop(columns="ImageId").to_numpy(bool)
    real = Counter(tuple(k + 1 for k in range(4) if row[k]) for row in shown)
    assert set(real) <= set(COMBINATIONS)
    assert sum(abs(COMBINATIONS[classes] - real[classes]) for classes in COMBINATIONS) <= 20


@pytest.mark.parametrize("count", [60, 240, 1000])
def test_every_share_is_within_a_few_pictures(count: int) -> None:
    plan = Counter(plan_classes(count, 3, "test"))
    assert sum(plan.values()) == count
    for classes, real in COMBINATIONS.items():
        assert abs(plan[classes] - count * real / 12_568) < 2, classes


@pytest.mark.parametrize("count", [8, 9, 15, 16, 20, 40])
def test_small_plans_hold_every_class_and_clean_pictures(count: int) -> None:
    plan = plan_classes(count, 0, "train")
    assert len(plan) == count
    for class_id in (1, 2, 3, 4):
        assert sum(class_id in classes for classes in plan) >= (2 if count >= 16 else 1)
    assert plan.count(()) >= 2


def test_seed_and_split_shuffle_the_plan() -> None:
    assert plan_classes(60, 0, "train") == plan_classes(60, 0, "train")
    assert plan_classes(60, 0, "train") != plan_classes(60, 1, "train")
    assert plan_classes(60, 0, "train") != plan_classes(60, 0, "test")


def test_names_are_nine_digits_and_never_repeat() -> None:
    names = [image_name(5, split, index) for split in ("train", "test") for index in range(12_568)]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[0-9a-f]{9}\.jpg", name) for name in names)
    assert image_name(5, "train", 0) != image_name(6, "train", 0)


def test_streams_differ() -> None:
    keys = [(0, "train"), (0, "test"), (1, "train"), (0, "train", 0), (0, "train", 1), (0, "test", 0)]
    assert len({stream(*key).random() for key in keys}) == len(keys)
