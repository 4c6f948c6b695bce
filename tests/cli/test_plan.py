"""`severstal plan`: a table of sessions, and one line for what cannot be planned."""

import pytest

from severstal.cli import main


def run(capsys, *words):
    with pytest.raises(SystemExit) as ended:
        main(["plan", *map(str, words)])
    captured = capsys.readouterr()
    return ended.value.code, captured.out, captured.err


def test_a_plan_has_every_fold_and_names_its_ratio(tiny_recipe, small_input, capsys):
    code, printed, _ = run(capsys, tiny_recipe, "--input", small_input, "--device", "t4x2", "--hours", "9")
    assert code == 0
    lines = printed.splitlines()
    assert lines[0].split() == ["session", "network", "fold", "epochs", "hours"]
    assert lines[1].split()[:3] == ["1", "tiny", "0"]
    assert "in 1 sessions of 9 h" in printed
    assert "t4x2: " in lines[-1]
    assert lines[-1].endswith("as 2 x 65 TFLOP/s of which 15% are assumed to be reached")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--device", "p100"), "severstal: --device p100: today's torch has no kernels"),
        (("--device", "t5"), "severstal: --device 't5' is unknown: the nearest known one is 't4'"),
        (("--hours", "0"), "severstal: --hours is 0: give more than 0"),
        (("--hours", "nan"), "severstal: --hours is nan: give more than 0"),
        (("--input", "nowhere"), "severstal: nowhere/train_images: no such folder"),
    ],
)
def test_what_cannot_be_planned_is_one_line(words, message, tiny_recipe, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    code, printed, error = run(capsys, tiny_recipe, *words)
    assert (code, printed) == (2, "")
    assert error.startswith(message)
    assert len(error.splitlines()) == 1
