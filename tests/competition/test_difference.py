"""The difference of two submissions is that of their pictures, counted pixel by pixel."""

import json
from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from severstal.competition.difference import compare_tables, most_apart
from severstal.competition.masks import Masks
from severstal.competition.rle import encode
from severstal.competition.scored import score_masks
from severstal.competition.spec import Spec, read_spec
from severstal.competition.tables import read_labels

TINY = Spec("tiny", (6, 9), ("hole", "crack", "break"))
COLUMNS = ["ImageId", "ClassId", "EncodedPixels"]
IMAGES = tuple(f"{k}.jpg" for k in (7, 3, 5, 1, 2, 8, 9, 4))


def tidy(rows):
    return pd.DataFrame(rows, columns=COLUMNS).astype({"ClassId": "int64"})


@st.composite
def submissions(draw):
    """Two tables that share some masks, overlap in others, and have some alone."""
    tables = ([], [])
    for pair in product(IMAGES, TINY.class_ids):
        rng = np.random.default_rng(draw(st.integers(0, 999)))
        mask = rng.random(TINY.image_shape) < 0.4
        other = rng.random(TINY.image_shape) < 0.3
        kind = draw(st.sampled_from(["none", "a", "b", "same", "both", "apart"]))
        sides = {"none": "", "a": "a", "b": "b"}.get(kind, "ab")
        second = {"both": other, "apart": other & ~mask}.get(kind, mask)
        for side, table, drawn in zip("ab", tables, (mask, second), strict=True):
            if side in sides and drawn.any():
                table.append((*pair, encode(drawn)))
    return tuple(tidy(table) for table in tables)


@settings(max_examples=40, deadline=None)
@given(submissions())
def test_all_figures_are_those_of_the_pictures(tables):
    a, b = tables
    found = compare_tables(a, b, IMAGES, TINY)
    drawn = [Masks(table, TINY) for table in tables]
    rows = {}
    for image, k in product(IMAGES, TINY.class_ids):
        one, two = (masks[image] >> (k - 1) & 1 for masks in drawn)
        both = int((one & two).sum())
        total = int(one.sum() + two.sum())
        rows[image, k] = (one.sum(), two.sum(), both, 2 * both / total if total else 1.0, np.any(one != two))
    differing = {pair: row for pair, row in rows.items() if row[4]}

    assert found.pairs == len(rows) == 24
    assert found.differing == len(differing)
    assert found.differing_images == len({image for image, _ in differing})
    assert found.score == pytest.approx(np.mean([row[3] for row in rows.values()]))
    assert {(row.ImageId, row.ClassId): tuple(row[4:8]) for row in found.table.itertuples()} == {
        pair: (row[0], row[1], row[2], pytest.approx(row[3])) for pair, row in differing.items()
    }
    for part in found.classes:
        mine = [row for (_, k), row in rows.items() if k == part.class_id]
        both = [row for row in mine if row[0] and row[1]]
        assert part.both_empty == sum(row[0] == row[1] == 0 for row in mine)
        assert part.only_a == sum(row[0] > 0 and row[1] == 0 for row in mine)
        assert part.only_b == sum(row[0] == 0 and row[1] > 0 for row in mine)
        assert part.both == len(both)
        assert part.alike == sum(not row[4] for row in both)
        means = [np.mean(column) for column in list(zip(*both, strict=True))[:4]] if both else [None] * 4
        assert [part.area_a, part.area_b, part.dice] == pytest.approx([means[0], means[1], means[3]])


@settings(max_examples=40, deadline=None)
@given(submissions())
def test_it_is_the_score_with_the_other_as_the_truth(tables):
    a, b = tables
    found = compare_tables(a, b, IMAGES, TINY)
    assert found.score == pytest.approx(score_masks(a, b, IMAGES, TINY).score.score)
    assert found.score == pytest.approx(score_masks(b, a, IMAGES, TINY).score.score)


@settings(max_examples=40, deadline=None)
@given(submissions(), st.integers(0, 99))
def test_no_truth_sets_the_scores_further_apart(tables, seed):
    a, b = tables
    rng = np.random.default_rng(seed)
    share = rng.random()
    truth = [
        (image, k, encode(rng.random(TINY.image_shape) < share))
        for image, k in product(IMAGES, TINY.class_ids)
        if rng.random() < 0.6
    ]
    truth = tidy([row for row in truth if row[2]])
    found = compare_tables(a, b, IMAGES, TINY)
    for third in (truth, a, b):
        scores = [score_masks(table, third, IMAGES, TINY).score.score for table in (a, b)]
        assert abs(scores[0] - scores[1]) <= found.apart + 1e-12


def test_the_bound_of_a_pair_is_met_by_its_worst_truth():
    rng = np.random.default_rng(0)
    for _ in range(60):
        shared, only_a, only_b = (int(pixels) for pixels in rng.integers(0, (90, 12, 90)))
        a, b = shared + only_a, shared + only_b
        if not (a and b):
            continue
        # Any truth is so many pixels of A alone, of B alone, of both and of neither.
        parts = np.meshgrid(
            *(np.unique(np.linspace(0, most, 13).round()) for most in (only_a, only_b)),
            np.arange(shared + 1),
            (0, 1, 5, 50, 500),
        )
        truth = np.maximum(sum(parts), 1e-9)
        apart = 2 * (parts[0] + parts[2]) / (a + truth) - 2 * (parts[1] + parts[2]) / (b + truth)
        bound = float(most_apart(np.array(a), np.array(b), np.array(shared)))
        assert bound == pytest.approx(abs(apart).max())


def test_largest_come_first():
    rows = [("7.jpg", 1, "1 9"), ("7.jpg", 2, "1 30"), ("3.jpg", 1, "1 20"), ("3.jpg", 2, "1 20")]
    other = [("7.jpg", 3, "1 12"), ("3.jpg", 1, "2 20"), ("3.jpg", 2, "11 20"), ("5.jpg", 1, "1 9")]
    table = compare_tables(tidy(rows), tidy(other), IMAGES, TINY).table
    assert list(zip(table["ImageId"], table["ClassId"], table["kind"], strict=True)) == [
        ("7.jpg", 2, "only in A"),
        ("7.jpg", 3, "only in B"),
        ("7.jpg", 1, "only in A"),
        ("5.jpg", 1, "only in B"),
        ("3.jpg", 2, "in both"),
        ("3.jpg", 1, "in both"),
    ]


def test_no_difference_however_it_is_written():
    a, b = tidy([("7.jpg", 1, "1 2 3 4")]), tidy([("7.jpg", 1, "01  6")])
    found = compare_tables(a, b, IMAGES, TINY)
    assert (found.differing, found.score, found.apart, found.classes[0].alike) == (0, 1.0, 0.0, 1)
    assert found.table.empty
    nothing = compare_tables(tidy([]), tidy([]), IMAGES, TINY)
    assert (nothing.differing, nothing.score, nothing.pairs) == (0, 1.0, 24)


def test_json_holds_the_largest_alone():
    a, b = tidy([("7.jpg", 1, "1 9"), ("3.jpg", 1, "1 5")]), tidy([])
    values = compare_tables(a, b, IMAGES, TINY).to_dict(most=1)
    assert json.loads(json.dumps(values, allow_nan=False)) == values
    assert values["differing"] == 2
    assert [(row["ImageId"], row["area_a"]) for row in values["largest"]] == [("7.jpg", 9)]
    assert values["classes"][0]["only_a"] == 2


@pytest.mark.parametrize("name", ["severstal", "magnetic_tile"])
def test_real_labels_moved_by_a_pixel(real_data, name):
    spec = read_spec(real_data / name)
    labels = read_labels(real_data / name / "train.csv", spec)
    images = labels["ImageId"].unique()
    masks = Masks(labels, spec)
    rows = []
    for image, k in zip(labels["ImageId"], labels["ClassId"], strict=True):
        moved = np.roll(masks[image] >> (k - 1) & 1, 1, axis=1)
        rows.append((image, k, encode(moved)))
    found = compare_tables(labels, tidy(rows), images, spec)
    assert found.score == pytest.approx(score_masks(tidy(rows), labels, images, spec).score.score)
    assert compare_tables(labels, labels, images, spec).differing == 0
