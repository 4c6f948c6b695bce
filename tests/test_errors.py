"""A person's mistake is shown as a line, never as a traceback."""

import pytest

from severstal.errors import SeverstalError, is_printable, printable, shown


def test_the_message_is_the_error_and_the_exit_code_is_2():
    error = SeverstalError("train.csv row 7: class 9")
    assert str(error) == "train.csv row 7: class 9"
    assert error.exit_code == 2


def test_a_notebook_shows_the_line_alone(capsys):
    interactiveshell = pytest.importorskip("IPython.core.interactiveshell")
    shell = interactiveshell.InteractiveShell()
    shell.run_cell(
        "from severstal.errors import SeverstalError; raise SeverstalError('train.csv row 7: class 9')"
    )
    shown = "".join(capsys.readouterr())
    assert shown.strip() == "severstal: train.csv row 7: class 9"


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("class 1", "class 1"),
        (
            "\u3042 \u00e9 \u0627\u200c\u0644",
            "\u3042 \u00e9 \u0627\u200c\u0644",
        ),
        ("\x1b]0;title\x07", r"\x1b]0;title\x07"),
        ("\x9b2J", r"\x9b2J"),  # the one-character form of ESC [
        ("\u202egpj.exe", r"\u202egpj.exe"),  # turns the order of what follows round
        ("a\rb\x00c\x7f\u2028\udc80", r"a\rb\x00c\x7f\u2028\udc80"),
        ("a\tb\n", "a\tb\n"),
    ],
)
def test_control_characters_are_escaped(text, escaped):
    assert printable(text) == escaped
    assert is_printable(text) == (escaped == text and "\n" not in text)


def test_values_are_shown_short_and_on_one_line():
    deep = []
    for _ in range(100_000):
        deep = [deep]
    for value in (deep, "x\n" * 10_000, list(range(10_000)), {"a": {"b": "\x1b" * 999}}, 10**4_000):
        assert len(shown(value)) < 250
        assert is_printable(shown(value))
    assert shown({"b": 1, "a": ()}) == "{'b': 1, 'a': ()}"
    assert shown((256, 1600)) == "(256, 1600)"
