"""Files, folders and videos become a folder of outputs, which is gone on with after a stop."""

import csv
import json
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
from fixtures.bright_model import SPEC, BrightModel, steel

from severstal.competition.rle import decode
from severstal.deploy.predictor import Predictor
from severstal.deploy.segment.run import segment_files
from severstal.errors import SeverstalError

FORMATS = ("overlay", "mask", "json", "csv", "coco", "labelme")


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    folder = tmp_path / "pics"
    folder.mkdir()
    for number in range(5):
        cv2.imwrite(str(folder / f"roll {number} \u00e4'.png"), steel(number, seed=number))
    return folder


def segment(folder: Path, output: Path, **settings: object) -> tuple[object, BrightModel]:
    model = BrightModel()
    return segment_files(Predictor(model), [str(folder)], output, **{"formats": FORMATS} | settings), model


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def without_times(found: dict[str, bytes]) -> dict[str, bytes]:
    """What does not say how long it took."""
    return {name: data for name, data in found.items() if not name.endswith((".json", ".jsonl"))}


def test_every_format_says_the_same(pictures: Path, tmp_path: Path) -> None:
    done, _ = segment(pictures, tmp_path / "out")
    assert (done.pictures, done.kept, done.unreadable) == (5, 0, ())
    predictor = Predictor(BrightModel())
    with (tmp_path / "out" / "defects.csv").open() as file:
        rows = list(csv.DictReader(file))
    with (tmp_path / "out" / "masks.csv").open() as file:
        masks = {(row["ImageId"], int(row["ClassId"])): row["EncodedPixels"] for row in csv.DictReader(file)}
    coco = json.loads((tmp_path / "out" / "coco.json").read_text())
    assert len(rows) == len(coco["annotations"]) == done.defects
    for path in sorted(pictures.iterdir()):
        result, stem = predictor(path), path.stem
        assert [int(row["area"]) for row in rows if row["image"] == path.name] == [
            defect.area for defect in result.defects
        ]
        for class_id in SPEC.class_ids:
            plane = result.mask >> (class_id - 1) & 1
            assert np.array_equal(decode(masks.get((path.name, class_id), ""), plane.shape), plane)
        labels = cv2.imread(str(tmp_path / "out" / f"{stem}.mask.png"), cv2.IMREAD_UNCHANGED)
        assert np.array_equal(labels, result.label_map)
        assert (tmp_path / "out" / f"{stem}.overlay.png").is_file()
        assert json.loads((tmp_path / "out" / f"{stem}.json").read_text())["image"] == path.name
        labelme = json.loads((tmp_path / "out" / f"{stem}.labelme.json").read_text())
        assert (tmp_path / "out" / labelme["imagePath"]).resolve() == path
    assert cv2.imread(str(tmp_path / "out" / "contact.png")) is not None


def test_what_is_complete_is_left_alone(pictures: Path, tmp_path: Path) -> None:
    segment(pictures, tmp_path / "out")
    before = contents(tmp_path / "out")
    done, model = segment(pictures, tmp_path / "out")
    assert (done.pictures, done.kept, model.batches) == (5, 5, [])
    assert contents(tmp_path / "out") == before

    (tmp_path / "out" / "roll 1 \u00e4'.mask.png").unlink()  # an output is gone
    cv2.imwrite(str(pictures / "roll 2 \u00e4'.png"), steel(9))  # a source has other bytes
    done, model = segment(pictures, tmp_path / "out")
    assert done.kept == 3
    assert sum(batch[0] for batch in model.batches) == 2
    fresh, _ = segment(pictures, tmp_path / "fresh")
    assert fresh.defects == done.defects
    assert without_times(contents(tmp_path / "out")) == without_times(contents(tmp_path / "fresh"))


def test_other_settings_are_made_anew(pictures: Path, tmp_path: Path) -> None:
    segment(pictures, tmp_path / "out")
    for settings in ({"threshold": 0.9}, {"mm_per_pixel": 0.5}, {"tile": (16, 16)}):
        model = BrightModel()
        done = segment_files(Predictor(model, **settings), [str(pictures)], tmp_path / "out", FORMATS)
        assert done.kept == 0, settings


def test_a_stopped_command_goes_on(pictures: Path, tmp_path: Path) -> None:
    class Stops(BrightModel):
        def probabilities(self, found):
            if len(self.batches) == 1:
                raise KeyboardInterrupt
            return super().probabilities(found)

    with pytest.raises(KeyboardInterrupt):
        segment_files(Predictor(Stops()), [str(pictures)], tmp_path / "out", FORMATS)
    assert not (tmp_path / "out" / "defects.csv").exists()
    with (tmp_path / "out" / "records.jsonl").open("ab") as file:
        file.write(b'{"name": "half a li')
    done, model = segment(pictures, tmp_path / "out")
    assert (done.pictures, done.kept) == (5, 3)
    assert sum(batch[0] for batch in model.batches) == 2
    segment(pictures, tmp_path / "fresh")
    assert without_times(contents(tmp_path / "out")) == without_times(contents(tmp_path / "fresh"))


def test_unreadable_pictures_are_told_and_the_others_done(pictures: Path, tmp_path: Path) -> None:
    data = (pictures / "roll 0 \u00e4'.png").read_bytes()
    (pictures / "cut.png").write_bytes(data[:60])
    (pictures / "empty.jpg").touch()
    done, _ = segment(pictures, tmp_path / "out")
    assert done.pictures == 5
    assert [line.split(": ")[0].split("/")[-1] for line in done.unreadable] == ["cut.png", "empty.jpg"]
    assert not list((tmp_path / "out").glob("cut*"))
    with pytest.raises(SeverstalError, match=r"cut\.png: damaged"):
        segment(pictures, tmp_path / "strict", strict=True)


def test_folders_below_keep_their_place(pictures: Path, tmp_path: Path) -> None:
    (pictures / "day 1").mkdir()
    shutil.copy(pictures / "roll 3 \u00e4'.png", pictures / "day 1" / "roll 3 \u00e4'.png")
    done, _ = segment(pictures, tmp_path / "out", recursive=True)
    assert done.pictures == 6
    assert (tmp_path / "out" / "day 1" / "roll 3 \u00e4'.overlay.png").is_file()


def test_a_video_becomes_numbered_frames(tmp_path: Path) -> None:
    video = cv2.VideoWriter(str(tmp_path / "line.avi"), cv2.VideoWriter_fourcc(*"MJPG"), 10, (48, 32), False)
    for number in range(4):
        video.write(steel(number, seed=number))
    video.release()
    done, _ = segment(tmp_path / "line.avi", tmp_path / "out")
    assert (done.pictures, done.unreadable) == (4, ())
    assert (tmp_path / "out" / "line-000003.overlay.png").is_file()
    with (tmp_path / "out" / "defects.csv").open() as file:
        frames = {(row["image"], row["frame"]) for row in csv.DictReader(file)}
    assert ("line-000002", "2") in frames


def test_sources_are_not_written_to(pictures: Path, tmp_path: Path) -> None:
    for source, output in ((pictures, pictures), (pictures / "*.png", pictures)):
        with pytest.raises(SeverstalError, match="is searched for pictures"):
            segment(source, output)
    with pytest.raises(SeverstalError, match="is searched for pictures"):
        segment(pictures, pictures / "out", recursive=True)
    assert not (pictures / "out").exists()


def test_an_unknown_format_is_named(pictures: Path, tmp_path: Path) -> None:
    with pytest.raises(SeverstalError, match="format 'jsn' is unknown: the nearest known one is 'json'"):
        segment(pictures, tmp_path / "out", formats=("jsn",))
    with pytest.raises(SeverstalError, match="format 'jsn' is unknown"):
        segment(pictures, tmp_path / "out", formats=("json", "jsn"))
