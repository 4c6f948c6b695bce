"""A command run as a person types it, and submissions of the small input folder."""

from collections.abc import Callable
from pathlib import Path

import pytest

from severstal import cli
from severstal.cli import submissions
from severstal.cli.commands import COMMANDS
from severstal.competition.spec import read_spec
from severstal.competition.submission import write_submission
from severstal.competition.tables import Sample, read_labels, read_sample

TODAY = "ImageId,EncodedPixels,ClassId\n"


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> Callable:
    """Run a command in an empty folder; give its exit code, standard output and error output."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SEVERSTAL_INPUT", raising=False)
    monkeypatch.setitem(COMMANDS, "diff", submissions.diff)

    def run(*arguments: str | Path) -> tuple[int, str, str]:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            cli.main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return ended.value.code, captured.out, captured.err

    return run


@pytest.fixture
def small(small_input: Path, tmp_path: Path) -> Path:
    """The small input folder; beside it in the working folder `truth.csv`, the test labels, and submissions:
    `right.csv` is the truth, `old.csv` the same in 2019's form, `half.csv` lacks a mask, `none.csv` has none,
    and `oof.csv` holds the train labels."""
    spec = read_spec(small_input)
    sample = read_sample(small_input / "sample_submission.csv", spec)
    truth = read_labels(small_input / "test_labels.csv", spec)
    labels = read_labels(small_input / "train.csv", spec)
    train = Sample(tuple(f"train{k:02d}.png" for k in range(18)), "today")
    (tmp_path / "truth.csv").write_bytes((small_input / "test_labels.csv").read_bytes())
    write_submission(tmp_path / "right.csv", truth, sample, spec)
    write_submission(tmp_path / "old.csv", truth, sample, spec, "2019")
    write_submission(tmp_path / "half.csv", truth.iloc[1:], sample, spec)
    write_submission(tmp_path / "none.csv", truth.iloc[:0], sample, spec)
    write_submission(tmp_path / "oof.csv", labels, train, spec)
    write_submission(tmp_path / "oof_half.csv", labels.iloc[::2], train, spec)
    return small_input


def the_line(result: tuple[int, str, str]) -> str:
    """The one line of an error that a person can repair; nothing else is printed."""
    code, printed, error = result
    assert (code, printed) == (2, ""), error
    assert error.startswith("severstal: ")
    assert len(error.splitlines()) == 1
    return error
