"""Folds hold every image once and every class in proportion; a bounded draw does too."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from severstal.data.folds import folds_checksum, load_folds, sample_images, save_folds, split_folds
from severstal.errors import SeverstalError


def labelled(images: int, seed: int = 0) -> tuple[list[str], np.ndarray]:
    rng = np.random.default_rng(seed)
    presence = rng.random((images, 4)) < [0.07, 0.02, 0.41, 0.06]  # the real shares of the classes
    return [f"{index:04d}.jpg" for index in range(images)], presence


def test_every_image_is_in_one_fold() -> None:
    names, presence = labelled(1000)
    folds = split_folds(names, presence, 5)
    assert folds["ImageId"].tolist() == names
    assert sorted(folds["fold"].unique()) == [0, 1, 2, 3, 4]


def test_classes_are_spread_evenly() -> None:
    names, presence = labelled(1000)
    fold = split_folds(names, presence, 5)["fold"].to_numpy()
    counts = np.array([presence[fold == number].sum(0) for number in range(5)])
    assert (np.ptp(counts, axis=0) <= 2).all(), counts
    assert np.ptp(np.bincount(fold)) <= 8


def test_the_seed_alone_decides() -> None:
    names, presence = labelled(100)
    first, again, other = (split_folds(names, presence, 5, seed) for seed in (1, 1, 2))
    assert first.equals(again)
    assert not first.equals(other)


def test_the_draw_is_bounded_and_in_proportion() -> None:
    names, presence = labelled(3000)
    drawn = sample_images(names, presence, 240)
    assert 200 <= len(drawn) <= 240
    assert drawn == sorted(set(drawn))
    share = presence[np.isin(names, drawn)].mean(0)
    assert np.abs(share - presence.mean(0)).max() < 0.02


def test_all_images_are_drawn_when_they_are_few() -> None:
    names, presence = labelled(30)
    assert sample_images(names, presence, 240) == sample_images(names, presence, 0) == names


@pytest.mark.parametrize("seed", range(3))
def test_the_bound_holds_for_any_number_of_images(seed: int) -> None:
    names, presence = labelled(60, seed)
    for at_most in (1, 7, 20, 29):
        for images in range(at_most, 61, 4):
            drawn = sample_images(names[:images], presence[:images], at_most, seed)
            assert len(drawn) <= at_most
            assert drawn == [name for name in names[:images] if name in set(drawn)]
    assert sample_images(names, presence, 60, seed) == names


def test_the_seed_alone_decides_which_are_drawn() -> None:
    names, presence = labelled(200)
    first, again, other = (sample_images(names, presence, 40, seed) for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_too_few_images_are_an_error() -> None:
    names, presence = labelled(3)
    with pytest.raises(SeverstalError, match="3 labelled images cannot fill 5 folds"):
        split_folds(names, presence, 5)


def test_too_few_groups_are_an_error() -> None:
    names, presence = labelled(40)
    with pytest.raises(
        SeverstalError, match="40 labelled images, 3 of them unlike each other, cannot fill 5"
    ):
        split_folds(names, presence, 5, groups={name: row % 3 for row, name in enumerate(names)})


@settings(max_examples=30, deadline=None)
@given(st.integers(2, 6), st.integers(12, 60), st.integers(1, 5), st.integers(0, 10**6))
def test_no_group_is_split_and_no_fold_is_empty(folds: int, images: int, largest: int, seed: int) -> None:
    names, presence = labelled(images, seed)
    rng = np.random.default_rng(seed)
    group = np.repeat(np.arange(images), rng.integers(1, largest + 1, images))[:images]
    if len(set(group)) < folds:
        return
    table = split_folds(names, presence, folds, seed, dict(zip(names, group.tolist(), strict=True)))
    assert table["ImageId"].tolist() == names
    assert table["group"].tolist() == group.tolist()
    assert set(table["fold"]) == set(range(folds))
    assert (table.groupby("group")["fold"].agg(lambda fold: len(set(fold))) == 1).all()


@pytest.mark.filterwarnings("error")
def test_a_combination_of_classes_that_stands_once_is_no_warning() -> None:
    presence = np.repeat(np.eye(2, dtype=bool), [20, 19], axis=0)
    presence = np.vstack([presence, [[True, True]]])
    fold = split_folds([f"{row}" for row in range(40)], presence, 4)["fold"]
    assert np.ptp(np.bincount(fold)) <= 2


def test_images_of_which_no_two_are_alike_in_classes_are_dealt() -> None:
    presence = np.eye(6, dtype=bool)
    fold = split_folds(list("abcdef"), presence, 3)["fold"]
    assert np.bincount(fold).tolist() == [2, 2, 2]


@pytest.mark.parametrize("seed", [0, 1])
def test_the_real_classes_and_combinations_are_balanced_with_pairs_kept(real_data: Path, seed: int) -> None:
    table = pd.read_csv(real_data / "severstal" / "reference" / "class_presence_all.csv")
    names, presence = table["ImageId"].tolist(), table.filter(like="class_").to_numpy(bool)
    pairs = np.random.default_rng(seed).choice(len(names), (44, 2), replace=False)
    group = np.arange(len(names))
    group[pairs[:, 1]] = pairs[:, 0]
    folds = split_folds(names, presence, 5, seed, dict(zip(names, group.tolist(), strict=True)))
    fold = folds["fold"].to_numpy()
    assert (fold[pairs[:, 0]] == fold[pairs[:, 1]]).all()
    assert np.ptp(np.bincount(fold)) <= 4
    kind = presence @ (1 << np.arange(4))
    assert (kind == 10).sum() == 1  # 2 + 4
    assert (kind == 7).sum() == 2  # 1 + 2 + 3
    for value in np.unique(kind):
        assert np.ptp(np.bincount(fold[kind == value], minlength=5)) <= 2, value
    by_class = np.array([presence[fold == number].sum(0) for number in range(5)])
    assert np.ptp(by_class, axis=0).max() <= 4, by_class


def test_folds_survive_the_file(tmp_path: Path) -> None:
    folds = pd.DataFrame({"ImageId": ["NA", "b_1.jpg"], "fold": [1, 0], "group": [0, 0]})
    save_folds(folds, tmp_path / "folds.csv", {"seed": 3})
    pd.testing.assert_frame_equal(load_folds(tmp_path / "folds.csv"), folds, check_dtype=False)
    assert '"seed": 3' in (tmp_path / "folds.json").read_text()
    more = folds.assign(likeness=[0.25, 0.5], test_like=[False, True])
    save_folds(more, tmp_path / "folds.csv")
    pd.testing.assert_frame_equal(load_folds(tmp_path / "folds.csv"), more, check_dtype=False)


@pytest.mark.parametrize("change", ["csv", "json", "no json", "other json"])
def test_a_table_changed_by_hand_is_refused(tmp_path: Path, change: str) -> None:
    path, record = tmp_path / "folds.csv", tmp_path / "folds.json"
    save_folds(pd.DataFrame({"ImageId": ["a", "b"], "fold": [1, 0], "group": [0, 1]}), path)
    match change:
        case "csv":
            path.write_text(path.read_text().replace("a,1", "a,0"))
        case "json":
            record.write_text('{"sha256": "0"}')
        case "no json":
            record.unlink()
        case "other json":
            record.write_text("[1]")
    with pytest.raises(SeverstalError, match=r"folds\.csv: was changed .*: delete it and run again"):
        load_folds(path)


def test_the_deal_alone_is_digested() -> None:
    folds = pd.DataFrame({"ImageId": ["a", "b"], "fold": [1, 0], "group": [0, 1]})
    assert folds_checksum(folds) == folds_checksum(folds.assign(group=[3, 4], likeness=0.5))
    assert folds_checksum(folds) != folds_checksum(folds.assign(fold=[0, 1]))


@pytest.mark.parametrize(
    "text",
    ["", "ImageId,fold\na,1\n", "ImageId,fold,group\na,x,0\n", "ImageId,fold,group,likeness\na,1,0,\n"],
)
def test_a_broken_file_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "folds.csv"
    with pytest.raises(SeverstalError, match="no such file"):
        load_folds(path)
    path.write_text(text)
    with pytest.raises(SeverstalError, match="not a table of ImageId,fold,group"):
        load_folds(path)
