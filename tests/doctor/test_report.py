"""A report has the same contents as text and as JSON."""

import json

from severstal.doctor import Finding, Report

SURE = Finding(
    "wrong order", "a.csv", "rows are unsorted", 9, "sort them", examples=("row 2: b",), repaired=True
)
UNSURE = Finding("flip", "a.csv", "masks are flipped", 7, "flip them", "what lies under them", 0.9)


def test_the_text_numbers_findings_and_says_how_sure_they_are() -> None:
    text = Report("a.csv", ("a.csv: 9 rows",), (SURE, UNSURE), ("shifts: too few",)).to_text()
    assert text.startswith("a.csv: 2 findings\n  read: a.csv: 9 rows\n")
    assert "1. a.csv: rows are unsorted (certain; 9 concerned)" in text
    assert "     row 2: b\n     and 8 more" in text
    assert "sort them [--repair does it]" in text
    assert "2. a.csv: masks are flipped (probability 0.9; 7 concerned)" in text
    assert "evidence: what lies under them" in text
    assert text.endswith("Not known:\n  shifts: too few")


def test_json_holds_it_all() -> None:
    report = Report("a.csv", (), (SURE, UNSURE), ("x",))
    loaded = json.loads(json.dumps(report.to_dict()))
    assert not loaded["clean"]
    assert [finding["certain"] for finding in loaded["findings"]] == [True, False]
    assert loaded["findings"][0]["examples"] == ["row 2: b"]
    assert loaded["untested"] == ["x"]
    assert (report.exit_code, Report("a", (), (), ()).exit_code) == (1, 0)


def test_what_is_nearly_certain_is_not_shown_as_certain() -> None:
    almost = Finding("flip", "a", "b", 1, "c", certainty=1 - 1e-12)
    text = Report("a", (), (almost,), ()).to_text()
    assert "probability over 0.9999;" in text
