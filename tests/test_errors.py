"""A person's mistake is shown as a line, never as a traceback."""

import pytest

from severstal.errors import SeverstalError


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
