"""The likeness separates rolls, is at chance on one roll, and is cross-validated."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from severstal.competition.folder import open_input
from severstal.data.features import picture_features
from severstal.data.images import PictureFolder
from severstal.data.likeness import Likeness, measure_likeness, most_test_like
from severstal.errors import SeverstalError
from severstal.synthetic import draw_sample


def features(count: int, mean: float, seed: int, name: str) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    table = pd.DataFrame(rng.normal(mean, 1, (count, 3)), columns=["brightness", "contrast", "black"])
    return table.assign(ImageId=[f"{name}{row}" for row in range(count)])


def test_two_rolls_are_distinguished_and_one_is_not() -> None:
    one, same, other = features(200, 0, 0, "a"), features(100, 0, 1, "b"), features(100, 1.5, 2, "c")
    assert measure_likeness(one, other).auc > 0.9
    assert abs(measure_likeness(one, same).auc - 0.5) < 0.1


@pytest.mark.slow
def test_the_sample_comes_from_two_rolls(tmp_path: Path) -> None:
    draw_sample(tmp_path / "sample", 160, 60)
    data = open_input(tmp_path / "sample")
    train, test = (
        picture_features(PictureFolder(names, "", folder, data.spec))
        for names, folder in ((data.train_names(), data.train_images), (data.test_names(), data.test_images))
    )
    assert measure_likeness(train, test).auc > 0.57
    rng = np.random.default_rng(0)
    order = [rng.permutation(len(train)) for _ in range(3)]
    by_chance = [measure_likeness(train.iloc[rows[:110]], train.iloc[rows[110:]]).auc for rows in order]
    assert abs(np.mean(by_chance) - 0.5) < 0.1


def test_a_picture_is_judged_by_a_model_that_saw_no_twin_of_it() -> None:
    # Values without meaning, each four times: whoever has seen a twin knows the answer.
    rng = np.random.default_rng(0)
    train = pd.DataFrame({"value": np.repeat(rng.normal(size=60), 4)})
    train.insert(0, "ImageId", [f"a{row}" for row in range(240)])
    test = pd.DataFrame({"value": rng.normal(size=240)})
    test.insert(0, "ImageId", [f"b{row}" for row in range(240)])
    groups = {f"a{row}": row // 4 for row in range(240)}
    alone, together = measure_likeness(train, test).auc, measure_likeness(train, test, groups).auc
    assert alone > together + 0.1
    assert abs(together - 0.5) < 0.15


def test_the_table_survives_the_file(tmp_path: Path) -> None:
    found = measure_likeness(features(40, 0, 0, "NA"), features(20, 1, 1, "b"))
    found.save(tmp_path / "likeness.csv")
    again = Likeness.load(tmp_path / "likeness.csv")
    pd.testing.assert_frame_equal(again.table, found.table)
    assert again.auc == found.auc
    assert list(again.of_train().index) == [f"NA{row}" for row in range(40)]
    assert again.table["likeness"].between(0, 1).all()


def test_the_seed_alone_decides() -> None:
    train, test = features(60, 0, 0, "a"), features(30, 0.5, 1, "b")
    first, again, other = (measure_likeness(train, test, seed=seed).table for seed in (1, 1, 2))
    assert first.equals(again)
    assert not first.equals(other)


@pytest.mark.parametrize(("train", "test"), [(9, 40), (40, 9), (0, 40)])
def test_too_few_pictures_are_an_error(train: int, test: int) -> None:
    with pytest.raises(SeverstalError, match=r"(9|0) (train|test) pictures are too few"):
        measure_likeness(features(train, 0, 0, "a"), features(test, 0, 1, "b"))


def test_the_most_test_like_are_marked_in_whole_groups() -> None:
    rng = np.random.default_rng(0)
    names = [f"a{row}" for row in range(100)]
    likeness = pd.Series(rng.random(100), names)
    groups = pd.Series(np.arange(100) // 3, names)
    marked = most_test_like(likeness, groups)
    assert 20 <= marked.sum() <= 22
    assert marked.groupby(groups).transform("all").equals(marked)
    means = likeness.groupby(groups).mean()
    chosen = groups[marked].unique()
    assert means[chosen].min() > means.drop(chosen).max()
    alone = most_test_like(likeness, pd.Series(np.arange(100), names), 0.1)
    assert set(likeness[alone]) == set(sorted(likeness)[-10:])
