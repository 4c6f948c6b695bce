"""The counts of a submission agree with its rendered masks."""

import json

import numpy as np
import pandas as pd
import pytest

from severstal.competition.contents import sum_up
from severstal.competition.masks import Masks
from severstal.competition.rle import encode
from severstal.competition.spec import SEVERSTAL, Spec, read_spec
from severstal.competition.tables import read_labels

TINY = Spec("tiny", (6, 9), ("hole", "crack", "break"))
COLUMNS = ["ImageId", "ClassId", "EncodedPixels"]


def tidy(*rows):
    return pd.DataFrame(rows, columns=COLUMNS).astype({"ClassId": "int64"})


def drawn(images, spec, seed, share=0.4):
    """Random masks on random pairs."""
    rng = np.random.default_rng(seed)
    pairs = [(image, k) for image in images for k in spec.class_ids if rng.random() < share]
    return tidy(*((*pair, encode(rng.random(spec.image_shape) < 0.2)) for pair in pairs))


def test_figures_are_those_of_the_pictures():
    images = [f"{k}.jpg" for k in range(30)]
    table, truth = drawn(images, TINY, 0), drawn(images, TINY, 1)
    contents = sum_up(table, images, TINY, truth)
    masks, true = Masks(table, TINY), Masks(truth, TINY)
    bits = np.stack([masks[image] for image in images])  # (images, H, W)
    planes = np.stack([bits >> k & 1 for k in range(3)], axis=1)  # (images, C, H, W)
    areas = planes.sum((2, 3))
    shared = (planes.sum(1) > 1).sum((1, 2))
    assert contents.images == 30
    assert contents.drawn == np.count_nonzero(bits.any((1, 2)))
    assert contents.masks == np.count_nonzero(areas)
    assert contents.overlapping == np.count_nonzero(shared)
    assert contents.shared_pixels == shared.sum()
    assert contents.all_empty == pytest.approx(1 - true.presence(images).mean())
    for k, part in enumerate(contents.classes):
        column = areas[:, k]
        assert part.masks == np.count_nonzero(column)
        assert part.share == pytest.approx(np.count_nonzero(column) / 30)
        assert part.median_area == np.median(column[column > 0])
        assert part.true == true.presence(images)[:, k].sum()
    assert (contents.public, contents.public_all_empty) == (None, None)


def test_severstal_has_the_leaderboard_beside_it_and_others_have_not():
    table = tidy(("a.jpg", 3, "1 500"))
    contents = sum_up(table, ["a.jpg"] + [f"{k}.jpg" for k in range(1800)], SEVERSTAL)
    assert contents.public["1st"] == (97, 2, 611, 110)
    assert contents.public_all_empty == 0.8556
    assert contents.to_dict()["public_scaled_from"] == 1801
    other = sum_up(table, ["a.jpg"], Spec("mine", (256, 1600), SEVERSTAL.classes)).to_dict()
    assert (other["public"], other["public_all_empty"], other["public_scaled_from"]) == (None, None, None)


def test_an_empty_submission():
    contents = sum_up(tidy(), ["a.jpg", "b.jpg"], TINY)
    assert (contents.masks, contents.drawn, contents.overlapping) == (0, 0, 0)
    assert contents.remarks == tuple(
        f"class {k} ({name}) has no mask at all" for k, name in enumerate(TINY.classes, start=1)
    )
    json.dumps(contents.to_dict(), allow_nan=False)


def remarks(table, images, spec=SEVERSTAL, truth=None):
    return "\n".join(sum_up(table, images, spec, truth).remarks)


def test_remarks_point_at_what_is_seldom_meant():
    images = [f"{k}.jpg" for k in range(1801)]
    usual = [
        (images[k], class_id, f"{1 + 1000 * class_id} 600")
        for class_id, count in enumerate((95, 6, 600, 110), start=1)
        for k in range(count)
    ]
    assert remarks(tidy(*usual), images) == ""
    without = [row for row in usual if row[1] != 4]
    assert remarks(tidy(*without), images) == "class 4 has no mask at all"
    every = without + [(image, 4, "9000 600") for image in images]
    assert "class 4 has a mask in 1,801 of 1,801 images" in remarks(tidy(*every), images)
    assert "class 4: 1,801 masks are far from every count known" in remarks(tidy(*every), images)
    tiny = without + [(image, 4, "9000 490") for image in images[:110]]
    assert remarks(tidy(*tiny), images) == (
        "class 4: 110 masks are smaller than the smallest one labelled, 491 pixels"
    )
    whole = without + [(image, 4, f"1 {SEVERSTAL.pixels}") for image in images[-110:]]
    assert remarks(tidy(*whole), images) == (
        "class 4: 110 masks cover the whole picture, as the sample's placeholder does"
    )
    over = without + [(image, 4, "3500 600") for image in images[:110]]
    assert remarks(tidy(*over), images) == (
        "in 110 images two classes share pixels (11,110 in all), which labels of Severstal never do"
    )


def test_other_data_sets_are_not_told_what_labels_of_severstal_are_like():
    images = [f"{k}.jpg" for k in range(9)]
    table = tidy(*((image, k, "1 2") for image in images[:5] for k in range(1, len(TINY.classes) + 1)))
    said = remarks(table, images, TINY)
    assert said.startswith("in 5 images two classes share pixels (")
    assert said.endswith(" in all)")


def test_few_images_and_a_truth_near_by_need_no_remark():
    images = [f"{k}.jpg" for k in range(40)]
    truth = tidy(*((image, k, "1 9") for image in images[:8] for k in (1, 2, 3)))
    table = tidy(*((image, k, f"{10 * k} 9") for image in images[:11] for k in (1, 2, 3)))
    assert remarks(table, images, TINY, truth) == ""
    assert "far from every count" in remarks(
        tidy(
            *((image, 1, "1 9") for image in images[:30]),
            *((i, k, f"{k}1 3") for i in images[:8] for k in (2, 3)),
        ),
        images,
        TINY,
        truth,
    )


@pytest.mark.parametrize("name", ["severstal", "magnetic_tile"])
def test_real_labels_never_overlap(real_data, name):
    spec = read_spec(real_data / name)
    labels = read_labels(real_data / name / "train.csv", spec)
    contents = sum_up(labels, labels["ImageId"].unique(), spec, labels)
    assert contents.overlapping == 0
    assert [part.masks for part in contents.classes] == [part.true for part in contents.classes]
