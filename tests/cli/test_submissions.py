"""Submissions as a person checks and compares them: what is printed, exit codes, every bad input."""

import json
from collections.abc import Callable
from itertools import product
from pathlib import Path

import pytest

from severstal.competition.spec import SEVERSTAL
from severstal.competition.submission import write_submission
from severstal.competition.tables import read_labels, read_sample
from tests.cli.conftest import TODAY, the_line

TEST = tuple(f"test{k:02d}.png" for k in range(4))


def test_check_has_three_exit_codes(command: Callable, small: Path) -> None:
    code, printed, _ = command("check", "right.csv", "--input", small)
    assert code == 0
    assert printed.splitlines()[0] == "right.csv: clean"
    assert "2 of 4 images with a mask (50.0 %), 2 masks in all" in printed
    assert "The all-empty baseline scores 0.7500 by the given truth." in printed

    Path("bad.csv").write_text(Path("right.csv").read_text().replace("test03.png,,1\n", ""))
    code, printed, _ = command("check", "bad.csv", "--input", small)
    assert code == 1
    assert printed.splitlines()[:2] == [
        "bad.csv: 1 finding",
        "image test03.png has no row: add `test03.png,,1`",
    ]

    Path("unusable.csv").write_bytes(b"\x89PNG\r\n\x1a\n\0\0")
    assert "unusable.csv" in the_line(command("check", "unusable.csv", "--input", small))
    assert "absent.csv: no such file" in the_line(command("check", "absent.csv", "--input", small))


def test_remarks_are_no_findings(command: Callable, small: Path) -> None:
    code, printed, _ = command("check", "none.csv", "--input", small)
    assert code == 0
    assert "none.csv: clean" in printed
    assert "remark: class 1 (bright) has no mask at all" in printed


def test_check_writes_what_it_prints(command: Callable, small: Path) -> None:
    Path("bad.csv").write_text(Path("right.csv").read_text().replace("test03.png,,1\n", "test03.png,5 0,1\n"))
    assert command("check", "bad.csv", "--input", small, "--json", "c.json")[0] == 1
    report = json.loads(Path("c.json").read_text(), parse_constant=pytest.fail)
    assert report["csv"] == "bad.csv"
    assert report["findings"] == [
        "row 4: run 1 (`5 0`) has length 0: drop it, or give it a length of at least 1"
    ]
    assert (report["images"], report["masks"], report["all_empty"], report["public"]) == (4, 2, 0.75, None)
    assert [(part["masks"], part["true"]) for part in report["classes"]] == [(1, 1), (1, 1)]


def test_check_of_the_full_real_sample(command: Callable, real_data: Path, tmp_path: Path) -> None:
    root = tmp_path / "full"
    for name in ("train_images", "test_images"):
        (root / name).mkdir(parents=True)
    reference = real_data / "severstal" / "reference"
    for name, source in (
        ("sample_submission.csv", "sample_submission_official.csv"),
        ("train.csv", "train_rle.csv"),
    ):
        (root / name).write_bytes((reference / source).read_bytes())
    sample = read_sample(root / "sample_submission.csv", SEVERSTAL)
    labels = read_labels(root / "train.csv", SEVERSTAL)
    names = dict(zip(labels["ImageId"].unique(), sample.images, strict=False))
    write_submission(
        "mine.csv", labels.assign(ImageId=labels["ImageId"].map(names)).dropna(), sample, SEVERSTAL
    )
    code, printed, _ = command("check", "mine.csv", "--input", root, "--json", "c.json")
    assert code == 0
    assert " 2,265 1,868 1,837 1,792 1,840     1,770  1,088" in printed
    assert "The all-empty baseline scored 0.85560 on the public leaderboard." in printed
    assert json.loads(Path("c.json").read_text())["public"]["1st"] == [297, 6, 1868, 336]


def test_diff_has_three_exit_codes(command: Callable, small: Path) -> None:
    code, printed, _ = command("diff", "right.csv", "old.csv", "--input", small)
    assert code == 0
    assert "The same masks in all 8 pairs." in printed
    code, printed, _ = command("diff", "right.csv", "half.csv", "--input", small, "--json", "d.json")
    assert code == 1
    assert "B differs from A in 1 of 8 pairs (12.50 %), in 1 of 4 images" in printed
    assert "If one of them were the truth, the other would score 0.8750." in printed
    report = json.loads(Path("d.json").read_text(), parse_constant=pytest.fail)
    assert (report["differing"], report["score"], report["apart"]) == (1, 0.875, 0.125)
    assert [row["kind"] for row in report["largest"]] == ["only in A"]
    assert "absent.csv: no such file" in the_line(
        command("diff", "right.csv", "absent.csv", "--input", small)
    )


def test_diff_draws_the_largest(command: Callable, small: Path) -> None:
    code, printed, _ = command(
        "diff", "oof.csv", "oof_half.csv", "--input", small, "--output", "out", "--most", "3"
    )
    assert code == 1
    assert "over all 18 train images" in printed
    assert "out: differences.csv and pictures" in printed
    assert len(list(Path("out").glob("00?_train*.png"))) == 3
    assert len(Path("out/differences.csv").read_text().splitlines()) == 1 + 6


def test_diff_without_a_folder_takes_severstals_shape(command: Callable) -> None:
    Path("a.csv").write_text(TODAY + "a.jpg,409600 1,4\nb.jpg,,1\n")
    Path("b.csv").write_text("ImageId_ClassId,EncodedPixels\na.jpg_4,409600 1\nb.jpg_1,5 3\n")
    code, printed, _ = command("diff", "a.csv", "b.csv", "--output", "out")
    assert code == 1
    assert "in 1 of 8 pairs" in printed
    assert "over the 2 images that a row names" in printed
    assert "out: differences.csv and pictures, but not of b.jpg: not in the input folder" in printed
    assert [path.name for path in Path("out").iterdir()] == ["differences.csv"]


BAD = {
    "nothing.csv": "",
    "text.csv": "not a table at all",
    "columns.csv": "id,EncodedPixels,ClassId\ntest00.png,,1\n",
    "other.csv": TODAY + "z.png,,1\ny.png,,1\n",
    "ragged.csv": TODAY + "test00.png,\n",
    "header.csv": '"ImageId,EncodedPixels,ClassId\n',
}


@pytest.mark.parametrize("name", [*BAD, "folder.csv", "picture.csv"])
@pytest.mark.parametrize("job", ["check", "diff", "other way", "score", "truth"])
def test_what_is_no_submission_is_one_line(command: Callable, small: Path, name: str, job: str) -> None:
    if name in BAD:
        Path(name).write_text(BAD[name])
    elif name == "folder.csv":
        Path(name).mkdir()
    else:
        Path(name).write_bytes((small / "test_images" / "test00.png").read_bytes())
    words = {
        "check": ("check", name),
        "diff": ("diff", "right.csv", name),
        "other way": ("diff", name, "right.csv"),
        "score": ("score", name, "--truth", "truth.csv"),
        "truth": ("score", "right.csv", "--truth", name),
    }[job]
    assert name in the_line(command(*words, "--input", small))


def test_submissions_of_other_data_are_one_line(command: Callable, small: Path) -> None:
    assert "give two tables of the same images" in the_line(
        command("diff", "right.csv", "oof.csv", "--input", small)
    )
    assert "give two tables of the same images" in the_line(
        command("score", "oof.csv", "--truth", "truth.csv", "--input", small)
    )
    assert "give the matching folder as --input" in the_line(command("check", "oof.csv", "--input", small))
    pairs = [f"{image}_{k},\n" for image, k in product(TEST, range(1, 6))]
    Path("five.csv").write_text("ImageId_ClassId,EncodedPixels\n" + "".join(pairs))
    assert "five.csv row 3: class `3`" in the_line(command("diff", "right.csv", "five.csv", "--input", small))


def test_places_that_cannot_be_used_are_one_line(command: Callable, small: Path) -> None:
    assert "nowhere: no such folder" in the_line(
        command("diff", "right.csv", "half.csv", "--input", "nowhere")
    )
    assert "--most is -1: give 0 or more" in the_line(
        command("diff", "right.csv", "half.csv", "--most", "-1")
    )
    assert "name it with --input" in the_line(command("check", "right.csv"))
    (small / "test_labels.csv").write_text("ImageId,ClassId,EncodedPixels\ntest00.png,9,1 9\n")
    assert "test_labels.csv row 1: class `9`" in the_line(command("check", "right.csv", "--input", small))
    code, _, error = command("check", "half.csv", "--input", small, "--json", small)
    assert (code, "is a folder" in error or "class `9`" in error) == (2, True)
