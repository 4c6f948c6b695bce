"""Both generations of both tables are read into one."""

import csv
import unicodedata

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from severstal.competition.checking import check_submission
from severstal.competition.folder import InputFolder
from severstal.competition.spec import SEVERSTAL, Spec, read_spec
from severstal.competition.submission import write_submission
from severstal.competition.tables import Sample, read_labels, read_sample, read_submission, read_test_sample
from severstal.errors import SeverstalError

TODAY = "ImageId,ClassId,EncodedPixels\n"
OLD = "ImageId_ClassId,EncodedPixels\n"
SAMPLE = "ImageId,EncodedPixels,ClassId\n"
TINY = Spec("tiny", (4, 6), ("a", "b", "c"))


@pytest.fixture
def table(tmp_path):
    """Writes a CSV and gives its path."""

    def write(text):
        path = tmp_path / "table.csv"
        path.write_text(text)
        return path

    return write


def fault(read, path, *args):
    with pytest.raises(SeverstalError) as caught:
        read(path, *args)
    message = str(caught.value)
    assert message.startswith(str(path))
    assert "\n" not in message
    return message.removeprefix(str(path))


def test_todays_train_csv_is_read_as_it_stands(real_data):
    path = real_data / "severstal" / "train.csv"
    names = [entry.name for entry in (real_data / "severstal" / "train_images").iterdir()]
    labels = read_labels(path, SEVERSTAL, names)
    expected = pd.read_csv(path, dtype={"ImageId": "str", "EncodedPixels": "str"})
    pd.testing.assert_frame_equal(labels, expected)
    assert labels["ClassId"].dtype == np.int64
    assert isinstance(labels.index, pd.RangeIndex)


def test_2019s_train_csv_gives_the_same_table(real_data, table):
    today = read_labels(real_data / "severstal" / "reference" / "train_rle.csv", SEVERSTAL)
    runs = {(row.ImageId, row.ClassId): row.EncodedPixels for row in today.itertuples()}
    names = sorted({*today["ImageId"], "clean_1.jpg"})
    lines = [f"{name}_{k},{runs.get((name, k), '')}\n" for name in names for k in range(1, 5)]
    old = read_labels(table(OLD + "".join(lines)), SEVERSTAL, names)
    pd.testing.assert_frame_equal(old, today.sort_values(["ImageId", "ClassId"], ignore_index=True))


def test_another_data_set_has_its_own_classes(real_data):
    folder = real_data / "magnetic_tile"
    labels = read_labels(folder / "train.csv", read_spec(folder))
    assert len(labels) == 273
    assert set(labels["ClassId"]) == {1, 2, 3, 4, 5}
    assert "is not one of 1 to 4" in fault(read_labels, folder / "train.csv", SEVERSTAL)


names = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=6) | st.sampled_from(
    ["NA", "nan", "null", "a_1.jpg", "_", "a,b", 'a"b', "1"]
)
masks = st.sampled_from(["1 24", "1 1", "3 2 7 4", "24 1"])


@settings(max_examples=60, deadline=None)
@given(
    pairs=st.dictionaries(st.tuples(names, st.integers(1, 3)), masks | st.just(""), max_size=8),
    order=st.permutations(["ImageId", "ClassId", "EncodedPixels"]),
    end=st.sampled_from(["\n", "\r\n"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig"]),
    old=st.booleans(),
)
def test_whatever_is_written_is_read(tmp_path_factory, pairs, order, end, encoding, old):
    path = tmp_path_factory.getbasetemp() / "property.csv"
    rows = [
        {"ImageId_ClassId": f"{name}_{k}", "ImageId": name, "ClassId": k, "EncodedPixels": runs}
        for (name, k), runs in pairs.items()
    ]
    with path.open("w", encoding=encoding, newline="") as file:
        columns = ["ImageId_ClassId", "EncodedPixels"] if old else order
        writer = csv.DictWriter(file, columns, extrasaction="ignore", lineterminator=end)
        writer.writeheader()
        writer.writerows(rows)
    found = read_submission(path, TINY)
    assert list(found.itertuples(index=False, name=None)) == [
        (*pair, runs) for pair, runs in pairs.items() if runs
    ]
    assert list(found.columns) == ["ImageId", "ClassId", "EncodedPixels"]


def test_a_table_without_a_row_is_a_table(table):
    empty = read_labels(table(TODAY), SEVERSTAL)
    assert list(empty.columns) == ["ImageId", "ClassId", "EncodedPixels"]
    assert len(empty) == 0
    assert empty["ClassId"].dtype == np.int64


def test_todays_labels_may_not_be_empty_but_2019s_and_submissions_may(table):
    text = TODAY + "a.jpg,1,\n"
    assert fault(read_labels, table(text), SEVERSTAL).startswith(
        " row 1: image a.jpg class 1 has an empty mask"
    )
    assert len(read_submission(table(text), SEVERSTAL)) == 0
    assert len(read_labels(table(OLD + "a.jpg_1,\n"), SEVERSTAL)) == 0


def test_2019s_labels_may_lack_the_rows_of_empty_pairs(table):
    labels = read_labels(
        table(OLD + "a.jpg_2,1 3\nb_1.jpg_4,5 3\n"), SEVERSTAL, ["a.jpg", "b_1.jpg", "c.jpg"]
    )
    assert list(labels.itertuples(index=False, name=None)) == [("a.jpg", 2, "1 3"), ("b_1.jpg", 4, "5 3")]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (TODAY + "a.jpg,9,1 3\n", " row 1: class `9` is not one of 1 to 4: correct it"),
        (OLD + "a.jpg_9,1 3\n", " row 1: class `9` is not one of 1 to 4: correct it"),
        (OLD + "a.jpg,1 3\n", " row 1: image a.jpg has no class"),
        (TODAY + "a.jpg,,1 3\n", " row 1: image a.jpg has no class"),
        (TODAY + ",1,1 3\n", " row 1: the image's name is empty"),
        (TODAY + "a.jpg,1,1 3\na.jpg,1,1 3\n", " row 2: image a.jpg class 1 repeats row 1"),
        (TODAY + "a.jpg,1,1 3\na.jpg,1,1 4\n", " row 2: image a.jpg class 1 has another mask in row 1"),
        (OLD + "a.jpg_1,\na.jpg_1,1 4\n", " row 2: image a.jpg class 1 has another mask in row 1"),
        (TODAY + "a.jpg,1,1 3\nc.jpg,1,1 3\n", " row 2: image c.jpg is not among the data set's pictures"),
        (TODAY + "a.jpg,1,1 3\nb.jpg,1,1 3 17 0\n", " row 2: run 2 (`17 0`)"),
        (TODAY + "a.jpg,1,1 3\nb.jpg,1,409600 2\n", " row 2: run 1 (`409600 2`)"),
        (TODAY + "a.jpg,1,nan\n", " row 1: run 1 (`nan`)"),
        (TODAY + "a.jpg,x,1 0\n", " row 1: class `x` is not one of 1 to 4"),
    ],
)
def test_faulty_labels_end_in_one_line(table, text, message):
    found = fault(read_labels, table(text), SEVERSTAL, ["a.jpg", "b.jpg"])
    assert found.startswith(message)
    assert "more row" not in found


def test_the_first_fault_is_reported_and_the_others_counted(table):
    text = TODAY + "a.jpg,1,1 3\nb.jpg,1,1 0\na.jpg,7,1 0\nc.jpg,1,1 3\n"
    found = fault(read_labels, table(text), SEVERSTAL, ["a.jpg", "b.jpg"])
    assert found.startswith(" row 2: run 1 (`1 0`)")
    assert found.endswith("(2 more rows have a fault)")


def test_the_official_samples_are_read(real_data):
    folder = real_data / "severstal" / "reference"
    today = read_sample(folder / "sample_submission_official.csv", SEVERSTAL)
    old = read_sample(folder / "sample_submission_2019.csv", SEVERSTAL)
    assert (len(today.images), today.form) == (5506, "today")
    assert (len(old.images), old.form) == (1801, "2019")
    assert today.images[0] == "0000f269f.jpg"
    assert old.images[0] == "004f40c73.jpg"
    assert set(old.images) <= set(today.images)


def test_a_sample_names_its_images_in_the_order_of_their_first_row(table):
    text = SAMPLE + "b.jpg,1 9,1\na.jpg,1 9,2\nb.jpg,not looked at,3\n"
    assert read_sample(table(text), SEVERSTAL) == Sample(("b.jpg", "a.jpg"), "today")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (SAMPLE, ": names no image: fetch"),
        (SAMPLE + "a.jpg,1 409600,7\n", " row 1: class `7` is not one of 0 to 4"),
        (SAMPLE + "a.jpg,1 9,0\na.jpg,1 9,0\n", " row 2: image a.jpg class 0 repeats row 1"),
        (SAMPLE + ",1 9,0\n", " row 1: the image's name is empty"),
        (OLD + "a.jpg_1,\na.jpg_2,\na.jpg_4,\n", ": the row a.jpg_3 is missing: add it"),
        (OLD + "".join(f"a.jpg_{k},\n" for k in range(1, 6)), " row 5: class `5` is not one of 1 to 4"),
        (OLD + "a.jpg_0,1 409600\n", " row 1: class 0 is only the sample submission's placeholder"),
    ],
)
def test_faulty_samples_end_in_one_line(table, text, message):
    assert fault(read_sample, table(text), SEVERSTAL).startswith(message)


def test_the_sample_is_no_submission(real_data):
    path = real_data / "severstal" / "sample_submission.csv"
    found = fault(read_submission, path, SEVERSTAL)
    assert found.startswith(" row 1: class 0 is only the sample submission's placeholder")
    assert found.endswith("(9 more rows have a fault)")


NFC, NFD = (unicodedata.normalize(form, "été.png") for form in ("NFC", "NFD"))


@pytest.mark.parametrize(("table", "disk"), [(NFC, NFD), (NFD, NFC), (NFC, NFC)])
def test_names_of_another_unicode_form_are_the_files(table, disk, tmp_path):
    (tmp_path / "train.csv").write_text(f"ImageId,ClassId,EncodedPixels\n{table},1,1 2\n", encoding="utf-8")
    labels = read_labels(tmp_path / "train.csv", SEVERSTAL, ["a.png", disk])
    assert labels["ImageId"].tolist() == [disk]


@pytest.mark.parametrize(("table", "disk"), [(NFC, NFD), (NFD, NFC)])
def test_a_submission_is_spelt_as_the_sample_is(table, disk, tmp_path):
    (tmp_path / "sample.csv").write_text(
        f"ImageId,EncodedPixels,ClassId\n{table},1 409600,0\nb.png,,0\n", encoding="utf-8"
    )
    sample = read_sample(tmp_path / "sample.csv", SEVERSTAL, ["b.png", disk])
    assert sample.images == (disk, "b.png")
    masks = pd.DataFrame([(disk, 2, "1 9")], columns=["ImageId", "ClassId", "EncodedPixels"])
    write_submission(tmp_path / "out.csv", masks, sample, SEVERSTAL)
    expected = f"ImageId,EncodedPixels,ClassId\n{table},1 9,2\nb.png,,1\n"
    assert (tmp_path / "out.csv").read_text(encoding="utf-8") == expected
    (tmp_path / "other.csv").write_text(expected.replace(table, disk), encoding="utf-8")
    findings = check_submission(tmp_path / "other.csv", sample, SEVERSTAL)
    assert "is not among those of the sample submission in this Unicode form: copy the name" in findings[0]


def test_a_sample_is_made_of_the_test_pictures_where_there_is_none(tmp_path):
    data = InputFolder(tmp_path, SEVERSTAL)
    with pytest.raises(SeverstalError, match="test_images: holds no picture to segment"):
        read_test_sample(data)
    data.test_images.mkdir()
    for name in ("b.png", "a.png", "Thumbs.db"):
        (data.test_images / name).touch()
    assert read_test_sample(data) == Sample(("a.png", "b.png"), "today")
    data.sample_csv.write_text("ImageId,EncodedPixels,ClassId\nb.png,,0\na.png,,0\n")
    assert read_test_sample(data) == Sample(("b.png", "a.png"), "today")
