"""The measures of masks, against SciPy and against what is known of the real table."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import ndimage

from severstal.competition.rle import encode
from severstal.competition.spec import SEVERSTAL, Spec
from severstal.competition.tables import read_labels
from severstal.data.mask_statistics import CELLS, mask_statistics, read_area_shares
from severstal.errors import SeverstalError

SPEC = Spec("drawn", (9, 14), ("hole", "crack", "scratch"))
COLUMNS = ["ImageId", "ClassId", "EncodedPixels"]
BOX = ["top", "left", "height", "width"]


def table_of(*rows):
    return pd.DataFrame(rows, columns=COLUMNS).astype({"ClassId": "int64"})


@settings(max_examples=60, deadline=None)
@given(arrays(np.uint8, (9, 14), elements=st.integers(0, 1)).filter(np.any))
def test_a_mask_measures_what_scipy_measures(mask):
    measured = mask_statistics(table_of(("a", 2, encode(mask))), SPEC)
    labels, number = ndimage.label(mask, np.ones((3, 3)))
    row = measured.masks.iloc[0]
    assert (row["ImageId"], row["ClassId"], row["area"], row["components"]) == ("a", 2, mask.sum(), number)
    (rows, columns), *_ = ndimage.find_objects(mask)
    extent = [rows.start, columns.start, rows.stop - rows.start, columns.stop - columns.start]
    assert row[BOX].tolist() == extent

    expected = set()
    for index, (rows, columns) in enumerate(ndimage.find_objects(labels), start=1):
        box = rows.start, columns.start, rows.stop - rows.start, columns.stop - columns.start
        expected.add((int((labels == index).sum()), *box))
    found = measured.components[["area", *BOX]].itertuples(index=False, name=None)
    assert sorted(found) == sorted(expected)


def test_each_row_is_its_own(labelled_masks):
    masks, table = labelled_masks
    measured = mask_statistics(table, SPEC)
    assert measured.masks["area"].tolist() == [mask.sum() for mask in masks]
    assert measured.masks[["ImageId", "ClassId"]].equals(table[["ImageId", "ClassId"]])
    per_mask = measured.components.groupby(["ImageId", "ClassId"])["area"].sum()
    for row in measured.masks.itertuples():
        assert per_mask[row.ImageId, row.ClassId] == row.area


def test_coverage_is_the_mean_of_the_masks(labelled_masks):
    masks, table = labelled_masks
    # No picture of this size is shrunk, so that each pixel is a cell.
    coverage = mask_statistics(table, SPEC).coverage
    assert coverage.shape == (3, 9, 14)
    for class_id in SPEC.class_ids:
        own = [mask for mask, k in zip(masks, table["ClassId"], strict=True) if k == class_id]
        expected = np.mean(own, axis=0) if own else np.zeros((9, 14))
        np.testing.assert_allclose(coverage[class_id - 1], expected, atol=1e-6)


def test_coverage_of_a_large_picture_keeps_the_share_and_the_place():
    mask = np.zeros(SEVERSTAL.image_shape, np.uint8)
    mask[200:, 100:300] = 1
    coverage = mask_statistics(table_of(("a", 4, encode(mask))), SEVERSTAL).coverage
    assert coverage.shape == (4, 10, CELLS)
    assert coverage[3].mean() == pytest.approx(mask.mean(), rel=1e-4)
    rows, columns = np.nonzero(coverage[3] > 0.99)
    assert (rows.min(), columns.min(), columns.max()) == (8, 4, 11)
    assert not coverage[:3].any()


def test_without_a_mask_the_tables_keep_their_types():
    measured = mask_statistics(table_of(), SPEC)
    assert measured.masks.empty
    assert measured.components.empty
    assert measured.masks["area"].dtype == measured.components["width"].dtype == "int64"
    assert not measured.coverage.any()


@pytest.mark.slow
def test_the_real_table_measures_what_is_known_of_it(real_data):
    table = read_labels(real_data / "severstal" / "reference" / "train_rle.csv", SEVERSTAL)
    masks = mask_statistics(table, SEVERSTAL).masks
    by_class = masks.groupby("ClassId")["components"]
    # Counted by others over all 7,095 masks; these are 4,598 of them.
    np.testing.assert_allclose(by_class.mean(), [3.4, 1.3, 2.8, 2.4], atol=0.12)
    np.testing.assert_allclose(by_class.agg(lambda n: (n == 1).mean()), [0.45, 0.75, 0.30, 0.39], atol=0.02)
    assert by_class.max().tolist()[:2] == [20, 4]


def test_shares_of_the_real_images(real_data):
    shares = read_area_shares(real_data / "severstal" / "reference" / "class_area_pct_all.csv", SEVERSTAL)
    counts = shares["ClassId"].value_counts()
    assert counts[3] > counts[1] > counts[4] > counts[2] > 200
    assert shares.loc[shares["ClassId"] == 3, "area"].median() == pytest.approx(11954, rel=0.01)
    known = read_labels(real_data / "severstal" / "train.csv", SEVERSTAL)
    areas = mask_statistics(known, SEVERSTAL).masks.merge(shares, on=["ImageId", "ClassId"])
    assert len(areas) > 40
    assert (areas["area_x"] - areas["area_y"]).abs().max() <= 0.005001 / 100 * SEVERSTAL.pixels + 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("ImageId,class_1_area_pct\na,1\n", "column 'class_2_area_pct' is missing"),
        ("ImageId,class_1_area_pct,class_2_area_pct\na,1,0\nb,0,101\n", "row 2: '101' is no percentage"),
        ("ImageId,class_1_area_pct,class_2_area_pct\na,1,0\nb,many,1\n", "row 2: 'many' is no percentage"),
        ("ImageId,class_1_area_pct,class_2_area_pct\na,,0\n", "row 1: '' is no percentage"),
        ("", "not a CSV"),
    ],
)
def test_faulty_shares_are_named(tmp_path, text, message):
    path = tmp_path / "shares.csv"
    path.write_text(text)
    with pytest.raises(SeverstalError) as caught:
        read_area_shares(path, Spec("two", (4, 4), ("hole", "crack")))
    assert message in str(caught.value)
    assert str(caught.value).startswith(str(path))


def test_missing_shares_are_named(tmp_path):
    with pytest.raises(SeverstalError, match="no such table"):
        read_area_shares(tmp_path / "gone.csv", SPEC)


@pytest.fixture
def labelled_masks():
    """Seven masks of two classes of three, and their tidy table."""
    rng = np.random.default_rng(3)
    masks = [(rng.random((9, 14)) < 0.2).astype(np.uint8) for _ in range(7)]
    rows = [(f"{index // 2}", 1 + 2 * (index % 2), encode(mask)) for index, mask in enumerate(masks)]
    return masks, table_of(*rows)
