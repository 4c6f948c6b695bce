"""Help reads as sentences, and the same option means the same in every command."""

import re
from collections import defaultdict

import pytest

from severstal import cli
from severstal.cli.commands import COMMANDS


def help_of(word: str, capsys: pytest.CaptureFixture) -> str:
    with pytest.raises(SystemExit) as ended:
        cli.main([word, "--help"])
    assert not ended.value.code
    return capsys.readouterr().out


@pytest.mark.parametrize("word", COMMANDS)
def test_no_placeholder_is_a_type(word: str, capsys: pytest.CaptureFixture) -> None:
    assert not re.search(r"\{None\}|\b(PATH|STR|INT|FLOAT)\b|default: None", help_of(word, capsys))


def test_an_option_has_one_placeholder(capsys: pytest.CaptureFixture) -> None:
    found = defaultdict(set)
    for word in COMMANDS:
        for option, value in re.findall(r"│ (--[\w-]+)[, ]+([^ │]+)", help_of(word, capsys)):
            found[option].add(value)
    different = {option: values for option, values in found.items() if len(values) > 1}
    # Where an output is a file in one command and a folder in another, the placeholder says which.
    assert set(different) <= {"--output", "--images", "--json"}, different
