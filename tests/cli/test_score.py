"""The score of submissions and runs as a person asks for it: what is printed, exit codes, bad input."""

import json
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from severstal.data.folds import save_folds
from tests.cli.conftest import TODAY, the_line


def test_score_of_test_and_of_train_images(command: Callable, small: Path) -> None:
    code, printed, _ = command(
        "score", "half.csv", "--truth", "truth.csv", "--input", small, "--json", "s.json"
    )
    assert code == 0
    assert "score                0.8750" in printed
    assert "all-empty baseline   0.7500" in printed
    assert "masks predicted           1   the truth has 2" in printed
    report = json.loads(Path("s.json").read_text(), parse_constant=pytest.fail)
    assert (report["score"], report["all_empty"], report["defects"], report["predicted"]) == (
        0.875,
        0.75,
        2,
        1,
    )
    assert (report["csv"], report["truth"]) == ("half.csv", "truth.csv")
    assert [note.split(":")[0] for note in report["notes"]] == [
        "which of these images are also in the training set is not searched for here",
        "calibration and expected counts are left out",
        "intervals treat all images as independent",
    ]
    assert report["interval"][0] <= 0.875 <= report["interval"][1]
    assert report["budget"]["missed"] == report["budget"]["total"] == 0.125
    assert (report["calibration"], report["test_like"]) == (None, None)
    assert "sample_submission.csv" in report["over"]

    code, printed, _ = command("score", "oof_half.csv", "--truth", small / "train.csv", "--input", small)
    assert code == 0
    assert "score                0.8333" in printed
    assert "over all 18 train images, as the rows name these and no test image" in printed


def test_score_writes_a_page(command: Callable, small: Path) -> None:
    words = ("score", "half.csv", "--truth", "truth.csv", "--input", small)
    code, printed, _ = command(*words, "--html", "page.html")
    assert code == 0
    assert "lost points: 0.1250" in printed
    page = Path("page.html").read_text()
    assert "<h1>half.csv</h1>" in page
    assert "0.8750" in page
    assert "is a folder" in command(*words, "--html", small)[2]


def write_folds(path: str, names: list[str]) -> None:
    """Folds of twins, every third image most like the test set."""
    table = pd.DataFrame({"ImageId": names, "fold": 0, "group": [index // 2 for index in range(len(names))]})
    save_folds(table.assign(likeness=0.5, test_like=table.index % 3 == 0), path)


def test_score_by_the_groups_of_a_run(command: Callable, small: Path) -> None:
    write_folds("folds.csv", [f"train{k:02d}.png" for k in range(18)])
    words = ("score", "oof_half.csv", "--truth", small / "train.csv", "--input", small)
    code, printed, _ = command(*words, "--folds", "folds.csv", "--json", "s.json")
    assert code == 0
    assert "bootstrap over 9 groups of images" in printed
    assert "score on the 6 images most like the test set: 1.0000" in printed
    report = json.loads(Path("s.json").read_text(), parse_constant=pytest.fail)
    assert (report["images"], report["resampled"], report["test_like"]["images"]) == (18, 9, 6)


def test_folds_that_do_not_fit_are_one_line(command: Callable, small: Path) -> None:
    words = ("score", "oof_half.csv", "--truth", small / "train.csv", "--input", small, "--folds")
    write_folds("few.csv", [f"train{k:02d}.png" for k in range(17)])
    line = the_line(command(*words, "few.csv"))
    assert "few.csv: 1 of the 18 images have no row, such as train17.png" in line
    assert "absent.csv: no such file" in the_line(command(*words, "absent.csv"))
    Path("few.csv").write_text(Path("few.csv").read_text() + "train17.png,0,9,0.5,True\n")
    assert "was changed after the split" in the_line(command(*words, "few.csv"))


def test_a_csv_without_its_truth_and_a_run_with_one_are_one_line(command: Callable, small: Path) -> None:
    assert "with --truth" in the_line(command("score", "half.csv", "--input", small))
    Path("runs/a").mkdir(parents=True)
    assert "runs/a: not a run" in the_line(command("score", "runs/a"))
    line = the_line(command("score", "runs/a", "--truth", "truth.csv", "--input", small))
    assert "leave out --truth" in line


def test_images_without_a_row_are_reported(command: Callable, small: Path) -> None:
    Path("few.csv").write_text(TODAY + "test00.png,,1\n")
    _, printed, _ = command("score", "few.csv", "--truth", "truth.csv", "--input", small)
    assert "3 of the images have no row in few.csv, such as test01.png: taken as clean there" in printed
    assert "score                0.7500" in printed


@pytest.mark.parametrize("images", ["fold.csv", "fold"])
def test_score_of_one_fold_needs_no_folder(command: Callable, images: str) -> None:
    names = [f"{k}.jpg" for k in range(10)]
    Path("oof.csv").write_text(TODAY + "".join(f"{name},1 9,3\n" for name in names))
    Path("truth.csv").write_text("ImageId,ClassId,EncodedPixels\n0.jpg,3,1 9\n8.jpg,3,1 9\n")
    Path("fold.csv").write_text(
        "ImageId,ClassId,EncodedPixels\n" + "".join(f"{k}.jpg,1,\n" for k in range(5))
    )
    Path("fold").mkdir()
    for name in names[:5]:
        Path("fold", name).touch()
    code, printed, _ = command("score", "oof.csv", "--truth", "truth.csv", "--images", images)
    assert code == 0
    assert "score                0.8000" in printed
    assert f"over the 5 images of {images}" in printed
    assert "5 rows of oof.csv are left out, of other images such as 5.jpg" in printed
    assert "1 row of truth.csv is left out, of other images such as 8.jpg" in printed


def test_score_without_any_images_is_an_error(command: Callable) -> None:
    Path("a.csv").write_text(TODAY + "a.jpg,,1\n")
    line = the_line(command("score", "a.csv", "--truth", "a.csv"))
    assert "clean images have no row" in line
    assert "--input" in line
    assert "--images" in line


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("test01.png,3,1 9", "row 3: class `3` is not one of 1 to 2"),
        ("test01.png,0,1 9", "row 3: class 0 is only the sample submission's placeholder"),
        ("test01.png,2,1 9999", "row 3: run 1 (`1 9999`) ends past pixel 6144"),
        ("test01.png,1,1 9", "row 3: image test01.png class 1 has another mask in row 1"),
        ("test01.png,2,", "row 3: image test01.png class 2 has an empty mask"),
        ("train01.png,2,1 9", "row 3: image train01.png is not among those of"),
        (",2,1 9", "row 3: the image's name is empty"),
    ],
)
def test_a_truth_with_a_faulty_row_is_one_line(
    command: Callable, small: Path, row: str, expected: str
) -> None:
    Path("truth.csv").write_text(Path("truth.csv").read_text().rstrip() + f"\n{row}\n")
    line = the_line(command("score", "right.csv", "--truth", "truth.csv", "--input", small))
    assert f"truth.csv {expected}" in line
