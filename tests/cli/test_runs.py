"""Runs listed, and two of them, or two CSVs, compared from the command line."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from severstal import cli
from severstal.cli.runs import runs
from severstal.competition.scored import ScoredPairs, score_masks
from severstal.competition.spec import Spec, read_spec
from severstal.competition.tables import read_labels
from severstal.decision.summary import SUMMARY_EDITION
from severstal.evaluation.bootstrap import Interval
from severstal.experiments.rows import RecipeRow
from severstal.files import checksum, write_text
from severstal.recipe import Recipe
from severstal.runs.folder import write_run
from severstal.runs.record import Stage

IMAGES = [f"train{k:02d}.png" for k in range(18)]


@pytest.fixture
def command(
    tmp_path: Path, small_input: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> Callable:
    """Run the command beside two scored runs, and two CSVs; give its exit code and what it printed."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SEVERSTAL_INPUT", raising=False)
    spec = read_spec(small_input)
    labels = read_labels(small_input / "train.csv", spec)
    for name, table in (("a", labels.iloc[::2]), ("b", labels)):
        make_run(Path("runs", name), small_input, spec, score_masks(table, labels, IMAGES, spec))
        table.to_csv(f"{name}.csv", index=False)
    labels.to_csv("truth.csv", index=False)

    def run(*arguments: str | Path) -> tuple[int, str, str]:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            cli.main([*map(str, arguments)])
        captured = capsys.readouterr()
        return ended.value.code, captured.out, captured.err

    return run


def make_run(folder: Path, root: Path, spec: Spec, pairs: ScoredPairs) -> None:
    """A run as scoring leaves it: with a record of each stage on the way to its pairs."""
    recipe = Recipe()
    write_run(folder, recipe, root, spec)
    weights = [folder / f"fold{fold}" / "model.safetensors" for fold in range(recipe.data.train_folds)]
    for path in weights:
        write_text(path, "weights")
        Stage(folder, f"train-{path.parent.name}", {}).finish([path])
    split, summary = folder / "folds.csv", folder / "oof" / "summary.npz"
    write_text(split, "folds")
    write_text(summary, "summary")
    pairs.save(folder / "oof" / "pairs.csv")
    settings = recipe.to_dict()
    del settings["inference"]["batch_size"]
    maps = {"weights": [checksum(path) for path in weights], "pictures": "p", "folds": checksum(split)}
    predicted = Stage(folder, "oof", maps | {"inference": settings["inference"]})
    predicted.finish([])
    inputs = {"maps": predicted.key, "labels": "labels", "edition": SUMMARY_EDITION}
    Stage(folder, "summary", inputs).finish([summary])
    rules = {"summary": checksum(summary), "folds": checksum(split), "labels": "labels"}
    rules |= {"decision": settings["decision"], "seed": recipe.fold_seed}
    Stage(folder, "rules", rules).finish([folder / "oof" / "pairs.csv"])


def the_line(result: tuple[int, str, str]) -> str:
    code, printed, error = result
    assert (code, printed) == (2, ""), error
    assert error.startswith("severstal: ")
    assert len(error.splitlines()) == 1
    return error


def test_two_runs_and_two_csvs_of_the_same_masks_compare_alike(command: Callable, small_input: Path) -> None:
    code, printed, _ = command("compare-runs", "runs/a", "runs/b", "--json", "runs.json")
    assert code == 0
    assert printed.splitlines()[:2] == ["A runs/a", "B runs/b"]
    assert "B is better by 0.1667" in printed
    code, printed, _ = command(
        "compare-submissions",
        "a.csv",
        "b.csv",
        "--truth",
        "truth.csv",
        "--input",
        small_input,
        "--json",
        "csvs.json",
    )
    assert code == 0
    assert "over all 18 train images" in printed
    of_runs, of_csvs = (json.loads(Path(f"{name}.json").read_text()) for name in ("runs", "csvs"))
    for key in ("whole", "classes", "images", "verdict", "better"):
        assert of_runs[key] == of_csvs[key]
    assert of_runs["is_significant"] is True
    assert of_runs["whole"]["gains"]["missed"] == pytest.approx(of_runs["whole"]["difference"]["mean"])
    assert of_csvs["truth"] == "truth.csv"


def test_what_cannot_be_compared_is_one_line(command: Callable, small_input: Path) -> None:
    by = ("--truth", "truth.csv", "--input", small_input)
    assert "--truth" in the_line(command("compare-submissions", "a.csv", "b.csv"))
    assert "runs/c: not a run" in the_line(command("compare-runs", "runs/a", "runs/c"))
    assert "b.csv is a file: give folders of runs" in the_line(command("compare-runs", "runs/a", "b.csv"))
    line = the_line(command("compare-submissions", "a.csv", "runs/a", *by))
    assert "runs/a is a folder: give two submissions, or use compare-runs" in line
    assert "c.csv: no such file" in the_line(command("compare-submissions", "a.csv", "c.csv", *by))
    assert "runs: not a run" in the_line(command("compare-runs", "runs/a", "runs"))
    Path("runs/b/oof/pairs.csv").unlink()
    line = the_line(command("compare-runs", "runs/a", "runs/b"))
    assert "runs/b/oof/pairs.csv: not there: `severstal score` on the run writes it" in line
    Path("runs/b/oof/pairs.csv").write_text("ImageId\n")
    assert "runs/b/oof/pairs.csv: its columns are ImageId" in the_line(
        command("compare-runs", "runs/a", "runs/b")
    )


def test_a_run_with_other_weights_than_were_scored_is_one_line(command: Callable) -> None:
    assert command("compare-runs", "runs/a", "runs/b")[0] == 0
    Path("runs/b/fold0/model.safetensors").write_text("WEIGHTS")
    line = the_line(command("compare-runs", "runs/a", "runs/b"))
    assert "runs/b/oof/pairs.csv: not known to be of the weights, folds and settings" in line
    assert line.endswith("`severstal score` on the run writes it\n")


def test_runs_on_other_data_are_one_line(command: Callable, small_input: Path) -> None:
    spec = read_spec(small_input)
    pairs = ScoredPairs.load("runs/a/oof/pairs.csv", spec)
    make_run(Path("runs/few"), small_input, spec, pairs.take(np.arange(9)))
    line = the_line(command("compare-runs", "runs/a", "runs/few"))
    assert "runs/a scores 9 images that runs/few does not, such as train09.png" in line
    other = Spec("other", spec.image_shape, ("bright", "grey"))
    make_run(Path("runs/other"), small_input, other, replace(pairs, spec=other))
    assert "are of the data sets small and other" in the_line(command("compare-runs", "runs/a", "runs/other"))


@pytest.mark.slow
def test_runs_are_scored_and_then_compared(command: Callable, small_input: Path, tiny_recipe: Path) -> None:
    def run(*words: str | Path) -> None:
        with pytest.raises(SystemExit) as ended:
            cli.main([*map(str, words)])
        assert ended.value.code == 0

    for name, seed in (("one", 1), ("two", 2)):
        Path(f"{name}.toml").write_text(f"seed = {seed}\n{tiny_recipe.read_text()}")
        run("train", f"{name}.toml", "--input", small_input, "--name", name)
        run("score", f"runs/{name}", "--json", f"{name}.json", "--html", f"{name}.html")
        assert Path(f"{name}.html").read_text().count("<h2>") == 2
    cards = [json.loads(Path(f"{name}.json").read_text())["oof"] for name in ("one", "two")]
    code, printed, error = command("compare-runs", "runs/one", "runs/two", "--json", "both.json")
    assert code == 0, error
    found = json.loads(Path("both.json").read_text())
    assert [found["whole"][side] for side in "ab"] == pytest.approx([card["score"] for card in cards])
    assert found["verdict"] in " ".join(printed.split())


def test_runs_are_listed(command: Callable, capsys: pytest.CaptureFixture) -> None:
    runs(Path("nowhere"))
    assert capsys.readouterr().out.startswith("no run yet: `severstal train")
    Path("runs/foreign").mkdir()
    runs(json=Path("runs.json"))
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["run", "a", "b", "foreign:"]
    found = json.loads(Path("runs.json").read_text())
    assert [run["name"] for run in found["runs"]] == ["a", "b"]
    assert found["others"] == [{"name": "foreign", "reason": "no recipe.toml"}]


def test_what_is_reported_of_a_damaged_file_is_in_the_json_too(
    command: Callable, caplog: pytest.LogCaptureFixture
) -> None:
    Path("runs/a/fold0/history.jsonl").write_text("nonsense")
    runs(json=Path("runs.json"))
    (line,) = caplog.messages
    assert line.startswith("runs/a/fold0/history.jsonl: not JSON lines")
    found = json.loads(Path("runs.json").read_text())
    assert [run["name"] for run in found["runs"]] == ["a", "b"]
    assert found["others"] == [{"name": "a/fold0/history.jsonl", "reason": line}]


def test_recipes_are_trained_and_compared(command: Callable, small_input: Path, tiny_recipe: Path) -> None:
    budget = ("--crops", 8, "--epochs", 1, "--train-folds", 1)
    code, printed, error = command(
        "compare",
        tiny_recipe,
        "--networks",
        "fpn",
        "linknet",
        "--input",
        small_input,
        *budget,
        "--output",
        "out",
    )
    assert code == 0, error
    lines = printed[printed.index("recipe  ") :].splitlines()
    assert {line.split()[0] for line in lines[1:3]} == {"tiny-fpn", "tiny-linknet"}
    assert (Path("out") / "comparison.png").is_file()
    assert Path("runs/compare-tiny-fpn-small/fold0/model.safetensors").is_file()


def test_recipes_that_failed_are_an_error_in_the_end(
    command: Callable, small_input: Path, tiny_recipe: Path, caplog: pytest.LogCaptureFixture
) -> None:
    Path("faulty.toml").write_text(tiny_recipe.read_text() + "\n[loss]\nmasks = {dise = 1.0}\n")
    budget = ("--crops", 8, "--epochs", 1, "--train-folds", 1, "--output", "out")
    code, _, error = command("compare", "faulty.toml", tiny_recipe, "--input", small_input, *budget)
    assert code == 2
    assert "recipe faulty failed: loss 'dise' is unknown" in error
    assert error.splitlines()[-1] == "severstal: 1 of 2 recipes failed, as logged above: faulty"
    assert len(Path("out/comparison.csv").read_text().splitlines()) == 3


def test_a_replaced_encoder_is_reported(
    command: Callable, tiny_recipe: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared = []
    span, costs = Interval(0.8, 0.9, 0.85), (10**6, 10**9, 2**20, 30.0, 20.0)
    trained = RecipeRow("tiny-fpn", "fpn", "runs/a", 100, span, 0.8, 0.7, span, *costs)
    monkeypatch.setattr(
        "severstal.experiments.compare_recipes", lambda recipes, *_: compared.extend(recipes) or [trained]
    )
    pretrained = tiny_recipe.read_text().replace('encoder_weights = "none"', 'encoder_weights = "imagenet"')
    Path("pretrained.toml").write_text(pretrained)
    code, printed, _ = command("compare", tiny_recipe, "pretrained.toml", "--networks", "fpn", "segnet")
    assert code == 0
    assert printed.splitlines()[:1] == [
        "recipe pretrained-segnet: segnet cannot be built on tu-mobilenetv3_small_050: it starts on "
        "vgg11_bn, without pretrained weights"
    ]
    weights = {recipe.name: recipe.model.encoder_weights for recipe in compared}
    assert weights == {
        "tiny-fpn": "none", "tiny-segnet": "none", "pretrained-fpn": "imagenet", "pretrained-segnet": "none"
    }  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["tinny"], "'tinny'"),
        (["smoke", "runs/a"], "runs/a"),
        (
            ["smoke", "--networks", "unett"],
            "architecture 'unett' is unknown: the nearest known one is 'unet'",
        ),
        (["champion", "--networks", "unet"], "recipe champion has"),
    ],
)
def test_recipes_that_cannot_be_compared_are_one_line(
    command: Callable, arguments: list, message: str
) -> None:
    assert message in the_line(command("compare", *arguments))
