"""Rows are JSON."""

import json
import math

from severstal.runs.rows import RunRow, RunTable


def test_rows_are_json_without_nan() -> None:
    row = RunRow("a", "plain", ("b", "c"), "/data/tiles", 1, 3, 12, math.nan, None, 90.0, "c0ffee" * 6)
    table = RunTable((row,), (("d", "why"),))
    found = json.loads(json.dumps(table.to_dict(), allow_nan=False))
    assert found["runs"][0]["score"] is None
    assert found["runs"][0]["members"] == ["b", "c"]
    assert found["others"] == [{"name": "d", "reason": "why"}]
