"""The commands `export` and `import`."""

import json

import pytest

from severstal.cli import main
from severstal.cli.annotations import export, import_
from severstal.errors import SeverstalError


def test_exported_labels_are_imported_unchanged(small_input, tmp_path, capsys):
    export("cvat", tmp_path / "a.xml", input=small_input)
    import_("cvat", tmp_path / "a.xml", tmp_path / "train.csv", input=small_input)
    assert (tmp_path / "train.csv").read_bytes() == (small_input / "train.csv").read_bytes()
    out, err = capsys.readouterr()
    assert out.splitlines() == [
        f"{tmp_path / 'a.xml'}: 12 masks, 18 images",
        f"{tmp_path / 'train.csv'}: 12 masks on 18 images",
    ]
    assert err == ""


def test_labels_and_pictures_of_another_place(small_input, tmp_path):
    truth, images = small_input / "test_labels.csv", small_input / "test_images"
    export("png", tmp_path / "masks", truth, small_input, images)
    import_("png", tmp_path / "masks", tmp_path / "back.csv", small_input, images)
    assert (tmp_path / "back.csv").read_bytes() == truth.read_bytes()


def test_unlisted_pictures_are_reported(small_input, tmp_path, capsys):
    (tmp_path / "via.json").write_text("{}")
    import_("via", tmp_path / "via.json", tmp_path / "train.csv", input=small_input)
    assert "18 of 18 pictures are not in the annotations" in capsys.readouterr().err


def test_a_foreign_label_is_mapped(small_input, tmp_path):
    export("coco", tmp_path / "a.json", input=small_input)
    content = json.loads((tmp_path / "a.json").read_text())
    content["categories"][0]["name"] = "brigth=1"
    (tmp_path / "a.json").write_text(json.dumps(content))
    with pytest.raises(SeverstalError, match=r"label 'brigth=1' is unknown.*--classes 'brigth=1'=1$"):
        import_("coco", tmp_path / "a.json", tmp_path / "train.csv", input=small_input)
    assert not (tmp_path / "train.csv").exists()
    import_("coco", tmp_path / "a.json", tmp_path / "train.csv", input=small_input, classes=("brigth=1=1",))
    assert (tmp_path / "train.csv").read_bytes() == (small_input / "train.csv").read_bytes()


def test_a_second_import_adds_to_the_first(small_input, tmp_path, capsys):
    export("coco", tmp_path / "all.json", input=small_input)
    content = json.loads((tmp_path / "all.json").read_text())
    parts = [tmp_path / "first.json", tmp_path / "second.json"]
    for half, path in enumerate(parts):
        images = content["images"][half::2]
        numbers = {image["id"] for image in images}
        shapes = [entry for entry in content["annotations"] if entry["image_id"] in numbers]
        path.write_text(json.dumps(content | {"images": images, "annotations": shapes}))
        import_("coco", (path,), tmp_path / "one.csv", input=small_input)
    assert "earlier masks stay, of pictures or classes that the files lack" in capsys.readouterr().err
    import_("coco", tuple(parts), tmp_path / "two.csv", input=small_input)
    expected = (small_input / "train.csv").read_bytes()
    assert (tmp_path / "one.csv").read_bytes() == (tmp_path / "two.csv").read_bytes() == expected
    import_("coco", (parts[0],), tmp_path / "one.csv", input=small_input)
    assert (tmp_path / "one.csv").read_bytes() == expected
    assert "replaced" not in capsys.readouterr().err


def test_a_changed_mask_replaces_the_earlier_one_and_is_reported(small_input, tmp_path, capsys):
    export("coco-polygons", tmp_path / "a.json", input=small_input)
    import_("coco", tmp_path / "a.json", tmp_path / "a.csv", input=small_input)
    content = json.loads((tmp_path / "a.json").read_text())
    content["annotations"][0]["segmentation"] = [[0, 0, 3, 0, 3, 3, 0, 3]]
    (tmp_path / "b.json").write_text(json.dumps(content))
    import_("coco", tmp_path / "b.json", tmp_path / "a.csv", input=small_input)
    assert "a.csv: 1 earlier mask is replaced by a new one, such as " in capsys.readouterr().err


def test_the_annotations_are_not_written_over(small_input, tmp_path):
    export("coco", tmp_path / "a.json", input=small_input)
    before = (tmp_path / "a.json").read_bytes()
    with pytest.raises(SeverstalError, match="give another --output"):
        import_("coco", tmp_path / "a.json", tmp_path / "a.json", input=small_input)
    assert (tmp_path / "a.json").read_bytes() == before


def test_an_export_writes_over_nothing_in_the_input_folder(small_input, tmp_path):
    before = (small_input / "train.csv").read_bytes()
    with pytest.raises(SeverstalError, match="belongs to what is read"):
        export("coco", small_input / "train.csv", input=small_input)
    assert (small_input / "train.csv").read_bytes() == before


def test_an_import_begins_and_extends_the_labels_of_its_input_folder(small_input, tmp_path, capsys):
    export("coco", tmp_path / "a.json", input=small_input)
    expected = (small_input / "train.csv").read_bytes()
    (small_input / "train.csv").unlink()
    words = [
        "import",
        "coco",
        tmp_path / "a.json",
        "--input",
        small_input,
        "--output",
        small_input / "train.csv",
    ]
    for _ in range(2):  # new, then extended
        with pytest.raises(SystemExit) as ended:
            main(list(map(str, words)))
        assert not ended.value.code
        assert (small_input / "train.csv").read_bytes() == expected
    before = (small_input / "sample_submission.csv").read_bytes()
    with pytest.raises(SystemExit) as ended:
        main([*map(str, words[:-1]), str(small_input / "sample_submission.csv")])
    assert ended.value.code == 2
    assert "belongs to what is read" in capsys.readouterr().err
    assert (small_input / "sample_submission.csv").read_bytes() == before
