"""The forms of a result say what its mask says, as other libraries read them."""

import json
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from fixtures.bright_model import bright_predictor, steel
from pycocotools import mask as coco_mask

from severstal.annotations.polygons import fill
from severstal.competition.rle import decode
from severstal.deploy.formats.plain import RESULT_COLUMNS
from severstal.deploy.result import Result
from severstal.errors import SeverstalError


@pytest.fixture
def result() -> Result:
    found = bright_predictor(mm_per_pixel=0.5)(steel(4, (40, 70)))
    assert len(found.defects) > 2
    return found


def test_json_is_plain_and_its_masks_are_cocos(result: Result) -> None:
    found = json.loads(json.dumps(result.to_json()))
    planes = np.zeros((2, *result.image_shape), np.uint8)
    for defect in found["defects"]:
        planes[defect["class_id"] - 1] |= coco_mask.decode(defect["segmentation"])
        assert coco_mask.area(defect["segmentation"]) == defect["area"]
        assert coco_mask.toBbox(defect["segmentation"]).tolist() == defect["box"]
    assert np.array_equal(planes[0] | planes[1] << 1, result.mask)


def test_the_table_has_a_row_per_defect(result: Result) -> None:
    table = result.to_frame()
    assert list(table.columns) == list(RESULT_COLUMNS)
    assert table["area"].tolist() == [defect.area for defect in result.defects]
    assert table["area_mm2"].tolist() == [defect.area / 4 for defect in result.defects]


def test_coco_has_an_annotation_per_defect(result: Result) -> None:
    found = result.to_coco()
    assert [each["name"] for each in found["categories"]] == ["bright spot", "dark spot"]
    assert len(found["images"]) == 1
    assert [each["score"] for each in found["annotations"]] == [
        each.mean_probability for each in result.defects
    ]


def test_labelme_polygons_draw_the_mask_again(result: Result) -> None:
    found = result.to_labelme()
    bits = np.zeros(result.image_shape, np.uint8)
    for shape in found["shapes"]:
        bit = 1 << result.spec.classes.index(shape["label"])
        bits[fill(np.array(shape["points"]), result.image_shape)] |= bit
    assert np.array_equal(bits, result.mask)


def test_run_lengths_are_the_competitions(result: Result) -> None:
    for class_id, runs in result.to_rle().items():
        assert np.array_equal(decode(runs, result.image_shape), result.mask >> (class_id - 1) & 1)


def test_supervision_is_optional(result: Result, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "supervision", None)
    with pytest.raises(SeverstalError, match="supervision is not installed: pip install supervision"):
        result.to_supervision()
    broken = tmp_path / "supervision.py"
    broken.write_text("import a_package_that_nobody_has\n")
    monkeypatch.delitem(sys.modules, "supervision")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(SeverstalError, match=r"supervision cannot be imported \(No module named 'a_package"):
        result.to_supervision()
    monkeypatch.setitem(sys.modules, "supervision", SimpleNamespace(Detections=SimpleNamespace))
    found = result.to_supervision()
    assert found.mask.sum() == sum(defect.area for defect in result.defects)
    for box, mask in zip(found.xyxy, found.mask, strict=True):
        rows, columns = np.nonzero(mask)
        assert box.tolist() == [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]


def test_save_writes_every_form_and_never_over_the_picture(result: Result, tmp_path: Path) -> None:
    formats = ("overlay", "mask", "json", "csv", "coco", "labelme")
    assert [path.name for path in result.save(tmp_path, formats)] == [
        *("picture.overlay.png", "picture.mask.png", "picture.json"),
        *("picture.csv", "picture.coco.json", "picture.labelme.json"),
    ]
    import cv2

    cv2.imwrite(str(tmp_path / "a.mask.png"), steel())
    cv2.imwrite(str(tmp_path / "a.png"), steel())
    (tmp_path / "a.png").unlink()
    (tmp_path / "a.png").hardlink_to(tmp_path / "a.mask.png")
    with pytest.raises(SeverstalError, match=r"a\.mask\.png: belongs to what is read"):
        bright_predictor()(tmp_path / "a.png").save(tmp_path, ("mask",))


def test_supervision_takes_the_defects(result: Result) -> None:
    supervision = pytest.importorskip("supervision")
    found = result.to_supervision()
    assert isinstance(found, supervision.Detections)
    assert len(found) == len(result.defects) > 0
    assert found.class_id.tolist() == [defect.class_id for defect in result.defects]
    assert found.data["class_name"].tolist() == [defect.class_name for defect in result.defects]
    assert found.area.tolist() == [defect.area for defect in result.defects]  # of masks, where there are some
    corners = supervision.mask_to_xyxy(found.mask)  # whose last row and column are inside
    assert np.array_equal(found.xyxy, corners + np.array([0, 0, 1, 1]))
    sure = found[found.confidence >= found.confidence.max()]
    assert sure.class_id[0] == result.defects[int(found.confidence.argmax())].class_id
    drawn = supervision.MaskAnnotator().annotate(np.zeros((*result.image_shape, 3), np.uint8), found)
    assert drawn.any()
    assert len(replace(result, defects=()).to_supervision()) == 0
