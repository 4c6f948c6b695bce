"""The table of text holds every number of the comparison."""

import pandas as pd
import pytest

from severstal.report.thresholds.objective import objectives_table


@pytest.mark.parametrize(("gain", "word"), [(0.01, "no"), (0.05, "yes")])
def test_every_number_is_in_the_table(gain, word):
    row = {"images": 1234, "all_empty": 0.85, "a": 0.9, "a_low": 0.88, "a_high": 0.92}
    row |= {"b": 0.9 + gain, "b_low": 0.89, "b_high": 0.99}
    row |= {"gain": gain, "gain_low": gain - 0.02, "gain_high": gain + 0.02, "significant": gain > 0.02}
    column = objectives_table(pd.DataFrame([row], index=["all images"]), ("a", "b"))["all images"]
    assert column.tolist() == [
        "0.9000 (0.8800 to 0.9200)",
        f"{0.9 + gain:.4f} (0.8900 to 0.9900)",
        f"{gain:+.4f} ({gain - 0.02:+.4f} to {gain + 0.02:+.4f})",
        word,
        "0.8500",
        "1,234",
    ]
