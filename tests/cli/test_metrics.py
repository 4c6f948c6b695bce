"""The figures of a submission, as a person asks for them."""

import json

import pandas as pd
import pytest

from severstal import cli
from severstal.cli.commands import COMMANDS
from severstal.cli.metrics import metrics
from severstal.competition.spec import read_spec
from severstal.competition.submission import write_submission
from severstal.competition.tables import read_labels, read_sample


@pytest.fixture
def small(small_input, tmp_path, monkeypatch):
    """The small input folder, and beside it `truth.csv`, `right.csv` and `none.csv`."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SEVERSTAL_INPUT", raising=False)
    monkeypatch.setitem(COMMANDS, "metrics", metrics)
    spec = read_spec(small_input)
    sample = read_sample(small_input / "sample_submission.csv", spec)
    truth = read_labels(small_input / "test_labels.csv", spec)
    (tmp_path / "truth.csv").write_bytes((small_input / "test_labels.csv").read_bytes())
    write_submission(tmp_path / "right.csv", truth, sample, spec)
    write_submission(tmp_path / "none.csv", truth.iloc[:0], sample, spec)
    return small_input


@pytest.fixture
def command(capsys):
    """Run the command; give its exit code, standard output and error output."""

    def run(*arguments):
        with pytest.raises(SystemExit) as ended:
            cli.main(["metrics", *map(str, arguments)])
        captured = capsys.readouterr()
        return ended.value.code, captured.out, captured.err

    return run


def figures(path):
    return pd.DataFrame.from_dict(json.loads(path.read_text())["figures"], orient="index")


def test_the_truth_is_perfect(small, command, tmp_path):
    code, out, _ = command("right.csv", "--truth", "truth.csv", "--input", small, "--json", "all.json")
    assert code == 0
    assert "mean_iou" in out
    assert "calibration_error" not in out  # a submission has no probabilities
    table = figures(tmp_path / "all.json")
    perfect = {"score", "iou", "average_precision", "boundary_f1", "pair_f1", "frequency_weighted_iou"}
    assert (table.loc[sorted(perfect), "all"] == 1).all()
    assert table.loc["hausdorff", "all"] == 0


def test_the_score_is_that_of_the_score_command(small, command, tmp_path, capsys):
    command("none.csv", "--truth", "truth.csv", "--input", small, "--json", "all.json")
    with pytest.raises(SystemExit):
        cli.main(["score", "none.csv", "--truth", "truth.csv", "--input", str(small), "--json", "score.json"])
    score = json.loads((tmp_path / "score.json").read_text())
    flat = json.dumps(score)
    assert f'"score": {figures(tmp_path / "all.json").loc["score", "all"]}' in flat


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["right.csv"], "name labels with --truth"),
        (["runs/absent"], "runs/absent is missing: name a submission, or a run's folder"),
        (["right.csv", "--truth", "truth.csv"], "which images count is not known"),
        (["right.csv", "--truth", "truth.csv", "--tolerance", "-1"], "--tolerance is -1: give 0 or more"),
        ([".", "--truth", "truth.csv"], "is a run, which knows its own images: leave out --truth"),
        (["absent.csv", "--truth", "truth.csv", "--images", "right.csv"], "absent.csv"),
    ],
)
def test_what_cannot_be_measured_is_reported_in_one_line(small, command, arguments, message):
    code, _, err = command(*arguments)
    assert code == 2
    assert message in err
    assert err.startswith("severstal: ")
    assert err.count("\n") == 1
