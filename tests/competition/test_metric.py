"""The score against scikit-learn, brute force and the public leaderboard's figures."""

import json
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.metrics import f1_score

from severstal.competition.metric import class_areas, pair_dice, score_pairs
from severstal.competition.rle import encode
from severstal.competition.scored import score_masks
from severstal.competition.spec import SEVERSTAL, Spec

COLUMNS = ["ImageId", "ClassId", "EncodedPixels"]
SHAPE = (3, 5)
TWO = Spec("two", SHAPE, ("hole", "crack"))


def areas_of(prediction, truth):
    """Areas from masks (N, C, H, W) by summation."""
    return tuple(masks.sum(axis=(2, 3)) for masks in (prediction & truth, prediction, truth))


def table_of(masks):
    """Tidy table of masks (N, C, H, W)."""
    rows = [
        (f"{n}.jpg", c + 1, encode(mask))
        for n, image in enumerate(masks)
        for c, mask in enumerate(image)
        if mask.any()
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


# Rows of zeros as often as noise, so that every case of the empty rule comes up.
planes = hnp.arrays(bool, SHAPE) | st.just(np.zeros(SHAPE, bool))
pictures = st.lists(st.lists(planes, min_size=4, max_size=4), min_size=1, max_size=5).map(
    np.array
)  # (N, 4, H, W)


@settings(max_examples=80, deadline=None)
@given(pictures)
def test_score_is_the_mean_of_scikit_learns_f1(masks):
    prediction, truth = masks[:, :2], masks[:, 2:]
    images = [f"{n}.jpg" for n in range(len(masks))]
    expected = np.array(
        [
            [f1_score(truth[n, c].ravel(), prediction[n, c].ravel(), zero_division=1.0) for c in range(2)]
            for n in range(len(masks))
        ]
    )
    score = score_pairs(*areas_of(prediction, truth), TWO)
    assert score.score == pytest.approx(expected.mean())
    assert [part.score for part in score.classes] == pytest.approx(expected.mean(axis=0))
    assert score_masks(table_of(prediction), table_of(truth), images, TWO).score.to_dict() == score.to_dict()


@settings(max_examples=80, deadline=None)
@given(pictures)
def test_parts_are_what_they_are_called(masks):
    prediction, truth = masks[:, :2], masks[:, 2:]
    score = score_pairs(*areas_of(prediction, truth), TWO)
    for part, chosen in [(score, slice(None)), (score.classes[0], 0), (score.classes[1], 1)]:
        pairs = list(
            zip(prediction[:, chosen].reshape(-1, 15), truth[:, chosen].reshape(-1, 15), strict=True)
        )
        clean = [not p.any() for p, t in pairs if not t.any()]
        hits = [(p.any(), 2 * (p & t).sum() / (p.sum() + t.sum())) for p, t in pairs if t.any()]
        assert part.pairs == len(pairs)
        assert part.defects == len(hits)
        assert part.predicted == sum(p.any() for p, _ in pairs)
        assert part.all_empty == pytest.approx(len(clean) / len(pairs))
        for share, values in [
            (part.empty_kept, clean),
            (part.defects_found, [found for found, _ in hits]),
            (part.dice_on_defects, [dice for _, dice in hits]),
        ]:
            assert share == pytest.approx(np.mean(values)) if values else math.isnan(share)
        kept, dice = (0.0 if math.isnan(x) else x for x in (part.empty_kept, part.dice_on_defects))
        assert part.score == pytest.approx(part.all_empty * kept + (1 - part.all_empty) * dice)
    assert score.score == pytest.approx(np.mean([part.score for part in score.classes]))
    assert [(part.class_id, part.name) for part in score.classes] == [(1, "hole"), (2, "crack")]


@pytest.mark.parametrize(
    ("intersection", "predicted", "true", "dice"),
    [
        (0, 0, 0, 1.0),
        (0, 1, 0, 0.0),  # a single stray pixel costs the whole pair
        (0, 0, 409600, 0.0),
        (0, 7, 7, 0.0),
        (7, 7, 7, 1.0),
        (5, 10, 10, 0.5),
        (409600, 409600, 409600, 1.0),
    ],
)
def test_the_empty_rule(intersection, predicted, true, dice):
    assert pair_dice(np.array(intersection), np.array(predicted), np.array(true)) == dice


def test_narrow_types_do_not_overflow():
    area = np.array([200], np.uint8)
    assert pair_dice(area, area, area).tolist() == [1.0]


def test_nothing_submitted_scores_the_share_of_empty_pairs(real_data):
    path = real_data / "severstal" / "reference" / "class_presence_all.csv"
    true = pd.read_csv(path, index_col="ImageId").to_numpy()  # all but 20 of the 12,568 train images
    nothing = np.zeros_like(true)
    score = score_pairs(nothing, nothing, true, SEVERSTAL)
    assert score.score == score.all_empty
    assert score.score == pytest.approx(0.8589, abs=5e-4)
    assert (score.empty_kept, score.defects_found, score.dice_on_defects) == (1, 0, 0)


def test_nothing_submitted_on_the_full_train_set():
    true = np.zeros((12_568, 4), int)
    for k, images in enumerate((897, 247, 5_150, 801)):
        true[:images, k] = 5_000
    score = score_pairs(np.zeros_like(true), np.zeros_like(true), true, SEVERSTAL)
    assert round(score.score, 4) == 0.8589
    assert (score.pairs, score.defects) == (50_272, 7_095)


def test_tables_are_scored_over_the_images_asked_for():
    truth = pd.DataFrame([("a", 1, "1 4"), ("b", 2, "1 4")], columns=COLUMNS)
    prediction = pd.DataFrame([("a", 1, "3 4"), ("other", 1, "1 4")], columns=COLUMNS)
    assert score_masks(prediction, truth, ["a"], TWO).score.score == pytest.approx((0.5 + 1) / 2)
    assert score_masks(prediction, truth, ["b", "a"], TWO).score.score == pytest.approx((0.5 + 1 + 1 + 0) / 4)
    assert score_masks(truth, truth, ["a", "b", "clean"], TWO).score.score == 1


@pytest.mark.parametrize("classes", [1, 5, 8, 12, 16])
def test_class_areas_count_bits(classes):
    dtype = Spec("s", SHAPE, tuple(map(str, range(classes)))).mask_dtype
    prediction, truth = np.random.default_rng(0).integers(0, 1 << classes, (2, 9, 11)).astype(dtype)
    found = class_areas(prediction, truth, classes)
    split = [
        np.stack([bits >> k & 1 for k in range(classes)])[None].astype(bool) for bits in (prediction, truth)
    ]
    for areas, expected in zip(found, areas_of(*split), strict=True):
        np.testing.assert_array_equal(areas, expected[0])


def test_a_score_is_json():
    nothing = np.zeros((3, 2), int)
    values = json.loads(json.dumps(score_pairs(nothing, nothing, nothing, TWO).to_dict(), allow_nan=False))
    assert values["score"] == 1
    assert values["dice_on_defects"] is None
    assert values["classes"][1]["name"] == "crack"
    assert values["classes"][1]["defects_found"] is None
