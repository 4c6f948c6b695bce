"""Scored pairs are what the metric scores, and come back from disk whole or not at all."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from severstal.competition.rle import decode, encode
from severstal.competition.scored import PAIR_COLUMNS, ScoredPairs, score_masks
from severstal.competition.spec import Spec
from severstal.errors import SeverstalError

SPEC = Spec("tiles", (6, 10), ("hole", "crack", "stain"))


def draw(seed: int, images: int) -> ScoredPairs:
    rng = np.random.default_rng(seed)
    predicted, true = rng.integers(0, 30, (2, images, 3)) * rng.integers(0, 2, (2, images, 3))
    shared = rng.integers(0, np.minimum(predicted, true) + 1)
    names = tuple(f'{index}, "odd".jpg' if index == 1 else f"{index}.jpg" for index in range(images))
    return ScoredPairs(
        names, SPEC, shared, predicted, true, rng.integers(0, 4, images), rng.integers(0, 3, images)
    )


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 20))
def test_what_is_saved_is_loaded(tmp_path_factory, seed: int, images: int) -> None:
    pairs = draw(seed, images)
    path = tmp_path_factory.mktemp("pairs") / "oof" / "pairs.csv"
    pairs.save(path)
    again = ScoredPairs.load(path, SPEC)
    assert again.images == pairs.images
    for name in ("intersection", "predicted", "true", "groups", "folds", "dice"):
        np.testing.assert_array_equal(getattr(again, name), getattr(pairs, name))
        assert getattr(again, name).dtype == getattr(pairs, name).dtype
    assert again.score == pairs.score


def table_of(rng: np.random.Generator, images: list[str]) -> pd.DataFrame:
    rows = []
    for image in images:
        for class_id in SPEC.class_ids:
            mask = rng.random(SPEC.image_shape) < rng.choice([0, 0.2, 0.7])
            if mask.any():
                rows.append((image, class_id, encode(mask)))
    return pd.DataFrame(rows, columns=["ImageId", "ClassId", "EncodedPixels"]).astype({"ClassId": "int64"})


@pytest.mark.parametrize("seed", range(5))
def test_masks_score_as_counting_their_pixels_says(seed: int) -> None:
    rng = np.random.default_rng(seed)
    images = [f"{index}.png" for index in range(12)]
    prediction, truth = table_of(rng, images), table_of(rng, images)
    some = images[3:][::-1]
    pairs = score_masks(prediction, truth, some, SPEC)
    masks = [
        {
            (row.ImageId, row.ClassId): decode(row.EncodedPixels, SPEC.image_shape) > 0
            for row in table.itertuples()
        }
        for table in (prediction, truth)
    ]
    empty = np.zeros(SPEC.image_shape, bool)
    dice = np.empty((len(some), 3))
    for row, image in enumerate(some):
        for k in SPEC.class_ids:
            drawn, there = (side.get((image, k), empty) for side in masks)
            whole = drawn.sum() + there.sum()
            dice[row, k - 1] = 2 * (drawn & there).sum() / whole if whole else 1
            assert pairs.predicted[row, k - 1] == drawn.sum()
            assert pairs.true[row, k - 1] == there.sum()
    np.testing.assert_allclose(pairs.dice, dice, rtol=1e-15)
    assert pairs.score.score == pytest.approx(dice.mean())


def test_some_images_are_taken_in_the_order_asked_for() -> None:
    pairs = draw(0, 6)
    part = pairs.take(np.array([4, 2]))
    assert part.images == (pairs.images[4], pairs.images[2])
    np.testing.assert_array_equal(part.dice, pairs.dice[[4, 2]])
    np.testing.assert_array_equal(part.groups, pairs.groups[[4, 2]])
    assert pairs.take(np.arange(6) > 3).images == pairs.images[4:]


def test_images_are_grouped_where_two_share_a_group() -> None:
    empty = np.zeros((3, 2, 3), int)
    assert not ScoredPairs(("a", "b"), SPEC, *empty).grouped
    assert ScoredPairs(("a", "b"), SPEC, *empty, np.array([5, 5])).grouped


def test_arrays_of_other_shapes_are_refused() -> None:
    with pytest.raises(ValueError, match="true is of shape"):
        ScoredPairs(("a",), SPEC, np.zeros((1, 3)), np.zeros((1, 3)), np.zeros((1, 2)))
    with pytest.raises(ValueError, match="groups is of shape"):
        ScoredPairs(("a",), SPEC, *np.zeros((3, 1, 3)), np.zeros(2))


HEAD = ",".join(PAIR_COLUMNS)
GOOD = ["a.jpg,1,5,10,10,0.5,0,1", "a.jpg,2,0,0,0,1.0,0,1", "a.jpg,3,0,0,7,0.0,0,1"]
OTHER = [row.replace("a.jpg", "b.jpg") for row in GOOD]


def changed(row: int, text: str) -> list[str]:
    return [HEAD, *(text if index == row else each for index, each in enumerate(GOOD, 1))]


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([], "not a table"),
        ([HEAD], "holds no pair"),
        (["a,b", "1,2"], "its columns are a,b; they must be ImageId,"),
        ([HEAD, *GOOD, *GOOD], "row 4: image a.jpg stands there twice"),
        ([HEAD, *GOOD, *OTHER[:2]], "ends within image b.jpg, after 2 of its 3 classes"),
        ([HEAD, GOOD[0], GOOD[2], GOOD[1]], "row 2: class 3 stands where 2 must"),
        ([HEAD, GOOD[0], OTHER[1], GOOD[2]], "row 2: image b.jpg stands among those of a.jpg"),
        (changed(1, "a.jpg,1,5,10,ten,0.5,0,1"), "row 1: true is `ten`, not a whole number"),
        (changed(1, "a.jpg,1,5,10,,0.5,0,1"), "row 1: true is ``, not a whole number"),
        (changed(1, "a.jpg,1,5,10,10.5,0.5,0,1"), "row 1: true is `10.5`, not a whole number"),
        (changed(1, "a.jpg,1,5,10,1e300,0.5,0,1"), "row 1: true is `1e300`, not a whole number"),
        (changed(1, "a.jpg,1,5,10,10,inf,0,1"), "row 1: dice is `inf`, not a number"),
        (changed(2, "a.jpg,2,0,0,-1,1.0,0,1"), "row 2: true is -1 pixels, which cannot be"),
        (changed(2, "a.jpg,2,0,61,0,0.0,0,1"), "row 2: predicted is 61 pixels, which cannot be"),
        (changed(1, "a.jpg,1,11,10,10,0.5,0,1"), "row 1: intersection is 11 pixels, which cannot be"),
        (changed(3, "a.jpg,3,0,0,7,0.1,0,1"), "row 3: dice is 0.1, the areas give 0.000000"),
        (changed(3, "a.jpg,3,0,0,7,0.0,1,1"), "row 3: group is another than in the image's other rows"),
        (changed(3, "a.jpg,3,0,0,7,0.0,0,2"), "row 3: fold is another than in the image's other rows"),
    ],
)
def test_a_faulty_table_is_one_line(tmp_path: Path, lines: list[str], expected: str) -> None:
    path = tmp_path / "pairs.csv"
    path.write_text("".join(f"{line}\n" for line in lines))
    with pytest.raises(SeverstalError) as error:
        ScoredPairs.load(path, SPEC)
    assert expected in str(error.value)
    assert str(error.value).startswith(str(path))
    assert "again" in str(error.value)
    assert len(str(error.value).splitlines()) == 1


def test_what_is_no_text_or_not_there_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "pairs.csv"
    with pytest.raises(SeverstalError, match="not there"):
        ScoredPairs.load(path, SPEC)
    path.write_bytes(b"\x89PNG\r\n\x1a\n\0\0\xff")
    with pytest.raises(SeverstalError, match="not a table"):
        ScoredPairs.load(path, SPEC)
    path.write_text("\n".join([HEAD, *GOOD]) + "\n")
    assert ScoredPairs.load(path, SPEC).score.score == 0.5
    with pytest.raises(SeverstalError, match="row 3: class 3 stands where 1 must"):
        ScoredPairs.load(path, Spec("tiles", (6, 10), ("hole", "crack")))
