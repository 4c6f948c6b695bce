"""Labels of pictures of many sizes: every form out and in again, each in its own picture's frame."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from pycocotools.coco import COCO

from severstal.annotations.formats import FORMATS, export_labels, import_labels
from severstal.competition.rle import decode, encode
from severstal.errors import SeverstalError

SHAPES = {"a.png": (40, 60), "b.png": (70, 30), "c.png": (1, 50), "d.png": (20, 30), "e.png": (128, 200)}
COLUMNS = ["ImageId", "ClassId", "EncodedPixels"]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """An input folder of five pictures of five sizes; b.png is clean, the classes do not overlap."""
    folder = tmp_path / "data"
    (folder / "train_images").mkdir(parents=True)
    (folder / "dataset.toml").write_text('name = "tiles"\nclasses = ["hole", "crack"]\n')
    rows = []
    for name, (height, width) in SHAPES.items():
        Image.new("L", (width, height), 90).save(folder / "train_images" / name)
        if name != "b.png":
            for class_id in (1, 2):
                mask = np.zeros((height, width), bool)
                left = (class_id - 1) * width // 2
                mask[height // 3 : height // 3 + max(1, height // 4), left : left + width // 3] = True
                rows.append((name, class_id, encode(mask)))
    pd.DataFrame(rows, columns=COLUMNS).to_csv(folder / "train.csv", index=False)
    return folder


@pytest.mark.parametrize("form", sorted(FORMATS))
def test_every_form_restores_the_pixels(data: Path, tmp_path: Path, form: str) -> None:
    out = tmp_path / f"out{FORMATS[form].endings[0] if not FORMATS[form].is_folder else ''}"
    export_labels(form, out, input=data)
    imported = import_labels(form, out, tmp_path / "again.csv", input=data)
    before = pd.read_csv(data / "train.csv")
    after = pd.read_csv(tmp_path / "again.csv")
    assert after.sort_values(COLUMNS[:2]).to_numpy().tolist() == before.to_numpy().tolist()
    assert len(imported.table) == 8


def test_masks_equal_those_of_pycocotools(data: Path, tmp_path: Path) -> None:
    images, annotations = [], []
    for number, (name, (height, width)) in enumerate(SHAPES.items(), start=1):
        images.append({"id": number, "file_name": name, "height": height, "width": width})
        if name == "b.png":
            del images[-1]["height"], images[-1]["width"]  # taken from the picture
        if name != "c.png":  # of one row, on which the two draw otherwise
            polygon = [0, 0, width / 2, 0, width / 2, height / 2, 0, height / 2]
            annotations.append({"image_id": number, "category_id": 1, "segmentation": [polygon]})
        counts = [0, height * width // 3, height * width - height * width // 3]
        runs = {"size": [height, width], "counts": counts}
        annotations.append({"image_id": number, "category_id": 2, "segmentation": runs})
    for number, annotation in enumerate(annotations, start=1):
        annotation |= {"id": number, "iscrowd": 0, "area": 1, "bbox": [0, 0, 1, 1]}
    categories = [{"id": 1, "name": "hole"}, {"id": 2, "name": "crack"}]
    path = tmp_path / "coco.json"
    content = {"images": images, "annotations": annotations, "categories": categories}
    path.write_text(json.dumps(content))
    import_labels("coco", path, tmp_path / "mine.csv", input=data)
    for image in images:
        image |= dict(zip(("height", "width"), SHAPES[image["file_name"]], strict=True))
    path.write_text(json.dumps(content))
    reader = COCO(path)
    table = {
        (row.ImageId, row.ClassId): row.EncodedPixels
        for row in pd.read_csv(tmp_path / "mine.csv").itertuples()
    }
    assert len(table) == len(annotations)
    for annotation in annotations:
        name = images[annotation["image_id"] - 1]["file_name"]
        mask = decode(table[name, annotation["category_id"]], SHAPES[name])
        assert np.array_equal(mask, reader.annToMask(annotation))


def test_a_size_unlike_the_picture_s_own_is_refused(data: Path, tmp_path: Path) -> None:
    export_labels("coco", tmp_path / "coco.json", input=data)
    content = json.loads((tmp_path / "coco.json").read_text())
    content["images"][1]["height"] = 71
    (tmp_path / "coco.json").write_text(json.dumps(content))
    with pytest.raises(SeverstalError) as caught:
        import_labels("coco", tmp_path / "coco.json", tmp_path / "mine.csv", input=data)
    said = (
        "image 2: the picture is 71 x 30 there; b.png is 70 x 30: annotate the picture as it is in the data"
    )
    assert f"{said} set" in str(caught.value)


def test_pictures_of_another_folder_have_their_own_sizes(data: Path, tmp_path: Path) -> None:
    export_labels("coco", tmp_path / "coco.json", input=data)
    (data / "train_images").rename(tmp_path / "elsewhere")
    import_labels("coco", tmp_path / "coco.json", tmp_path / "mine.csv", data, tmp_path / "elsewhere")
    assert pd.read_csv(tmp_path / "mine.csv").equals(pd.read_csv(data / "train.csv"))
