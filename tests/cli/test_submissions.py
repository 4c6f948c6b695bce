"""Submissions as a person checks, compares and scores them: what is printed, exit codes, every bad input."""

import json
from collections.abc import Callable
from itertools import product
from pathlib import Path

import pandas as pd
import pytest

from severstal import cli
from severstal.cli import submissions
from severstal.cli.commands import COMMANDS
from severstal.competition.spec import SEVERSTAL, read_spec
from severstal.competition.submission import write_submission
from severstal.competition.tables import Sample, read_labels, read_sample
from severstal.data.folds import save_folds

TODAY = "ImageId,EncodedPixels,ClassId\n"
TEST = tuple(f"test{k:02d}.png" for k in range(4))


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> Callable:
    """Run a command in an empty folder; give its exit code, standard output and error output."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SEVERSTAL_INPUT", raising=False)
    monkeypatch.setitem(COMMANDS, "diff", submissions.diff)

    def run(*arguments: str | Path) -> tuple[int, str, str]:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            cli.main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return ended.value.code, captured.out, captured.err

    return run


@pytest.fixture
def small(small_input: Path, tmp_path: Path) -> Path:
    """The small input folder; beside it in the working folder `truth.csv`, the test labels, and submissions:
    `right.csv` is the truth, `old.csv` the same in 2019's form, `half.csv` lacks a mask, `none.csv` has none,
    and `oof.csv` holds the train labels."""
    spec = read_spec(small_input)
    sample = read_sample(small_input / "sample_submission.csv", spec)
    truth = read_labels(small_input / "test_labels.csv", spec)
    labels = read_labels(small_input / "train.csv", spec)
    train = Sample(tuple(f"train{k:02d}.png" for k in range(18)), "today")
    (tmp_path / "truth.csv").write_bytes((small_input / "test_labels.csv").read_bytes())
    write_submission(tmp_path / "right.csv", truth, sample, spec)
    write_submission(tmp_path / "old.csv", truth, sample, spec, "2019")
    write_submission(tmp_path / "half.csv", truth.iloc[1:], sample, spec)
    write_submission(tmp_path / "none.csv", truth.iloc[:0], sample, spec)
    write_submission(tmp_path / "oof.csv", labels, train, spec)
    write_submission(tmp_path / "oof_half.csv", labels.iloc[::2], train, spec)
    return small_input


def the_line(result: tuple[int, str, str]) -> str:
    """The one line of an error that a person can repair; nothing else is printed."""
    code, printed, error = result
    assert (code, printed) == (2, ""), error
    assert error.startswith("severstal: ")
    assert len(error.splitlines()) == 1
    return error


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
    assert (report["images"], report["masks"], report["nothing"], report["public"]) == (4, 2, 0.75, None)
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


def test_images_without_a_row_are_said(command: Callable, small: Path) -> None:
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


def test_submissions_of_other_data_are_one_line(command: Callable, small: Path) -> None:
    assert "give two tables of the same images" in the_line(
        command("diff", "right.csv", "oof.csv", "--input", small)
    )
    assert "give two tables of the same images" in the_line(
        command("score", "oof.csv", "--truth", "truth.csv", "--input", small)
    )
    assert "give --input the folder it is for" in the_line(command("check", "oof.csv", "--input", small))
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
