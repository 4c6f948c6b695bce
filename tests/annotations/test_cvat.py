"""CVAT's XML: read by the standard library, and read as CVAT writes it."""

import time
from xml.etree import ElementTree

import numpy as np
import pytest

from severstal.annotations import cvat
from severstal.annotations.labels import gather
from severstal.annotations.target import Target
from severstal.competition.rle import decode
from severstal.competition.spec import Spec
from severstal.errors import SeverstalError

# A brush stroke of CVAT's own, from the first report on masks: github.com/cvat-ai/cvat/issues/4723
BRUSH = (
    "17, 10, 27, 15, 23, 18, 20, 21, 18, 23, 16, 24, 15, 26, 13, 27, 13, 27, 12, 29, 10, 30, 9, 32, 7, 34, "
    "5, 36, 3, 38, 2, 38, 2, 39, 1, 39, 1, 120, 1, 39, 1, 39, 1, 39, 2, 38, 2, 38, 3, 37, 3, 37, 3, 37, 4, "
    "36, 4, 35, 6, 34, 7, 33, 7, 32, 9, 30, 10, 29, 13, 26, 15, 23, 18, 20, 22, 15, 12"
)
SHAPE = '<mask label="hole" occluded="0" source="manual" {} z_order="0"> </mask>'


@pytest.fixture
def read(tmp_path, target):
    def run(shapes, size='width="9" height="6"', head=""):
        path = tmp_path / "annotations.xml"
        path.write_text(
            f'<?xml version="1.0" encoding="utf-8"?>{head}\n<annotations>\n  <version>1.1</version>\n'
            "  <meta><task><id>1</id><name>steel</name></task></meta>\n"
            f'  <image id="0" name="steel/a.jpg" subset="default" task_id="1" {size}>\n{shapes}\n  </image>\n'
            f'  <image id="1" name="clean.jpg" {size}>\n  </image>\n</annotations>\n'
        )
        return gather(cvat.read(path, target), target)

    return run


@pytest.mark.parametrize("form", ["masks", "polygons"])
def test_the_standard_library_reads_what_is_written(form, labels, tmp_path):
    cvat.write(labels, tmp_path / "a.xml", form)
    root = ElementTree.parse(tmp_path / "a.xml").getroot()
    assert root.findtext("version") == "1.1"
    assert [label.text for label in root.iterfind("meta/task/labels/label/name")] == list(labels.spec.classes)
    images = root.findall("image")
    assert [image.attrib for image in images] == [
        {"id": str(number), "name": name, "width": "9", "height": "6"}
        for number, name in enumerate(labels.images)
    ]
    assert [len(image) > 0 for image in images] == [True, True, False]
    if form == "masks":
        element = images[0][0]
        counts = [int(text) for text in element.get("rle").split(", ")]
        bits = np.repeat(np.arange(len(counts)) % 2, counts)
        height, width, top, left = (int(element.get(key)) for key in ("height", "width", "top", "left"))
        expected = decode(labels.table["EncodedPixels"][0], (6, 9))[top : top + height, left : left + width]
        np.testing.assert_array_equal(bits.reshape(height, width), expected)


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        (
            '<polygon label="hole" points="2.00,1.00;5.00,1.00;5.00,3.00;2,3"/>',
            "14 2 20 2 26 2",
        ),
        ('<box label="hole" xtl="2.00" ytl="1.00" xbr="5.00" ybr="3.00"></box>', "14 2 20 2 26 2"),
        ('<box label="hole" xtl="2" ytl="1" xbr="4" ybr="4" rotation="90.0"/>', None),
        ('<ellipse label="hole" cx="1.5" cy="1.5" rx="1" ry="1"/>', "2 1 7 3 14 1"),
        (SHAPE.format('rle="0, 1, 2, 1" left="7" top="4" width="2" height="2"'), "47 1 54 1"),
        (SHAPE.format('rle="1,2,1" left="8" top="4" width="2" height="2"'), "54 1"),
    ],
)
def test_shapes_become_masks(shape, expected, read):
    imported = read(shape)
    assert imported.listed == ("a.jpg", "clean.jpg")
    if expected is None:  # 2 wide and 3 high about (3, 2.5), turned: 3 wide and 2 high
        mask = decode(imported.table["EncodedPixels"][0], (6, 9))
        assert mask.sum() == 6
        assert mask.any(1).sum() <= 3
    else:
        assert imported.table.to_numpy().tolist() == [["a.jpg", 1, expected]]


def test_cvats_own_brush_mask_is_a_disc(tmp_path):
    target = Target(["a.png"], Spec("big", (400, 200), ("blah",)))
    path = tmp_path / "a.xml"
    mask = f'<mask label="blah" rle="{BRUSH}" left="79" top="304" width="40" height="40" z_order="0"> </mask>'
    path.write_text(
        f'<annotations><image id="0" name="a.png" width="200" height="400">{mask}</image></annotations>'
    )
    drawn = decode(gather(cvat.read(path, target), target).table["EncodedPixels"][0], (400, 200))
    down, across = np.mgrid[:400, :200]
    disc = (down - 323.5) ** 2 + (across - 98.5) ** 2 <= 20**2
    assert 2 * (drawn & disc).sum() / (drawn.sum() + disc.sum()) > 0.94


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ('<polygon label="hole" points="0,0;nan,1;2,2"/>', "'nan' is not a coordinate"),
        ('<polygon label="hole" points="0,0;1_0,1;2,2"/>', "'1_0' is not a coordinate"),
        ('<polygon label="whole" points="0,0;4,4;0,4"/>', "label 'whole' is unknown, the nearest is 'hole'"),
        ('<polygon points="0,0;4,4;0,4"/>', "label nothing is unknown"),
        ('<box label="hole" xtl="2" ytl="1" xbr="4"/>', "nothing is not a coordinate"),
        (SHAPE.format('rle="0, 9" left="7" top="4" width="2" height="2"'), "add up to 9, not to 2 x 2"),
        (
            SHAPE.format('rle="5, -1" left="7" top="4" width="2" height="2"'),
            "'-1' is not a whole number",
        ),
        (SHAPE.format('left="7" top="4" width="2" height="2"'), "count '' is not a whole number"),
        (SHAPE.format('rle="1" left="0" top="0" width="99999" height="99999"'), "mask is 99999 x 99999"),
        ("</image>", "not XML"),
        ("&xxe;", "not XML"),
    ],
)
def test_faults_are_one_line(shape, message, read, fault):
    assert message in fault(read, shape)


@pytest.mark.parametrize(
    ("shape", "why"),
    [
        ('<polyline label="hole" points="0,0;1,1"/>', "a 'polyline' has no area"),
        ('<points label="hole" points="0,0"/>', "a 'points' has no area"),
        ('<tag label="never heard of" source="manual"></tag>', "a 'tag' has no area"),
        ('<polygon label="hole" points="0,0;1,1"/>', "has fewer than 3 different corners"),
        ('<polygon label="hole" points=""/>', "has fewer than 3 different corners"),
    ],
)
def test_what_has_no_area_is_left_out_and_counted(shape, why, read):
    imported = read(shape * 3 + '<box label="hole" xtl="2" ytl="1" xbr="5" ybr="3"/>')
    assert imported.table["EncodedPixels"].tolist() == ["14 2 20 2 26 2"]
    assert imported.notes[0].endswith(f"shape 1: {why}: left out, and 2 more like it")


def test_boxes_are_left_out_on_request(tmp_path):
    path = tmp_path / "a.xml"
    path.write_text(
        '<annotations><image id="0" name="a.jpg"><box label="hole" xtl="2" ytl="1" xbr="5" ybr="3"/>'
        '<polygon label="hole" points="0,0;2,0;2,2"/></image></annotations>'
    )
    target = Target(["a.jpg"], Spec("tiny", (6, 9), ("hole",)), skip_boxes=True)
    imported = gather(cvat.read(path, target), target)
    assert imported.table["EncodedPixels"].tolist() == ["1 1 7 2"]
    assert "shape 1: a box is no outline: left out" in imported.notes[0]


def test_a_document_type_is_refused(read, fault):
    bomb = '<!DOCTYPE a [<!ENTITY b "bbbb"><!ENTITY c "&b;&b;&b;">]>'
    assert "declares a document type" in fault(read, "&c;", 'width="9" height="6"', bomb)


@pytest.mark.parametrize("size", ['width="800" height="128"', 'width="9"', 'width="nine" height="6"'])
def test_another_size_is_refused(size, read, fault):
    assert "this data set is 6 x 9" in fault(read, "", size)


def test_a_video_is_refused(tmp_path, target, fault):
    path = tmp_path / "a.xml"
    path.write_text('<annotations><track id="0" label="hole"/></annotations>')
    assert 'export the task as "CVAT for images 1.1"' in fault(lambda: list(cvat.read(path, target)))


@pytest.mark.parametrize(("count", "points"), [(20_000, "0,0;9,0;9,6;0,6"), (10_001, "0,0;1,0;1,1")])
def test_more_shapes_than_anybody_draws_are_refused(read, fault, count, points):
    shape = f'<polygon label="hole" occluded="0" points="{points}" z_order="0"></polygon>'
    assert "too many shapes on one picture: delete" in fault(read, shape * count)
    within = min(count, 200 if count == 20_000 else 10_000)
    assert len(read(shape * within).table) == 1


def test_the_most_that_is_read_of_one_picture_takes_seconds(tmp_path):
    spec = Spec("steel", (256, 1600), ("hole",))
    target = Target(["a.png"], spec)
    path = tmp_path / "a.xml"
    whole = '<polygon label="hole" points="0,0;1600,0;1600,256;0,256"></polygon>'
    small = '<polygon label="hole" points="0,0;3,0;3,3;0,3"></polygon>'
    head = '<annotations><image id="0" name="a.png" width="1600" height="256">'

    def read_all(shapes: str) -> None:
        path.write_text(f"{head}{shapes}</image></annotations>")
        gather(cvat.read(path, target), target)

    begun = time.process_time()
    read_all(whole * 190 + small * 9_810)  # 10,000 shapes, 190 times the picture
    with pytest.raises(SeverstalError, match="too many shapes on one picture"):
        read_all(whole * 20_000)
    assert time.process_time() - begun < 15  # it was over 90 s before there was a bound
