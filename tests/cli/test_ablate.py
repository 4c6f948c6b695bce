"""The ablation, and recipes of several networks, as a person meets them on the command line."""

from collections.abc import Callable
from pathlib import Path

import pytest
import tyro

from severstal import experiments
from severstal.cli.ablate import ablate
from severstal.cli.jobs import predict, train
from severstal.experiments.rows import AblationRow, OutOfFoldScores


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def call(command: Callable, *words: str | Path) -> None:
    tyro.cli(command, args=[str(word) for word in words])


def test_arguments_are_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    given = []
    itself = AblationRow("recipe", "itself", None, "runs/a", OutOfFoldScores(0.9, 0.8, None, 30.0))
    monkeypatch.setattr(experiments, "ablate", lambda *values: given.append(values) or [itself])
    call(
        ablate,
        "smoke",
        "--input",
        "tiles",
        "--switches",
        "ema",
        "seed",
        "--train-folds",
        "2",
        "--engine",
        "ray",
    )
    call(ablate, "smoke")
    assert given == [
        ("smoke", Path("tiles"), ("ema", "seed"), 2, None, "ray"),
        ("smoke", None, (), None, None, "local"),
    ]


@pytest.mark.slow
def test_a_recipe_of_several_networks_is_trained_and_predicted(
    small_input: Path, tiny_recipe: Path, capsys: pytest.CaptureFixture
) -> None:
    members = (
        '[[members]]\nname = "a"\n[[members]]\nname = "b"\nmodel = {architecture = "fpn", options = {}}\n'
    )
    Path("pair.toml").write_text(tiny_recipe.read_text() + members)
    call(train, "pair.toml", "--input", small_input, "--name", "mine")
    assert capsys.readouterr().out.splitlines()[-1] == "runs/mine"
    call(predict, "runs/mine", "runs/mine-a")
    assert capsys.readouterr().out.splitlines()[-2:] == [
        "runs/mine-a/oof, runs/mine-a/test",
        "runs/mine-b/oof, runs/mine-b/test",
    ]
