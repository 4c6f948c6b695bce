"""Any fault in a file is one line."""

import pytest

from severstal.annotations.outside import base_name, read_foreign_json, read_xml
from severstal.errors import SeverstalError


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"", "not JSON"),
        (b"{'a': 1}", "not JSON"),
        (b"\xff\xfe{\x00}", "not UTF-8"),
        (b"\xe9", "not UTF-8"),
        (b"[" * 200_000, "nested too deeply"),
        (b'{"a": ' + b"9" * 5000 + b"}", "not JSON"),
    ],
)
def test_json_faults(text, message, tmp_path, fault):
    path = tmp_path / "a.json"
    path.write_bytes(text)
    assert message in fault(read_foreign_json, path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"", "not XML"),
        (b"<a>", "not XML"),
        (b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>', "document type"),
        ('<?xml version="1.0" encoding="utf-16"?><!DOCTYPE a><a/>'.encode("utf-16"), "document type"),
        ('<?xml version="1.0" encoding="utf-16"?><!DOCTYPE a><a/>'.encode("utf-16-le"), "not XML"),
        (b"<a>&undefined;</a>", "not XML"),
        (b"<a>\x00</a>", "not XML"),
    ],
)
def test_xml_faults(text, message, tmp_path, fault):
    path = tmp_path / "a.xml"
    path.write_bytes(text)
    assert message in fault(read_xml, path)


def test_files_that_are_none(tmp_path, fault):
    assert "is a folder" in fault(read_foreign_json, tmp_path)
    assert "no such file" in fault(read_foreign_json, tmp_path / "b.json")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_what_a_byte_order_mark_tells_is_read(encoding, tmp_path):
    (tmp_path / "a.json").write_bytes('["é"]'.encode(encoding))
    assert read_foreign_json(tmp_path / "a.json") == ["é"]
    (tmp_path / "a.xml").write_bytes('<?xml version="1.0" encoding="utf-16"?><é/>'.encode(encoding))
    assert read_xml(tmp_path / "a.xml").tag == "é"


def test_a_huge_file_is_not_read(tmp_path, fault, monkeypatch):
    monkeypatch.setattr("severstal.annotations.outside.MAX_BYTES", 3)
    (tmp_path / "a.json").write_text("[1, 2]")
    assert "larger than" in fault(read_foreign_json, tmp_path / "a.json")


@pytest.mark.parametrize("text", ["../../a.jpg", "/etc/a.jpg", "c:\\x\\a.jpg", "a.jpg", "..\\a.jpg"])
def test_only_the_name_counts(text):
    assert base_name(text) == "a.jpg"


def test_a_repeated_key_is_refused_and_loses_no_labels(tmp_path):
    path = tmp_path / "a.json"
    path.write_text('{"annotations": [1], "images": [], "annotations": []}')
    with pytest.raises(SeverstalError, match=r"a\.json: the key 'annotations' stands twice in one object"):
        read_foreign_json(path)
