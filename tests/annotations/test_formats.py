"""Every form gives the table back as it was."""

import filecmp

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis.extra.numpy import arrays

from severstal.annotations.formats import FORMATS, export_labels, import_labels
from severstal.annotations.labels import LabelSet, gather
from severstal.annotations.target import Target
from severstal.competition.spec import SEVERSTAL
from severstal.competition.tables import read_labels

forms = pytest.mark.parametrize("form", FORMATS)


def round_trip(form, labels, path):
    FORMATS[form].write(labels, path)
    target = Target(labels.images, labels.spec)
    return gather(FORMATS[form].read(path, target), target)


@forms
def test_the_table_comes_back(form, labels, tmp_path):
    imported = round_trip(form, labels, tmp_path / "out")
    pd.testing.assert_frame_equal(imported.table, labels.table)
    if form == "labelbox-upload":  # which has lines for shapes alone
        assert imported.listed == ("a.jpg", "b.png")
        assert imported.notes[0].startswith("1 of 3 pictures is not in the annotations")
    else:
        assert imported.listed == labels.images
        assert imported.notes == ()


@forms
@given(masks=arrays(np.uint8, (2, 6, 9), elements={"min_value": 0, "max_value": 3}))
@settings(max_examples=10, deadline=None)
def test_any_masks_come_back(form, masks, make_labels, tmp_path_factory):
    named = {(name, k): mask == k for name, mask in zip("ab", masks, strict=True) for k in (1, 2, 3)}
    labels = make_labels(named, images=("a", "b"))
    imported = round_trip(form, labels, tmp_path_factory.mktemp("out") / "out")
    pd.testing.assert_frame_equal(imported.table, labels.table)


@forms
def test_overlapping_classes_come_back_or_are_refused(form, make_labels, tmp_path, fault):
    mask = np.eye(6, 9, dtype=bool)
    labels = make_labels({("a.jpg", 1): mask, ("a.jpg", 2): mask[::-1] | mask}, images=("a.jpg",))
    if form in ("png", "voc"):
        message = fault(round_trip, form, labels, tmp_path / "out")
        assert message.startswith("a.jpg: 'hole' and 'long crack' overlap in 6 pixels")
        assert not list(tmp_path.iterdir())
    else:
        pd.testing.assert_frame_equal(round_trip(form, labels, tmp_path / "out").table, labels.table)


@forms
def test_the_same_labels_make_the_same_bytes(form, labels, tmp_path):
    first, second = tmp_path / "a" / "out", tmp_path / "b" / "out"
    for path in (first, second):
        FORMATS[form].write(labels, path)
    files = [file.relative_to(first) for file in first.rglob("*.*")] if first.is_dir() else [""]
    for name in files:
        assert filecmp.cmp(first / name, second / name, shallow=False)


@forms
def test_real_labels_come_back(form, real_data, tmp_path):
    table = read_labels(real_data / "severstal" / "reference" / "train_rle.csv", SEVERSTAL).iloc[:40]
    names = tuple(sorted({*table["ImageId"], "clean.jpg"}))
    imported = round_trip(form, LabelSet(table, names, SEVERSTAL), tmp_path / "out")
    pd.testing.assert_frame_equal(imported.table, table)
    assert set(imported.listed) == set(names) - ({"clean.jpg"} if form == "labelbox-upload" else set())


@forms
def test_from_an_input_folder_and_back(form, small_input, tmp_path):
    out, csv = tmp_path / "out", tmp_path / "back.csv"
    export_labels(form, out, input=small_input)
    import_labels(form, out, csv, input=small_input)
    assert csv.read_bytes() == (small_input / "train.csv").read_bytes()


@pytest.mark.parametrize("form", ["labelme", "png", "png-classes", "yolo", "voc"])
def test_a_folder_with_something_in_it_is_left_alone(form, labels, tmp_path, fault):
    (tmp_path / "work.json").write_text("{}")
    assert "holds something already" in fault(FORMATS[form].write, labels, tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == ["work.json"]


@pytest.mark.parametrize("form", ["labelme", "png", "png-classes", "yolo", "voc"])
def test_pictures_that_share_a_stem_are_refused(form, make_labels, tmp_path, fault):
    labels = make_labels({}, images=("a.jpg", "a.png"))
    assert fault(FORMATS[form].write, labels, tmp_path / "out").startswith("a.png: a.jpg would go into")


@pytest.mark.parametrize("text", ["crack", "crack=0", "crack=3", "crack=x", "="])
def test_a_mapping_to_no_class_is_refused(text, small_input, tmp_path, fault):
    def run():
        import_labels("coco", tmp_path / "a", tmp_path / "b", small_input, classes=[text])

    assert fault(run).startswith(f"--classes {text}: give LABEL=CLASSID")


def test_a_mask_of_no_listed_picture_is_refused(labels, tmp_path, fault):
    stray = LabelSet(labels.table, ("b.png",), labels.spec)
    assert fault(FORMATS["coco"].write, stray, tmp_path / "out").startswith("a.jpg: is in the table")
