"""COCO files: read by pycocotools, and read as other tools write them."""

import json

import numpy as np
import pytest
from pycocotools.coco import COCO

from severstal.annotations import coco
from severstal.annotations.labels import gather

SQUARE = [2, 1, 5, 1, 5, 3, 2, 3]
IMAGE = {"id": 41, "file_name": "a.jpg", "width": 9, "height": 6}
PLAIN = {"size": [6, 9], "counts": [13, 2, 4, 2, 4, 2, 27]}  # the same square


@pytest.fixture
def file(tmp_path):
    def write(**changes):
        """As Label Studio or labelme2coco write it: floats, other ids, a path in the name."""
        content = {
            "images": [{"id": 41, "file_name": "images\\a.jpg", "width": 9, "height": 6}],
            "categories": [{"id": 7, "name": "long crack", "supercategory": "defect"}],
            "annotations": [
                {
                    "id": 1,
                    "image_id": 41,
                    "category_id": 7,
                    "segmentation": [[float(value) for value in SQUARE]],
                    "bbox": [2.0, 1.0, 3.0, 2.0],
                    "area": 6.0,
                    "iscrowd": 0,
                    "ignore": 0,
                }
            ],
        }
        for key, value in changes.items():
            if key in content:
                content[key] = value
            else:
                content["annotations"][0][key] = value
        path = tmp_path / "coco.json"
        path.write_text(json.dumps(content))
        return path

    return write


@pytest.mark.parametrize("form", ["compressed", "counts", "polygons"])
def test_pycocotools_reads_what_is_written(form, labels, tmp_path, capsys, target):
    path = tmp_path / "out.json"
    coco.write(labels, path, form)
    reader = COCO(path)
    names = {number: image["file_name"] for number, image in reader.imgs.items()}
    assert tuple(names.values()) == labels.images
    assert [category["name"] for category in reader.cats.values()] == list(labels.spec.classes)
    masks = {(names[a["image_id"]], a["category_id"]): reader.annToMask(a) for a in reader.anns.values()}
    assert len(masks) == len(labels.table)
    shapes = {(p.image, s.class_id): s.mask for p in coco.read(path, target) for s in p.shapes}
    for key, mask in masks.items():
        np.testing.assert_array_equal(mask, shapes[key])
    for annotation in reader.anns.values():
        mask = reader.annToMask(annotation)
        assert annotation["area"] == mask.sum()
        rows, columns = np.nonzero(mask)
        left, top, width, height = annotation["bbox"]
        assert (left, top) == (columns.min(), rows.min())
        assert (left + width, top + height) == (columns.max() + 1, rows.max() + 1)


@pytest.mark.parametrize(
    "segmentation", [[SQUARE], PLAIN, [[2, 1, 4, 1, 4, 3, 2, 3], [4, 1, 5, 1, 5, 3, 4, 3]]]
)
def test_other_tools_files_are_read(segmentation, file, target):
    imported = gather(coco.read(file(segmentation=segmentation), target), target)
    assert imported.table.to_numpy().tolist() == [["a.jpg", 2, "14 2 20 2 26 2"]]
    assert "2 of 3 pictures are not in the annotations" in imported.notes[0]


@pytest.mark.parametrize(
    "segmentation",
    [[], None, {}, [[1, 1, 4, 4]], [[1, 1]], [1, 1, 4, 4], [[]], {"size": [6, 9], "counts": []}],
)
def test_what_has_no_area_is_left_out_with_a_note(segmentation, file, target):
    content = json.loads(file().read_text())
    content["annotations"].append(content["annotations"][0] | {"id": 2, "segmentation": segmentation})
    imported = gather(coco.read(file(annotations=content["annotations"]), target), target)
    assert imported.table.to_numpy().tolist() == [["a.jpg", 2, "14 2 20 2 26 2"]]
    assert "annotation 2 (a.jpg): has " in imported.notes[0]
    assert imported.notes[0].endswith(": left out")


def test_a_part_without_area_leaves_the_others(file, target):
    imported = gather(coco.read(file(segmentation=[SQUARE, [4.0, 4.0]]), target), target)
    assert imported.table["EncodedPixels"].tolist() == ["14 2 20 2 26 2"]
    assert "annotation 1 (a.jpg): has fewer than 3 different corners" in imported.notes[0]


@pytest.mark.parametrize("ids", [(41.0, 41), ("41", 41), (41, "41"), ("x", "x"), (0, "0")])
def test_ids_are_the_same_however_they_are_written(ids, file, target):
    image = {"id": ids[0], "file_name": "a.jpg", "width": "9", "height": "6"}
    imported = gather(coco.read(file(images=[image], image_id=ids[1]), target), target)
    assert imported.table["EncodedPixels"].tolist() == ["14 2 20 2 26 2"]


def test_via_writes_one_polygon_flat_and_knows_no_sizes(file, target):
    path = file(images=[{"id": 41, "file_name": "a.jpg"}], segmentation=SQUARE)
    assert gather(coco.read(path, target), target).table["EncodedPixels"].tolist() == ["14 2 20 2 26 2"]


@pytest.mark.parametrize("category", [{"id": 7, "name": "2"}, {"id": 7, "name": 2}, {"id": 2}])
def test_a_category_may_be_a_class_number(category, file, target):
    path = file(categories=[category], category_id=category["id"])
    assert gather(coco.read(path, target), target).table["ClassId"].tolist() == [2]


def test_a_shape_outside_the_picture_is_left_out_with_a_note(file, target):
    imported = gather(coco.read(file(segmentation=[[20, 20, 30, 20, 30, 30]]), target), target)
    assert imported.table.empty
    assert "annotation 1 (a.jpg): covers the centre of no pixel" in imported.notes[0]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"image_id": 5}, "annotation 1: image_id 5 is not in the file"),
        ({"category_id": [7]}, "annotation 1: category_id list is not in the file"),
        ({"segmentation": [[1, 1, 4, 4, 1]]}, "a polygon is not a list of x, y"),
        ({"segmentation": [[1, 1, 4, 4, 1, float("nan")]]}, "nan is not a coordinate"),
        ({"segmentation": [[1, 1, 4, 4, 1, 1e300]]}, "1e+300 is not a coordinate"),
        ({"segmentation": {"size": [6, 9], "counts": [10**12]}}, "add up to 1000000000000, not to 6 x 9"),
        ({"segmentation": {"size": [6, 9], "counts": [-1, 55]}}, "count -1 is not a whole number"),
        ({"segmentation": {"size": [9, 6], "counts": [54]}}, "the picture is 9 x 6; this data set is 6 x 9"),
        ({"segmentation": {"size": [6, 9], "counts": 5}}, "counts is not a list"),
        ({"images": [{"id": 41, "file_name": "a.jpg", "width": 800, "height": 128}]}, "is 128 x 800; this"),
        (
            {"images": [{"id": 41, "file_name": "x.jpg", "width": 9, "height": 6}]},
            "picture 'x.jpg' is not among",
        ),
        ({"images": [{"file_name": "a.jpg"}]}, "image number 1 has no id"),
        ({"images": "a.jpg"}, "images is not a list"),
        (
            {"categories": [{"id": 7, "name": "long krack"}]},
            "label 'long krack' is unknown, the nearest is 'long c",
        ),
        ({"categories": [{"id": 7, "name": "a"}, {"id": 7, "name": "b"}]}, "category id 7 is used twice"),
    ],
)
def test_faults_are_one_line(changes, message, file, target, fault):
    assert message in fault(lambda: gather(coco.read(file(**changes), target), target))


def test_a_picture_listed_twice_is_refused(file, target, fault):
    path = file(images=[IMAGE, IMAGE | {"id": 42, "file_name": "../a.jpg"}])
    assert "picture a.jpg is listed twice" in fault(lambda: gather(coco.read(path, target), target))
