"""The doctor as a person calls it: what it prints and writes, its exit codes, and bad input."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from severstal.cli.commands import COMMANDS
from severstal.cli.doctor import doctor
from severstal.data.images import read_picture
from severstal.doctor import examine
from severstal.errors import SeverstalError

HEADER = "ImageId,ClassId,EncodedPixels\n"
SOUND = HEADER + "a.jpg,1,5 3\nb.jpg,2,9 2\n"


@pytest.fixture
def csv(tmp_path: Path) -> Callable[[str | bytes], Path]:
    def write(data: str | bytes) -> Path:
        path = tmp_path / "a folder with spaces" / "my masks.csv"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
        return path

    return write


def test_clean_is_0_findings_are_1(csv: Callable, capsys: pytest.CaptureFixture) -> None:
    assert doctor(csv(SOUND)) == 0
    assert "my masks.csv: clean" in capsys.readouterr().out
    assert doctor(csv(SOUND + "a.jpg,3,1 0\n")) == 1
    printed = capsys.readouterr().out
    assert "2 findings" in printed
    assert "row 3: run 1 (`1 0`) has length 0" in printed
    assert "repair:" in printed


def test_report_and_repair_are_written_and_the_source_stays(csv: Callable, tmp_path: Path) -> None:
    path = csv(HEADER + "b.jpg,2.0,9 2\na.jpg,1,5 3 2 1\n")
    before = path.read_bytes()
    report, repaired = tmp_path / "report.json", tmp_path / "new folder" / "repaired.csv"
    assert doctor(path, json=report, repair=repaired) == 1
    assert path.read_bytes() == before
    assert repaired.read_text() == HEADER + "a.jpg,1,2 1 5 3\nb.jpg,2,9 2\n"
    findings = json.loads(report.read_text())["findings"]
    assert {finding["kind"] for finding in findings} == {"wrong row", "wrong runs", "wrong order"}
    assert all(finding["certain"] and finding["mended"] for finding in findings)
    assert doctor(repaired) == 0


def test_user_columns_are_kept(csv: Callable, tmp_path: Path) -> None:
    path = csv("who,ImageId,EncodedPixels,ClassId\nanna,b.jpg,9 2,2\nbo,a.jpg,5 3,1\n")
    assert doctor(path, repair=tmp_path / "out.csv") == 1
    assert (tmp_path / "out.csv").read_text() == (
        "who,ImageId,EncodedPixels,ClassId\nbo,a.jpg,5 3,1\nanna,b.jpg,9 2,2\n"
    )


def test_nothing_certain_to_repair_is_reported(
    csv: Callable, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    assert doctor(csv(HEADER + "a.jpg,1,5 3 6 1\n"), repair=tmp_path / "out.csv") == 1
    assert "not written: nothing found can be repaired with certainty" in capsys.readouterr().err
    assert not (tmp_path / "out.csv").exists()


@pytest.mark.parametrize("option", ["repair", "json"])
def test_the_source_is_never_overwritten(csv: Callable, option: str) -> None:
    path = csv(SOUND)
    link = path.with_name("link.csv")
    link.symlink_to(path)
    for target in (path, link, path.parent / ".." / path.parent.name / path.name):
        with pytest.raises(SeverstalError, match="belongs to what is read"):
            COMMANDS["doctor"](path, **{option: target})
    assert path.read_text() == SOUND


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "empty"),
        (bytes(range(256)) * 9, "not UTF-8"),
        (b"\x89PNG\r\n\x1a\n" + bytes(90), "not UTF-8"),
        ("a,b\n1,2\n", "column ImageId is missing"),
        (HEADER + "a.jpg,1\n", "row 1: the header has 3 cells"),
    ],
)
def test_a_file_that_is_no_table_is_unusable(csv: Callable, data: str | bytes, message: str) -> None:
    with pytest.raises(SeverstalError, match=message) as caught:
        doctor(csv(data))
    assert caught.value.exit_code == 2
    assert "\n" not in str(caught.value)


def test_missing_paths_are_unusable(csv: Callable, tmp_path: Path) -> None:
    with pytest.raises(SeverstalError, match="no such file"):
        doctor(tmp_path / "nowhere")
    with pytest.raises(SeverstalError, match="neither train"):
        doctor(csv(SOUND).parent)
    with pytest.raises(SeverstalError, match="no such folder"):
        doctor(csv(SOUND), images=tmp_path / "nowhere")
    with pytest.raises(SeverstalError, match="leave out --images"):
        doctor(csv(SOUND).parent, images=tmp_path)


@pytest.mark.usefixtures("ordinary_user")
def test_what_may_not_be_read_is_unusable(csv: Callable) -> None:
    path = csv(SOUND)
    path.chmod(0)
    with pytest.raises(SeverstalError, match="Permission denied"):
        doctor(path)


def test_a_header_alone_is_clean(csv: Callable) -> None:
    assert doctor(csv(HEADER)) == 0
    assert doctor(csv("ImageId_ClassId,EncodedPixels\n")) == 0


def test_a_mask_of_a_hundred_thousand_runs(csv: Callable) -> None:
    runs = " ".join(f"{start} 1" for start in range(1, 200_000, 2))
    assert doctor(csv(HEADER + "".join(f"{k:02}.jpg,1,{runs}\n" for k in range(10)))) in (0, 1)


def test_pictures_of_every_kind(csv: Callable, tmp_path: Path) -> None:
    images = tmp_path / "images"
    images.mkdir()
    grey = np.full((256, 1600), 90, np.uint8)
    Image.fromarray(grey).save(images / "a.jpg")
    Image.fromarray(grey).save(images / "b.jpg", format="PNG")  # as real folders have
    assert doctor(csv(SOUND), images=images) == 0

    Image.fromarray(grey.astype(np.uint16) * 9).save(images / "deep.png")
    Image.fromarray(grey[:128]).save(images / "low.png")
    (images / "cut.jpg").write_bytes((images / "a.jpg").read_bytes()[:700])
    (images / "note.txt").write_text("no picture")
    (images / "b.jpg").unlink()
    report = examine(csv(SOUND), read_picture, images)
    text = "\n".join(line for finding in report.findings for line in (finding.what, *finding.examples))
    assert "deep.png" not in text  # 16 bits are scaled to 8
    for words in ("low.png: the picture is 128 x 1600", "cut.jpg: damaged"):
        assert words in text
    assert "note.txt" not in text
    assert "images: passed over: 1 file that is no picture (note.txt)" in report.looked_at
    assert "image b.jpg is not among the pictures in images" in text


def test_many_faults_of_one_kind_are_counted(csv: Callable, capsys: pytest.CaptureFixture) -> None:
    doctor(csv(HEADER + "".join(f"{k:04}.jpg,7,5 3\n" for k in range(2000))))
    printed = capsys.readouterr().out
    assert "2,000 concerned" in printed
    assert "and 1,995 more" in printed
    assert len(printed.splitlines()) < 25
