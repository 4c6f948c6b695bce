"""A submission is written whole and right, or not at all."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from severstal.competition.checking import check_submission
from severstal.competition.spec import SEVERSTAL, Spec, read_spec
from severstal.competition.submission import write_submission
from severstal.competition.tables import Sample, read_labels, read_sample, read_submission
from severstal.errors import SeverstalError

COLUMNS = ["ImageId", "ClassId", "EncodedPixels"]
TODAY = "ImageId,EncodedPixels,ClassId\n"
OLD = "ImageId_ClassId,EncodedPixels\n"
SAMPLE = Sample(("b.jpg", "a.jpg"), "today")
TINY = Spec("tiny", (4, 6), ("a", "b", "c"))


def predictions(*rows):
    return pd.DataFrame(rows, columns=COLUMNS)


def test_todays_form_names_every_image(tmp_path):
    path = tmp_path / "folder" / "submission.csv"
    write_submission(path, predictions(("a.jpg", 4, "9 2"), ("a.jpg", 2, "5 3")), SAMPLE, SEVERSTAL)
    assert path.read_bytes() == TODAY.encode() + b"b.jpg,,1\na.jpg,5 3,2\na.jpg,9 2,4\n"
    assert [entry.name for entry in path.parent.iterdir()] == ["submission.csv"]


def test_2019s_form_has_one_row_per_pair(tmp_path):
    path = tmp_path / "submission.csv"
    write_submission(path, predictions(("a.jpg", 2, "5 3")), SAMPLE, SEVERSTAL, form="2019")
    empty = [f"b.jpg_{k}," for k in range(1, 5)]
    expected = [OLD.strip(), *empty, "a.jpg_1,", "a.jpg_2,5 3", "a.jpg_3,", "a.jpg_4,"]
    assert path.read_text().splitlines() == expected
    assert check_submission(path, Sample(SAMPLE.images, "2019"), SEVERSTAL) == []
    (finding,) = check_submission(path, SAMPLE, SEVERSTAL)
    assert finding == f"header: the columns are `{OLD.strip()}`: write them as `{TODAY.strip()}`"


@settings(max_examples=60, deadline=None)
@given(
    images=st.lists(st.text('ab_," \u00e9', min_size=1, max_size=4), min_size=1, max_size=5, unique=True),
    form=st.sampled_from(["today", "2019"]),
    data=st.data(),
)
def test_what_is_written_passes_the_check_and_is_read_back(tmp_path_factory, images, form, data):
    path = tmp_path_factory.getbasetemp() / "property.csv"
    pairs = st.tuples(st.sampled_from(images), st.integers(1, 3), st.sampled_from(["1 24", "3 2 7 4"]))
    rows = data.draw(st.lists(pairs, max_size=8, unique_by=lambda row: row[:2]))
    sample = Sample(tuple(images), form)
    write_submission(path, predictions(*rows), sample, TINY)
    assert check_submission(path, sample, TINY) == []
    assert read_sample(path, TINY) == sample
    found = read_submission(path, TINY).itertuples(index=False, name=None)
    assert list(found) == sorted(rows, key=lambda row: (images.index(row[0]), row[1]))


@pytest.mark.parametrize("name", ["severstal", "magnetic_tile"])
@pytest.mark.parametrize("form", ["today", "2019"])
def test_the_real_samples_can_be_filled(real_data, tmp_path, name, form):
    folder, path = real_data / name, tmp_path / "submission.csv"
    spec = read_spec(folder)
    sample = read_sample(folder / "sample_submission.csv", spec)
    runs = read_labels(folder / "train.csv", spec)["EncodedPixels"]
    rows = [(image, k, runs.iloc[k]) for image in sample.images[::3] for k in spec.class_ids if k != 2]
    write_submission(path, predictions(*rows), sample, spec, form)
    assert list(read_submission(path, spec).itertuples(index=False, name=None)) == rows
    assert tuple(dict.fromkeys(read_sample(path, spec).images)) == sample.images


@pytest.mark.parametrize("form", ["today", "2019"])
@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([("c.jpg", 1, "5 3")], "image c.jpg is not among those of the sample"),
        ([("a.jpg", 9, "5 3")], "class `9` is not one of 1 to 4"),
        ([("a.jpg", 0, "5 3")], "class 0 is only"),
        ([("a.jpg", 1, "5 3"), ("a.jpg", 1, "5 4")], "has another mask in row"),
        ([("a.jpg", 1, "5 0"), ("a.jpg", 2, "5 0")], r"run 1 \(`5 0`\) .* \(and 1 more\)"),
        ([("a.jpg", 1, float("nan"))], r"run 1 \(`nan`\)"),
    ],
)
def test_faulty_predictions_leave_the_earlier_file(tmp_path, form, rows, message):
    path = tmp_path / "submission.csv"
    path.write_text("earlier")
    with pytest.raises(SeverstalError, match=rf"submission\.csv: not written: row \d+: .*{message}"):
        write_submission(path, predictions(*rows), SAMPLE, SEVERSTAL, form)
    assert path.read_text() == "earlier"
    assert [entry.name for entry in tmp_path.iterdir()] == ["submission.csv"]


@pytest.mark.parametrize("form", ["today", "2019"])
def test_a_prediction_with_an_empty_text_is_none(form, tmp_path):
    rows = [("a.jpg", 3, ""), ("b.jpg", 2, "5 3"), ("b.jpg", 4, "")]
    table = pd.DataFrame(rows, columns=["ImageId", "ClassId", "EncodedPixels"])
    sample = Sample(("a.jpg", "b.jpg"), form)
    for name, predictions in (("all.csv", table), ("filled.csv", table[table["EncodedPixels"] != ""])):
        write_submission(tmp_path / name, predictions, sample, SEVERSTAL)
    assert (tmp_path / "all.csv").read_bytes() == (tmp_path / "filled.csv").read_bytes()
