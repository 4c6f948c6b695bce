"""LabelMe's files: drawn by LabelMe's own means, and read as LabelMe writes them."""

import base64
import io
import json

import numpy as np
import pytest
from PIL import Image, ImageDraw

from severstal.annotations import labelme
from severstal.annotations.formats import export_labels
from severstal.annotations.labels import gather
from severstal.competition.rle import encode

SMALL = [[0, 0], [1, 1]]


def png(mask):
    file = io.BytesIO()
    Image.fromarray(mask).save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode()


@pytest.fixture
def read(tmp_path, target):
    def run(*shapes, **changes):
        shapes = [
            {"label": "hole", "points": [], "group_id": None, "shape_type": "polygon", "flags": {}} | shape
            for shape in shapes
        ]
        content = {
            "version": "5.4.1",
            "flags": {},
            "shapes": shapes,
            "imagePath": "..\\steel\\a.jpg",
            "imageData": None,
            "imageHeight": 6,
            "imageWidth": 9,
        }
        (tmp_path / "a.json").write_text(json.dumps(content | changes))
        return gather(labelme.read(tmp_path, target), target)

    return run


@pytest.mark.parametrize("form", ["polygons", "masks"])
def test_labelme_draws_the_same_masks(form, labels, tmp_path):
    """By what its `shapes_to_label` does: Pillow for polygons, the small PNG pasted for masks."""
    labelme.write(labels, tmp_path / "out", form)
    seen = {}
    for file in (tmp_path / "out").iterdir():
        content = json.loads(file.read_text())
        assert (content["imageHeight"], content["imageWidth"]) == (6, 9)
        for shape in content["shapes"]:
            picture = Image.new("L", (9, 6))
            if shape["shape_type"] == "polygon":
                points = [tuple(point) for point in shape["points"]]
                ImageDraw.Draw(picture).polygon(points, outline=1, fill=1)
                drawn = np.asarray(picture) > 0
            else:
                (x1, y1), (x2, y2) = shape["points"]
                drawn = np.zeros((6, 9), bool)
                small = Image.open(io.BytesIO(base64.b64decode(shape["mask"])))
                drawn[y1 : y2 + 1, x1 : x2 + 1] = np.asarray(small).astype(bool)
            key = content["imagePath"], labels.spec.classes.index(shape["label"]) + 1
            seen[key] = seen.get(key, False) | drawn
    expected = {(row.ImageId, row.ClassId): row.EncodedPixels for row in labels.table.itertuples()}
    assert {key: encode(mask) for key, mask in seen.items()} == expected
    assert sorted(file.name for file in (tmp_path / "out").iterdir()) == ["a.json", "b.json", "clean.json"]


def test_the_picture_is_found_from_the_folder(small_input, tmp_path):
    export_labels("labelme", tmp_path / "out", input=small_input)
    for file in (tmp_path / "out").iterdir():
        assert (file.parent / json.loads(file.read_text())["imagePath"]).is_file()


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ({"points": [[2.2, 1.4], [4.8, 1.1], [4.6, 3.2], [2.1, 2.8]]}, "14 2 20 2 26 2"),
        ({"shape_type": "rectangle", "points": [[5, 3], [2, 1]]}, "14 2 20 2 26 2"),
        ({"shape_type": "rectangle", "points": [[2, 1], [5, 1], [5, 3], [2, 3]]}, "14 2 20 2 26 2"),
        ({"shape_type": "circle", "points": [[1.5, 1.5], [1.5, 2.5]]}, "2 1 7 3 14 1"),
        ({"shape_type": "mask", "points": [[7, 4], [8, 5]], "mask": png(np.eye(2, dtype=bool))}, "47 1 54 1"),
        ({"shape_type": "mask", "points": [[7.2, 4.2], [8.2, 5.2]], "mask": png(np.eye(2) > 0)}, "47 1 54 1"),
        ({"shape_type": "mask", "points": [[8, 5], [9, 6]], "mask": png(np.eye(2) > 0)}, "54 1"),
        ({"shape_type": None, "points": [[-9, -9], [1, -9], [1, 2], [-9, 2]]}, "1 2"),
        ({"points": [[0, 0], [5.2, 4], [5.2, 0], [0, 4]]}, "1 4 8 2 20 2 26 2"),
    ],
)
def test_shapes_become_masks(shape, expected, read):
    assert read(shape).table.to_numpy().tolist() == [["a.jpg", 1, expected]]


@pytest.mark.parametrize(
    ("shape", "why"),
    [
        ({"shape_type": "linestrip", "points": [[0, 0], [5, 5]]}, "a 'linestrip' has no area"),
        ({"shape_type": "point", "label": "never heard of", "points": [[0, 0]]}, "a 'point' has no area"),
        ({"points": [[0, 0], [5, 5], [0, 0]]}, "has fewer than 3 different corners"),
        ({"points": [[20, 20], [25, 20], [25, 25]]}, "covers the centre of no pixel of the picture"),
    ],
)
def test_what_has_no_area_is_left_out_and_counted(shape, why, read):
    imported = read(shape, {"points": [[2, 1], [5, 1], [5, 3], [2, 3]]}, shape)
    assert imported.table["EncodedPixels"].tolist() == ["14 2 20 2 26 2"]
    assert imported.notes[0].endswith(f"shape 1: {why}: left out, and 1 more like it")


def test_version_3_keeps_no_size(read):
    shape = {"points": [[2, 1], [5, 1], [5, 3], [2, 3]], "line_color": None, "fill_color": None}
    imported = read(shape, imageHeight=None, imageWidth=None, version="3.6.10", lineColor=[0, 255, 0, 128])
    assert imported.table["EncodedPixels"].tolist() == ["14 2 20 2 26 2"]


def test_no_shapes_is_a_clean_picture(read):
    imported = read()
    assert imported.listed == ("a.jpg",)
    assert imported.table.empty


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ({"points": [[0, 0], [5, 5], [0]]}, "a corner is not a pair"),
        ({"points": [[0, 0], [5, "a"], [0, 1]]}, "'a' is not a coordinate"),
        ({"points": {}}, "points is not a list"),
        ({"label": "hloe"}, "label 'hloe' is unknown, the nearest is 'hole'"),
        ({"label": {"a": 1}}, "label dict is unknown"),
        ({"shape_type": "circle", "points": [[0, 0]]}, "a circle needs two points"),
        ({"shape_type": "mask", "points": SMALL, "mask": None}, "not in base64"),
        ({"shape_type": "mask", "points": SMALL, "mask": "AAAA"}, "damaged, or not a PNG"),
        (
            {"shape_type": "mask", "points": SMALL, "mask": png(np.ones((7, 9)) > 0)},
            "larger than its",
        ),
        (
            {"shape_type": "mask", "points": SMALL, "mask": png(np.ones((3, 2)) > 0)},
            "mask is 3 x 2",
        ),
        (
            {"shape_type": "mask", "points": SMALL, "mask": png(np.ones((2, 2, 3), np.uint8))},
            "keeps colours (RGB)",
        ),
    ],
)
def test_faults_name_file_and_shape(shape, message, read, fault):
    text = fault(lambda: read({"points": [[0, 0], [2, 0], [2, 2]]}, shape))
    assert "a.json shape 2: " in text
    assert message in text


def test_another_size_is_refused(read, fault):
    assert "the picture is 128 x 800; this data set is 6 x 9" in fault(
        lambda: read(imageHeight=128, imageWidth=800)
    )


def test_without_a_path_the_picture_is_that_of_the_same_name(read):
    for path in (None, ""):
        assert read(imagePath=path).listed == ("a.jpg",)


def test_a_stray_picture_is_refused(read, fault):
    assert "picture '../../etc/passwd' is not among" in fault(lambda: read(imagePath="../../etc/passwd"))
