"""Static where nothing moves, interactive where it does."""

import pandas as pd

from severstal.report.live import Live

TABLE = pd.DataFrame({"dice": [0.5]})


def test_by_hand_the_interactive_one_stands_beside_the_static_text(by_hand) -> None:
    data, _ = Live(TABLE, lambda: "<b>moves</b>")._repr_mimebundle_()
    assert data["text/plain"] == repr(TABLE)
    assert (data["text/html"] == "<b>moves</b>") == by_hand
    assert ("<table" in data["text/html"]) != by_hand


def test_nothing_is_built_where_nothing_moves(by_hand) -> None:
    built = []
    Live(TABLE, lambda: built.append(1) or "")._repr_mimebundle_()
    assert bool(built) == by_hand
