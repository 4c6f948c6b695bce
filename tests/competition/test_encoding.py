"""Encodings with a byte-order mark are read; others are not guessed."""

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from severstal.competition.encoding import decode_text

MARKED = {
    "utf-8": codecs.BOM_UTF8,
    "utf-16-le": codecs.BOM_UTF16_LE,
    "utf-16-be": codecs.BOM_UTF16_BE,
    "utf-32-le": codecs.BOM_UTF32_LE,
    "utf-32-be": codecs.BOM_UTF32_BE,
}


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\ufeff\0")))
def test_every_encoding_gives_the_text_back(text: str) -> None:
    assert decode_text(text.encode()) == text
    for encoding, mark in MARKED.items():
        assert decode_text(mark + text.encode(encoding)) == text


@pytest.mark.parametrize("data", ["été".encode("cp1252"), "강".encode("cp949"), codecs.BOM_UTF16_LE + b"a"])
def test_code_pages_and_halves_are_refused(data: bytes) -> None:
    with pytest.raises(UnicodeDecodeError):
        decode_text(data)
