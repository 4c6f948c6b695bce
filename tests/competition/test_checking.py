"""Faults of a submission are found before Kaggle finds them."""

import pytest

from severstal.competition.checking import check_submission, read_checked
from severstal.competition.spec import SEVERSTAL
from severstal.competition.tables import Sample, read_sample
from severstal.errors import SeverstalError

TODAY = "ImageId,EncodedPixels,ClassId\n"
OLD = "ImageId_ClassId,EncodedPixels\n"
SAMPLE = Sample(("b.jpg", "a.jpg"), "today")


def test_the_official_sample_is_all_placeholders(real_data):
    path = real_data / "severstal" / "reference" / "sample_submission_official.csv"
    findings = check_submission(path, read_sample(path, SEVERSTAL), SEVERSTAL)
    assert len(findings) == 5506
    assert findings[0].startswith("row 1: class 0 is only the sample submission's placeholder")


def test_2019s_official_sample_is_a_submission(real_data):
    path = real_data / "severstal" / "reference" / "sample_submission_2019.csv"
    assert check_submission(path, read_sample(path, SEVERSTAL), SEVERSTAL) == []


@pytest.mark.parametrize(
    ("text", "findings"),
    [
        (TODAY + "b.jpg,,1\na.jpg,5 3,4\n", []),
        (TODAY + "b.jpg,,1\nb.jpg,,2\na.jpg,,1\na.jpg,5 3,4\n", []),
        (
            "ImageId,ClassId,EncodedPixels\nb.jpg,1,\na.jpg,1,\n",
            ["header: the columns are `ImageId,ClassId,Enc"],
        ),
        (OLD + "b.jpg_1,\na.jpg_4,5 3\n", ["header: the columns are `ImageId_ClassId,EncodedPixels`"]),
        (
            ",ImageId,EncodedPixels,ClassId\n0,b.jpg,,1\n",
            ["header: the columns are `,ImageId,Enc", "image a.jpg has no row: add"],
        ),
        (
            "ImageId,ClassId,EncodedPixels\nb.jpg,7,\na.jpg,1,5 0\n",
            [
                "header: the columns are `ImageId,ClassId,Enc",
                "row 1: class `7` is not",
                "row 2: run 1 (`5 0`)",
            ],
        ),
        (TODAY + "b.jpg,,1\na.jpg,,1\nc.jpg,,1\n", ["row 3: image c.jpg is not among those of the sample"]),
        (TODAY + "b.jpg,,1\n", ["image a.jpg has no row: add `a.jpg,,1`"]),
        (TODAY, ["image b.jpg has no row: add", "image a.jpg has no row: add"]),
        (TODAY + "b.jpg,,1\na.jpg,5 3,5\n", ["row 2: class `5` is not one of 1 to 4"]),
        (
            TODAY + "b.jpg,,1\na.jpg,1 409600,0\n",
            ["row 2: class 0 is only the sample submission's placeholder"],
        ),
        (TODAY + "b.jpg,,1\na.jpg,5 3,4\na.jpg,5 3,4\n", ["row 3: image a.jpg class 4 repeats row 2"]),
        (
            TODAY + "b.jpg,,1\na.jpg,5 3,4\na.jpg,5 4,4\n",
            ["row 3: image a.jpg class 4 has another mask in row 2"],
        ),
        (TODAY + "b.jpg,5,1\na.jpg,5 0,4\n", ["row 1: run 1 (`5`)", "row 2: run 1 (`5 0`)"]),
        (TODAY + "a.jpg,5 3,4\nb.jpg,,1\n", ["row 2: image b.jpg class 1 stands below image a.jpg class 4"]),
        (
            TODAY + "b.jpg,,1\na.jpg,,4\na.jpg,,2\n",
            ["row 3: image a.jpg class 2 stands below image a.jpg class 4"],
        ),
        (
            TODAY + ",,1\nb.jpg,,\na.jpg,,1\n",
            ["row 1: the image's name", "row 2: image b.jpg has no class"],
        ),
    ],
)
def test_each_fault_of_todays_form_is_found(tmp_path, text, findings):
    path = tmp_path / "submission.csv"
    path.write_text(text)
    found = check_submission(path, SAMPLE, SEVERSTAL)
    assert len(found) == len(findings)
    for line, start in zip(found, findings, strict=True):
        assert line.startswith(start)
        assert "\n" not in line


@pytest.mark.parametrize(
    ("change", "findings"),
    [
        (lambda rows: rows, []),
        (lambda rows: rows[:-1], ["pair a.jpg_4 has no row: add `a.jpg_4,`"]),
        (lambda rows: rows[4:] + rows[:4], ["row 5: image b.jpg class 1 stands below image a.jpg class 4"]),
        (
            lambda rows: [rows[1], rows[0], *rows[2:]],
            ["row 2: image b.jpg class 1 stands below image b.jpg class 2"],
        ),
        (lambda rows: [*rows, "a.jpg_5,"], ["row 9: class `5` is not one of 1 to 4"]),
        (lambda rows: [*rows, "a.jpg_4,"], ["row 9: image a.jpg class 4 repeats row 8"]),
        (lambda rows: [*rows[:-1], "a.jpg_4,9"], ["row 8: run 1 (`9`)"]),
        (
            lambda rows: ["b.jpg,", *rows[1:]],
            ["row 1: image b.jpg has no class", "pair b.jpg_1 has no"],
        ),
    ],
)
def test_each_fault_of_2019s_form_is_found(tmp_path, change, findings):
    path = tmp_path / "submission.csv"
    rows = change([f"{image}_{k}," for image in SAMPLE.images for k in range(1, 5)])
    path.write_text(OLD + "\n".join(rows) + "\n")
    found = check_submission(path, Sample(SAMPLE.images, "2019"), SEVERSTAL)
    assert len(found) == len(findings)
    assert all(line.startswith(start) for line, start in zip(found, findings, strict=True))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "empty: fetch or write the file again"),
        ("id,EncodedPixels,ClassId\nb.jpg,,1\n", "column ImageId is missing"),
        ("ImageId,EncodedPixels\nb.jpg,\n", "column ClassId is missing"),
        (TODAY + "b.jpg,\n", "row 1: the header has 3 cells, this row 2"),
        (TODAY + "z.jpg,,1\ny.jpg,,1\n", "names none of the 2 images of the sample submission .* `z.jpg`"),
    ],
)
def test_a_file_of_which_nothing_can_be_checked_is_an_error(tmp_path, text, message):
    path = tmp_path / "submission.csv"
    path.write_text(text)
    with pytest.raises(SeverstalError, match=message):
        read_checked(path, SAMPLE, SEVERSTAL)


def test_a_file_that_is_missing_is_an_error(tmp_path):
    with pytest.raises(SeverstalError, match=r"submission\.csv: no such file"):
        check_submission(tmp_path / "submission.csv", SAMPLE, SEVERSTAL)


@pytest.mark.parametrize("text", [TODAY, "EncodedPixels,ClassId,ImageId\n"])
def test_sound_rows_are_kept_beside_the_findings(tmp_path, text):
    path = tmp_path / "submission.csv"
    rows = [("b.jpg", "5 3", "1"), ("a.jpg", "5 0", "2"), ("a.jpg", "9 2", "4"), ("c.jpg", "9 2", "4")]
    named = [dict(zip(("ImageId", "EncodedPixels", "ClassId"), row, strict=True)) for row in rows]
    header = text.strip().split(",")
    path.write_text(text + "".join(",".join(row[name] for name in header) + "\n" for row in named))
    findings, table = read_checked(path, SAMPLE, SEVERSTAL)
    assert findings
    assert list(table.itertuples(index=False, name=None)) == [("b.jpg", 1, "5 3"), ("a.jpg", 4, "9 2")]
