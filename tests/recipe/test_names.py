"""Whatever a folder is called, a run on it gets a name that file systems and the command line take."""

import unicodedata
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from severstal.recipe.names import plain_name
from severstal.recipe.recipe import PLAIN_NAME


@given(st.text())
@example("")
@example("-x")
@example("..")
@example("NUL.txt")
@example("e\u0301" * 200)
@example("钢" * 200)
@example("\udce9t\udce9")  # how Python gives a file name that is not UTF-8
def test_any_text_gives_a_valid_name_that_stays(text: str) -> None:
    name = plain_name(text)
    assert PLAIN_NAME.fullmatch(name)
    assert name[0] not in ".-"
    assert len(name.encode()) <= 100
    assert unicodedata.is_normalized("NFC", name)
    assert plain_name(name) == name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("my data", "my-data"),
        ("Étude n° 3: été", "Étude-n-3-été"),
        ("E\u0301tude", "Étude"),
        ("강판 (2)", "강판-2"),
        ("severstal-steel-defect-detection", "severstal-steel-defect-detection"),
        ("a.b_c", "a.b_c"),
        (".hidden", "hidden"),
    ],
)
def test_letters_of_every_script_stay(text: str, name: str) -> None:
    assert plain_name(text) == name


def test_unlike_texts_that_lose_all_or_their_end_stay_unlike() -> None:
    texts = ["!", "?", "", "con", "x" * 300, "x" * 301]
    assert len({plain_name(text) for text in texts}) == len(texts)


@pytest.mark.parametrize("text", ["my data", "钢" * 200, "con", "a/b", "..", "e\u0301"])
def test_the_file_system_takes_the_name(text: str, tmp_path: Path) -> None:
    (tmp_path / plain_name(text)).mkdir()
    assert [entry.name for entry in tmp_path.iterdir()] == [plain_name(text)]
