"""The log is shown on standard error, where and as long as somebody asks for it."""

import logging
import subprocess
import sys

import pytest
from tqdm import tqdm

from severstal.logs import log_shown, log_silenced, show_log

LOGGER = logging.getLogger("severstal")


@pytest.fixture(autouse=True)
def same_logger_afterwards() -> object:
    with log_shown():
        yield


def test_lines_go_to_standard_error_as_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    LOGGER.info("fold %d", 0)
    LOGGER.warning("out of memory")
    LOGGER.debug("not shown")
    assert capsys.readouterr() == ("", "fold 0\nout of memory\n")


def test_a_line_comes_once_however_often_it_is_switched_on(capsys: pytest.CaptureFixture[str]) -> None:
    show_log()
    with log_shown():
        show_log()
        LOGGER.info("once")
    LOGGER.info("and after")
    assert capsys.readouterr().err == "once\nand after\n"


def test_the_root_logger_s_handlers_do_not_get_a_second_copy(monkeypatch: pytest.MonkeyPatch) -> None:
    copies: list[logging.LogRecord] = []
    root = logging.Handler()
    root.emit = copies.append
    monkeypatch.setattr(logging.getLogger(), "handlers", [root])
    LOGGER.info("shown")
    assert not copies


def test_afterwards_all_is_as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    own = logging.NullHandler()
    monkeypatch.setattr(LOGGER, "handlers", [own])
    monkeypatch.setattr(LOGGER, "propagate", True)

    def interrupted() -> None:
        with log_shown():
            assert len(LOGGER.handlers) == 2
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert (LOGGER.handlers, LOGGER.propagate) == ([own], True)


def test_silenced_even_warnings_are_dropped(capsys: pytest.CaptureFixture[str]) -> None:
    with log_silenced():
        LOGGER.critical("dropped")
    LOGGER.info("shown again")
    assert capsys.readouterr().err == "shown again\n"


def test_a_line_does_not_break_a_progress_bar(capsys: pytest.CaptureFixture[str]) -> None:
    with tqdm(total=2, leave=False, mininterval=0, ascii=True) as bar:
        bar.update()
        LOGGER.info("a line")
        bar.update()
    lines = capsys.readouterr().err.split("\n")
    assert [line.rpartition("\r")[2] for line in lines[:-1]] == ["a line"]  # the bar was wiped before


SCRIPT = """
import logging, sys
{first}
import severstal
logging.getLogger("severstal").info("progress")
logging.getLogger("severstal").warning("note")
print([type(handler).__name__ for handler in logging.getLogger("severstal").handlers])
"""
KERNEL = """
from IPython.core.interactiveshell import InteractiveShell
InteractiveShell.instance()
"""


@pytest.mark.parametrize(
    ("first", "shown", "handlers"),
    [("", "", "['NullHandler']"), (KERNEL, "progress\nnote\n", "['NullHandler', 'BesideBars']")],
    ids=["library", "notebook"],
)
def test_imported_it_is_silent_but_in_a_notebook(first: str, shown: str, handlers: str) -> None:
    command = [sys.executable, "-W", "ignore", "-c", SCRIPT.format(first=first)]
    ran = subprocess.run(command, capture_output=True, text=True, check=True)
    assert (ran.stdout, ran.stderr) == (f"{handlers}\n", shown)
