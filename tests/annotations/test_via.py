"""VIA's files, as VIA 2 and VIA 1 write them."""

import json

import pytest

from severstal.annotations import via
from severstal.annotations.formats import export_labels
from severstal.annotations.labels import gather

POLYGON = {"name": "polygon", "all_points_x": [2, 5, 5, 2], "all_points_y": [1, 1, 3, 3]}


@pytest.fixture
def read(tmp_path, target):
    def run(shape, attributes=None, *, project=True, keyed=False):
        region = {"shape_attributes": shape, "region_attributes": attributes or {"class": "hole"}}
        regions = {"0": region} if keyed else [region]
        metadata = {
            "a.jpg1234": {"filename": "a.jpg", "size": 1234, "regions": regions, "file_attributes": {}},
            "clean.jpg9": {
                "filename": "clean.jpg",
                "size": 9,
                "regions": {} if keyed else [],
                "file_attributes": {},
            },
        }
        content = {"_via_settings": {}, "_via_img_metadata": metadata, "_via_attributes": {}}
        (tmp_path / "via.json").write_text(json.dumps(content if project else metadata))
        return gather(via.read(tmp_path / "via.json", target), target)

    return run


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        (POLYGON, "14 2 20 2 26 2"),
        ({"name": "rect", "x": 2, "y": 1, "width": 3, "height": 2}, "14 2 20 2 26 2"),
        ({"name": "circle", "cx": 1.5, "cy": 1.5, "r": 1}, "2 1 7 3 14 1"),
        ({"name": "ellipse", "cx": 1.5, "cy": 2.5, "rx": 0.6, "ry": 1.2, "theta": 0}, "8 3"),
        ({"name": "ellipse", "cx": 1.5, "cy": 2.5, "rx": 1.2, "ry": 0.6, "theta": 1.5707963}, "8 3"),
    ],
)
@pytest.mark.parametrize("project", [True, False])
@pytest.mark.parametrize("keyed", [True, False])
def test_regions_become_masks(shape, expected, project, keyed, read):
    imported = read(shape, project=project, keyed=keyed)
    assert imported.table.to_numpy().tolist() == [["a.jpg", 1, expected]]
    assert imported.listed == ("a.jpg", "clean.jpg")


@pytest.mark.parametrize(
    "attributes",
    [
        {"type": "hole"},
        {"label": "hole", "quality": "good"},
        {"label": "hole", "grade": "2"},
        {"k": "1"},
        {"class": "hole", "sure": "yes"},
        {"class": {"hole": True, "long crack": False}},
    ],
)
def test_the_class_is_found_among_the_attributes(attributes, read):
    assert read(POLYGON, attributes).table["ClassId"].tolist() == [1]


@pytest.mark.parametrize(
    ("shape", "attributes", "why"),
    [
        ({"name": "polyline", "all_points_x": [1], "all_points_y": [1]}, {}, "a 'polyline' has no area"),
        ({"name": "point", "cx": 1, "cy": 1}, {"class": "never heard of"}, "a 'point' has no area"),
        (POLYGON, {}, "has no attribute that could name its class"),
        (POLYGON | {"all_points_x": [2, 2], "all_points_y": [1, 1]}, {"class": "hole"}, "has fewer than 3"),
    ],
)
def test_what_cannot_be_used_is_left_out_with_a_note(shape, attributes, why, tmp_path, target):
    regions = [
        {"shape_attributes": shape, "region_attributes": attributes},
        {"shape_attributes": POLYGON, "region_attributes": {"class": "hole"}},
    ]
    path = tmp_path / "via.json"
    path.write_text(json.dumps({"a.jpg1": {"filename": "a.jpg", "size": 1, "regions": regions}}))
    imported = gather(via.read(path, target), target)
    assert imported.table["EncodedPixels"].tolist() == ["14 2 20 2 26 2"]
    assert f"picture 1 (a.jpg) region 1: {why}" in imported.notes[0]


@pytest.mark.parametrize(
    ("shape", "attributes", "message"),
    [
        (
            POLYGON,
            {"a": "hole", "b": "long crack"},
            "its attributes are 'a', 'b': give the class in an",
        ),
        (POLYGON, {"class": {}}, "label dict is unknown"),
        (POLYGON, {"class": "holes"}, "label 'holes' is unknown, the nearest is 'hole'"),
        (POLYGON | {"all_points_x": [1, 2, 3]}, None, "3 x and 4 y"),
        ({"name": "rect", "x": 1, "y": 1}, None, "nothing is not a coordinate"),
        ({}, None, "its shape has no name"),
    ],
)
def test_faults_name_picture_and_region(shape, attributes, message, read, fault):
    text = fault(read, shape, attributes)
    assert "via.json picture 1 (a.jpg) region 1: " in text
    assert message in text


def test_a_project_has_what_via_opens(small_input, tmp_path):
    labels = export_labels("via", tmp_path / "via.json", input=small_input)
    content = json.loads((tmp_path / "via.json").read_text())
    assert {"_via_settings", "_via_img_metadata", "_via_attributes"} <= content.keys()
    assert content["_via_image_id_list"] == list(content["_via_img_metadata"])
    for key, entry in content["_via_img_metadata"].items():
        assert (
            key == f"{entry['filename']}{(small_input / 'train_images' / entry['filename']).stat().st_size}"
        )
    assert len(content["_via_img_metadata"]) == len(labels.images)
