"""Every fault of a CSV file ends in one line that names the file, the row and the repair."""

import gzip
import re

import pytest

from severstal.competition.rows import (
    TABLE_COLUMNS,
    TableRow,
    read_rows,
    row_faults,
    run_faults,
    shorten_text,
)
from severstal.competition.spec import SEVERSTAL
from severstal.errors import SeverstalError

TODAY = ",".join(TABLE_COLUMNS["today"]) + "\n"
OLD = ",".join(TABLE_COLUMNS["2019"]) + "\n"


def fault(path, read=read_rows):
    with pytest.raises(SeverstalError) as caught:
        read(path)
    message = str(caught.value)
    assert message.startswith(str(path))
    assert "\n" not in message
    return message.removeprefix(str(path))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", ": empty: fetch"),
        (b"\n\r\n\n", ": empty: fetch"),
        (bytes(range(256)), ": not UTF-8 text: save it again"),
        ((TODAY + "é.jpg,1,1 3\n").encode("cp1252"), ": not UTF-8 text: save it again"),
        ((TODAY + "a.jpg,1,1 3\n").encode("utf-16")[:-1], ": not UTF-8 text: save it again"),
        ((TODAY + "\u00e9.jpg,1,1 3\n").encode("latin-1"), ": not UTF-8 text: save it again"),
        (TODAY + "a.jpg,1,1 3\nb.jpg,1\n", " row 2: the header has 3 cells, this row 2: complete"),
        (TODAY + "a.jpg,1,1 3,\n", " row 1: the header has 3 cells, this row 4: complete"),
        (OLD + "a.jpg_1,\na.jpg_2\n", " row 2: the header has 2 cells, this row 1: complete"),
        (TODAY + 'a.jpg,1,1 3\nb.jpg,1,"1 3\nc.jpg,1,1 3\n', " row 2: a quotation mark is out of place"),
        (TODAY + 'a.jpg,1,"1 3"4\n', " row 1: a quotation mark is out of place"),
        ('"ImageId,ClassId\n', " header: a quotation mark is out of place"),
        ("ImageId,EncodedPixels\na.jpg,1 3\n", ": column ClassId is missing, the header is `ImageId,Enc"),
        ("ImageId,ClassId\na.jpg,1\n", ": column EncodedPixels is missing"),
        ("ClassId,EncodedPixels\n1,1 3\n", ": column ImageId is missing"),
        ("ImageId_ClassId,Pixels\na.jpg_1,1 3\n", ": column EncodedPixels is missing"),
        (TODAY.replace(",", ";"), ": semicolons separate its columns: save it again with commas"),
        (TODAY.replace(",", "\t"), ": tabs separate its columns: save it again with commas"),
        (b"PK\x03\x04" + bytes(90), ": a ZIP archive, not a CSV file: unpack it and name the file inside"),
        (gzip.compress(TODAY.encode()), ": a gzip archive, not a CSV file: unpack it"),
        ("a.jpg,1," + "1 3 " * 300, ": column ImageId is missing, the header is `a.jpg,1,1 3 1 3"),
    ],
)
def test_a_file_that_is_no_table_ends_in_one_line(tmp_path, data, message):
    path = tmp_path / "train.csv"
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    found = fault(path)
    assert found.startswith(message)
    assert len(found) < 350


def test_a_missing_file_and_a_folder_end_in_one_line(tmp_path):
    assert fault(tmp_path / "train.csv").startswith(": no such file: correct the path")
    assert fault(tmp_path).startswith(": Is a directory: give a CSV file")


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
@pytest.mark.parametrize("header", [b"ImageId,ClassId,EncodedPixels", b'"ImageId","ClassId","EncodedPixels"'])
@pytest.mark.parametrize("last", [True, False])
def test_marks_and_line_ends_change_nothing(tmp_path, mark, end, header, last):
    path = tmp_path / "train.csv"
    lines = [header, b"NA,1,1 3", b"", b'"a, b.jpg",2,', b"\xc3\xa9.jpg,3,5 6"]
    path.write_bytes(mark + end.join(lines) + (end if last else b""))
    assert read_rows(path) == (
        "today",
        [TableRow("NA", "1", "1 3"), TableRow("a, b.jpg", "2", ""), TableRow("\u00e9.jpg", "3", "5 6")],
    )


def test_columns_are_in_any_order_among_others(tmp_path):
    path = tmp_path / "train.csv"
    path.write_text(",EncodedPixels,fold,ClassId,ImageId\n0,1 3,4,2,a.jpg\n")
    assert read_rows(path) == ("today", [TableRow("a.jpg", "2", "1 3")])
    path.write_text("EncodedPixels,ImageId_ClassId\n1 3,a_b_1.jpg_2\n")
    assert read_rows(path) == ("2019", [TableRow("a_b_1.jpg", "2", "1 3")])


@pytest.mark.parametrize(
    "text", ["x", "2.5", "3.0", "0", "5", "9", "-1", " 3", "03", "+3", "\uff13", "nan", "1e0"]
)
def test_a_class_is_a_number_of_the_list(text):
    found = row_faults([TableRow("a.jpg", "4", "1 3"), TableRow("b.jpg", text, "1 3")], range(1, 5))
    assert list(found) == [1]
    assert re.search(r"class .* 1 to 4", found[1])


def test_messages_name_the_wrong_value_and_the_repair():
    rows = [
        TableRow("a.jpg", "1", "1 3"),
        TableRow("", "1", "1 3"),
        TableRow("b.jpg", "", "1 3"),
        TableRow("b.jpg", "7", "1 3"),
        TableRow("b.jpg", " 2", "1 3"),
        TableRow("b.jpg", "0", "1 3"),
        TableRow("c.jpg", "1", "1 3"),
        TableRow("a.jpg", "1", "1 3"),
        TableRow("a.jpg", "1", "1 4"),
        TableRow("b.jpg", "1", " "),
    ]
    found = row_faults(rows, range(1, 5), images=["a.jpg", "b.jpg"], may_be_empty=False)
    assert found == {
        1: "the image's name is empty: write it, or delete the row",
        2: "image b.jpg has no class: write one of 1 to 4",
        3: "class `7` is not one of 1 to 4: correct it, or list it in dataset.toml",
        4: "class ` 2` is not one of 1 to 4: correct it",
        5: "class 0 is only the sample submission's placeholder: write one of 1 to 4, "
        "and if the image has no defect, delete the row",
        6: "image c.jpg is not among the data set's pictures: correct the name or delete the row",
        7: "image a.jpg class 1 repeats row 1: delete one of the two",
        8: "image a.jpg class 1 has another mask in row 1: keep one, or merge them",
        9: "image b.jpg class 1 has an empty mask: write its runs or delete the row",
    }


def test_a_list_of_one_class_reads_well():
    assert row_faults([TableRow("a.jpg", "2", "")], range(1, 2))[0].startswith("class `2` is not one of 1:")


def test_run_faults_belong_to_their_rows():
    rows = [
        TableRow("a", "1", ""),
        TableRow("b", "1", "1"),
        TableRow("c", "1", "1 3"),
        TableRow("d", "1", " "),
        TableRow("e", "1", "1 3 17 0"),
    ]
    found = run_faults(rows, SEVERSTAL)
    assert list(found) == [1, 4]
    assert found[4].startswith("run 2 (`17 0`)")


def test_names_from_a_stranger_stay_on_one_line():
    found = row_faults([TableRow("c\nd" + "x" * 500, "1", "")], range(1, 5), images=["a.jpg"])[0]
    assert "\n" not in found
    assert len(found) < 200
    assert shorten_text("short") == "short"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_what_a_byte_order_mark_tells_is_read(encoding, tmp_path):
    (tmp_path / "a.csv").write_bytes((TODAY + "é.jpg,1,1 3\r\n").encode(encoding))
    assert read_rows(tmp_path / "a.csv") == ("today", [TableRow("é.jpg", "1", "1 3")])
