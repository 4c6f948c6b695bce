"""Files in the form in which each tool exports today, written by hand from its documentation."""

import json
import re
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from severstal.annotations.formats import import_labels
from severstal.annotations.labels import Imported
from severstal.annotations.png import palette
from severstal.errors import SeverstalError

EXPORTS = Path(__file__).parent / "exports"
SQUARE = ["a.jpg", 2, "14 2 20 2 26 2"]  # columns 3 to 5, rows 2 and 3
CORNER = ["a.jpg", 1, "47 2 53 2"]  # the lower right 2 x 2
Read = Callable[..., Imported]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    folder = tmp_path / "data" / "train_images"
    folder.mkdir(parents=True)
    for name in ("a.jpg", "b.png", "clean.jpg"):
        Image.new("L", (9, 6), 90).save(folder / name)
    (tmp_path / "data" / "dataset.toml").write_text(
        'name = "tiny"\nimage_shape = [6, 9]\nclasses = ["hole", "long crack", "öl & <rust>"]\n',
        encoding="utf-8",
    )

    def run(form: str, *paths: Path, **options: object) -> Imported:
        return import_labels(form, paths, tmp_path / "out.csv", tmp_path / "data", **options)

    return run


def rows(imported: Imported) -> list[list]:
    return imported.table.to_numpy().tolist()


def left_out(imported: Imported) -> list[str]:
    """The reasons why annotations were left out."""
    return [re.sub(r".*: (.*): left out.*", r"\1", note) for note in imported.notes if "left out" in note]


@pytest.mark.parametrize(
    ("form", "name", "masks", "reasons", "listed"),
    [
        (
            "coco",
            "roboflow.coco.json",
            [SQUARE],
            ["has no segmentation, as boxes and keypoints have none"],
            ("a.jpg", "b.png"),
        ),
        (
            "coco",
            "rectlabel.coco.json",
            [["a.jpg", 2, "14 2 20 2 26 2 47 1"]],
            ["has no segmentation, as boxes and keypoints have none"],
            ("a.jpg", "clean.jpg"),
        ),
        ("voc", "rectlabel_voc", [SQUARE], ["a box is no outline"], ("a.jpg",)),
        ("yolo", "roboflow_yolo", [SQUARE], ["a box is no outline"], ("a.jpg", "clean.jpg")),
        ("yolo", "label_studio_yolo", [SQUARE], [], ("a.jpg",)),
        (
            "label-studio",
            "label_studio.json",
            [CORNER, SQUARE],
            ["a 'keypointlabels' has no area", "a 'choices' has no area"],
            ("a.jpg", "clean.jpg"),
        ),
        ("label-studio", "label_studio_min.json", [SQUARE], [], ("a.jpg",)),
        (
            "labelbox",
            "labelbox.ndjson",
            [CORNER, SQUARE],
            ["a 'ImagePoint' has no area", "its mask is not in the file, but at an address of Labelbox"],
            ("a.jpg", "clean.jpg"),
        ),
        (
            "labelbox",
            "labelbox_upload.ndjson",
            [CORNER, SQUARE, ["b.png", 1, "2 1"]],
            ["a 'line' has no area"],
            ("a.jpg", "b.png"),
        ),
    ],
)
def test_the_tools_own_file_is_read(
    form: str, name: str, masks: list, reasons: list[str], listed: tuple[str, ...], read: Read
) -> None:
    imported = read(form, EXPORTS / name)
    assert rows(imported) == masks
    assert left_out(imported) == reasons
    assert imported.listed == listed


@pytest.mark.parametrize(
    ("form", "name", "others"),
    [
        ("coco", "roboflow.coco.json", ("b.png",)),
        ("coco", "rectlabel.coco.json", ("clean.jpg",)),
        ("yolo", "roboflow_yolo", ("clean.jpg",)),
        ("label-studio", "label_studio.json", ("clean.jpg",)),
        ("labelbox", "labelbox.ndjson", ("clean.jpg",)),
        ("labelbox", "labelbox_upload.ndjson", ("b.png",)),
        ("voc", "rectlabel_voc", ()),
        ("yolo", "label_studio_yolo", ()),
    ],
)
def test_a_picture_that_is_not_on_disk_is_left_out_and_counted(
    form: str, name: str, others: tuple[str, ...], read: Read, tmp_path: Path
) -> None:
    (tmp_path / "data" / "train_images" / "a.jpg").unlink()
    if not others:
        with pytest.raises(SeverstalError, match=r"picture '.*' is not among the data set's: correct the na"):
            read(form, EXPORTS / name)
        return
    imported = read(form, EXPORTS / name)
    assert imported.listed == others
    assert "a.jpg" not in set(imported.table["ImageId"])
    told = [note for note in imported.notes if "of the annotations is not among the data set's" in note]
    assert len(told) == 1
    assert told[0].startswith("1 picture of the annotations")
    assert "left out; put them there, or name their folder with --images" in told[0]


def test_annotations_of_other_pictures_alone_are_an_error(read: Read, tmp_path: Path) -> None:
    for name in ("a.jpg", "b.png", "clean.jpg"):
        (tmp_path / "data" / "train_images" / name).rename(tmp_path / "data" / "train_images" / f"x{name}")
    with pytest.raises(SeverstalError, match=r"is not among the data set's \(nor any of 1 more\): correct"):
        read("coco", EXPORTS / "roboflow.coco.json")


@pytest.mark.parametrize("form", ["label-studio", "labelbox"])
def test_boxes_are_left_out_on_request(form: str, read: Read) -> None:
    name = {"label-studio": "label_studio.json", "labelbox": "labelbox.ndjson"}[form]
    imported = read(form, EXPORTS / name, skip_boxes=True)
    assert rows(imported) == [SQUARE]
    assert "a box is no outline" in left_out(imported)


@pytest.mark.parametrize("form", ["coco", "yolo", "voc", "labelbox", "label-studio"])
def test_the_export_is_read_from_its_zip(form: str, read: Read, tmp_path: Path) -> None:
    names = {
        "coco": {
            "train/_annotations.coco.json": "roboflow.coco.json",
            "README.roboflow.txt": "voc/labelmap.txt",
        },
        "voc": {"train/a.xml": "rectlabel_voc/a.xml"},
        "labelbox": {"export.ndjson": "labelbox.ndjson"},
        "label-studio": {"project-3.json": "label_studio.json"},
        "yolo": {
            str(file.relative_to(EXPORTS / "roboflow_yolo")): str(file.relative_to(EXPORTS))
            for file in (EXPORTS / "roboflow_yolo").rglob("*.*")
            if file.is_file()
        },
    }
    with zipfile.ZipFile(tmp_path / "export.zip", "w") as archive:
        for inside, name in names[form].items():
            archive.write(EXPORTS / name, inside)
        archive.writestr("__MACOSX/._a.json", "\0")
        archive.writestr("train/images/a.jpg", "a picture, which nobody unpacks")
    imported = read(form, tmp_path / "export.zip")
    assert SQUARE in rows(imported)
    if imported.notes:
        assert (
            str(tmp_path / "export.zip") in imported.notes[0] or "not in the annotations" in imported.notes[0]
        )


def test_a_folder_around_all_the_others_is_passed_through(read: Read, tmp_path: Path) -> None:
    mask = np.zeros((6, 9), np.uint8)
    mask[1:3, 2:5] = 255
    Image.fromarray(mask).save(tmp_path / "a.png")
    with zipfile.ZipFile(tmp_path / "masks.zip", "w") as archive:
        archive.write(tmp_path / "a.png", "export/masks/2/a.png")
        archive.writestr("export/masks/1/", "")
    assert rows(read("png-classes", tmp_path / "masks.zip")) == [SQUARE]
    content = {"shapes": [], "imagePath": "a.jpg", "imageHeight": 6, "imageWidth": 9}
    with zipfile.ZipFile(tmp_path / "labelme.zip", "w") as archive:
        archive.writestr("task/a.json", json.dumps(content))
        archive.writestr("task/more/clean.json", json.dumps(content | {"imagePath": "clean.jpg"}))
    assert read("labelme", tmp_path / "labelme.zip").listed == ("a.jpg", "clean.jpg")


def test_parts_of_an_export_are_united(read: Read, tmp_path: Path) -> None:
    content = json.loads((EXPORTS / "rectlabel.coco.json").read_text())
    content["annotations"][0]["segmentation"] = [[0, 0, 1, 0, 1, 1, 0, 1]]
    (tmp_path / "second.json").write_text(json.dumps(content))
    imported = read("coco", EXPORTS / "roboflow.coco.json", tmp_path / "second.json")
    assert rows(imported) == [["a.jpg", 2, "1 1 14 2 20 2 26 2 47 1"]]
    assert "1 picture is in several files, such as a.jpg: their masks are united" in imported.notes


def save_masks(folder: Path, mode: str) -> None:
    """A square of class 2 with a border of VOC's index 255, as an indexed, grey or coloured PNG."""
    indices = np.zeros((6, 9), np.uint8)
    indices[1:3, 2:5], indices[1:3, 5] = 2, 255
    picture = Image.fromarray(indices)
    picture.putpalette(palette())
    folder.mkdir(parents=True, exist_ok=True)
    (Image.fromarray(indices) if mode == "L" else picture.convert(mode)).save(folder / "a.png")


@pytest.mark.parametrize("mode", ["P", "L", "RGB", "RGBA"])
def test_voc_masks_are_read_by_index_or_colour(mode: str, read: Read, tmp_path: Path) -> None:
    save_masks(tmp_path / "VOC2012" / "SegmentationClass", mode)
    assert rows(read("voc", tmp_path / "VOC2012")) == [SQUARE]
    (tmp_path / "out.csv").unlink()
    assert rows(read("voc", tmp_path / "VOC2012" / "SegmentationClass")) == [SQUARE]


def test_cvats_colours_are_those_of_its_labelmap(read: Read, tmp_path: Path) -> None:
    picture = np.zeros((6, 9, 3), np.uint8)
    picture[1:3, 2:5] = 51, 221, 255
    (tmp_path / "cvat" / "SegmentationClass").mkdir(parents=True)
    Image.fromarray(picture).save(tmp_path / "cvat" / "SegmentationClass" / "a.png")
    shutil.copy(EXPORTS / "voc" / "labelmap.txt", tmp_path / "cvat")
    assert rows(read("voc", tmp_path / "cvat")) == [SQUARE]


def test_labelmes_names_are_in_a_list(read: Read, tmp_path: Path) -> None:
    save_masks(tmp_path / "labelme" / "SegmentationClass", "P")
    names = "__ignore__\n_background_\nöl & <rust>\nlong crack\n"
    (tmp_path / "labelme" / "class_names.txt").write_text(names, encoding="utf-8")
    assert rows(read("voc", tmp_path / "labelme")) == [SQUARE]
