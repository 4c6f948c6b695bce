"""The list of runs, which no damaged folder stops."""

import json
import math
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from severstal import pipeline
from severstal.competition.metric import score_pairs
from severstal.competition.scored import ScoredPairs
from severstal.competition.spec import Spec
from severstal.decision.summary import SUMMARY_EDITION
from severstal.errors import SeverstalError
from severstal.files import checksum, digest, read_json, write_json, write_text
from severstal.recipe import DataSettings, DecisionSettings, Recipe
from severstal.report.scorecard import save_scorecard
from severstal.runs.folder import read_run, write_run
from severstal.runs.listing import list_runs, load_scored
from severstal.runs.members import read_ensemble, relative_member
from severstal.runs.record import Stage

SPEC = Spec("tiny", (8, 8), ("hole",))


def make_run(name: str, scores: list[list[float]], done: int, commit: str | None = "c0ffee" * 6) -> Path:
    """A run of three folds; each list of scores is the history of a fold, 10 s per epoch."""
    run = Path("runs", name)
    write_run(run, Recipe(name="plain", data=DataSettings(folds=5, train_folds=3)), Path("input"), SPEC)
    if commit:
        write_json(run / "environment.json", {"commit": commit})
    for fold, epochs in enumerate(scores):
        write_history(run / f"fold{fold}", epochs)
    for fold in range(done):
        weights = run / f"fold{fold}" / "model.safetensors"
        weights.parent.mkdir(exist_ok=True)
        weights.write_text("weights")
        history = weights.with_name("history.jsonl")
        made = [weights, history] if history.is_file() else [weights]
        Stage(run, f"train-fold{fold}", {"seed": 3}).finish(made)
    return run


def write_history(folder: Path, scores: list[float], loss: float = 0.5) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    figures = {"loss": loss, "learning_rate": 1e-3, "all_empty": 0.5, "dice_on_defects": 0.1}
    figures |= {"defects_found": 0.2, "false_alarms": 0.1, "seconds": 10.0, "pictures_a_second": 8.0}
    lines = [json.dumps({"epoch": n, "score": score} | figures) for n, score in enumerate(scores, 1)]
    (folder / "history.jsonl").write_text("\n".join(lines) + "\n")


def write_ensemble(folder: Path, runs: list[Path]) -> None:
    members = [relative_member(folder, run) for run in runs]
    mean = {"mode": "mean", "weights": "uniform", "power": 1.0}
    write_json(folder / "ensemble.json", {"members": members, **mean})


def make_ensemble(name: str, runs: list[Path], recipe: Recipe | None = None) -> Path:
    ensemble = Path("runs", name)
    write_run(ensemble, recipe or Recipe(name="plain"), Path("input"), SPEC)
    write_ensemble(ensemble, runs)
    return ensemble


def write_score(folder: Path, score: float) -> None:
    """Write what scoring a run, or the runs of an ensemble, leaves, with one record per stage."""
    if not (folder / "ensemble.json").is_file():
        first, maps = folder, predict(folder)
    else:
        members = read_ensemble(folder).members
        first, keys = members[0], [predict(run) for run in members]
        mean = {"mode": "mean", "weights": "uniform", "power": 1.0}
        weights = [1 / len(members)] * len(members)
        write_json(folder / "combiner.json", {**mean, "weights": weights, "ranks": None})
        Stage(folder, "combiner", {"maps": keys, "labels": "labels", **mean}).finish(
            [folder / "combiner.json"]
        )
        maps = digest([keys, "mean", weights, 1.0, None])
    summary, pairs = folder / "oof" / "summary.npz", folder / "oof" / "pairs.csv"
    write_text(summary, "summary")
    Stage(folder, "summary", {"maps": maps, "labels": "labels", "edition": SUMMARY_EDITION}).finish([summary])
    found = (np.arange(100) < round(100 * score)).astype(int)[:, None]  # of a hundred masks of a pixel
    names = tuple(f"{number}.jpg" for number in range(100))
    ScoredPairs(names, SPEC, found, found**0, found**0).save(pairs)
    recipe = read_run(folder)[0]
    made_of = {"summary": checksum(summary), "folds": checksum(first / "folds.csv"), "labels": "labels"}
    made_of |= {"decision": recipe.to_dict()["decision"], "seed": recipe.fold_seed}
    Stage(folder, "rules", made_of).finish([pairs])
    write_json(folder / "scorecard.json", {"oof": {"score": score}})


def predict(run: Path) -> str:
    """Train what is not trained of a run, and predict it out of fold."""
    recipe = read_run(run)[0]
    weights = [run / f"fold{fold}" / "model.safetensors" for fold in range(recipe.data.train_folds)]
    for path in weights:
        stage = Stage(run, f"train-{path.parent.name}", {"seed": 3})
        if not stage.is_done():
            write_text(path, "weights")
            stage.finish([path])
    write_text(run / "folds.csv", "folds")
    inference = recipe.to_dict()["inference"]
    del inference["batch_size"]
    made_of = {"weights": [checksum(path) for path in weights], "inference": inference}
    stage = Stage(run, "oof", made_of | {"pictures": "p", "folds": checksum(run / "folds.csv")})
    stage.finish([])
    return stage.key


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_a_run_in_training_is_listed() -> None:
    make_run("a", [[0.7, 0.9, 0.8], [0.6]], 1)
    (row,) = list_runs().runs
    assert (row.name, row.recipe, row.members) == ("a", "plain", ())
    assert row.input == str(Path("input").resolve())
    assert (row.folds_done, row.folds, row.epochs, row.seconds) == (1, 3, 4, 40.0)
    assert (row.score, row.score_of) == (pytest.approx((0.9 + 0.6) / 2), "validation")
    assert row.commit == "c0ffee" * 6


def test_the_scorecard_s_score_goes_before_the_validation_s() -> None:
    write_score(make_run("a", [[0.9]] * 3, 3), 0.85)
    (row,) = list_runs().runs
    assert (row.score, row.score_of) == (0.85, "out of fold")


def test_rounds_of_pseudo_labels_count_as_time_but_once() -> None:
    run = make_run("a", [[0.7, 0.8]], 1)
    write_history(run / "fold0" / "round0", [0.6, 0.65], loss=0.7)
    (row,) = list_runs().runs
    assert (row.epochs, row.seconds, row.score) == (4, 40.0, pytest.approx(0.8))
    write_history(run / "fold0" / "round0", [0.7, 0.8])  # taken over to be the last round
    (row,) = list_runs().runs
    assert (row.epochs, row.seconds) == (2, 20.0)


def test_a_run_without_a_finished_fold_is_listed() -> None:
    make_run("a", [], 0, commit=None)
    (row,) = list_runs().runs
    assert math.isnan(row.score)
    assert (row.score_of, row.epochs, row.commit) == (None, 0, None)


def test_the_best_come_first_and_the_unscored_last() -> None:
    make_run("new", [], 0)
    make_run("worse", [[0.7]], 0)
    make_run("better", [[0.8]], 0)
    assert [row.name for row in list_runs().runs] == ["better", "worse", "new"]


def test_the_row_of_an_ensemble_sums_its_members() -> None:
    members = [make_run("a", [[0.7], [0.8]], 2), make_run("b", [[0.6]], 1)]
    ensemble = make_ensemble("ensemble", members)
    row = {row.name: row for row in list_runs().runs}["ensemble"]
    assert (row.recipe, row.members) == ("2 runs", ("a", "b"))
    assert (row.folds_done, row.folds, row.epochs, row.seconds) == (3, 6, 3, 30.0)
    assert math.isnan(row.score)
    assert row.commit == "c0ffee" * 6
    write_score(ensemble, 0.9)
    assert list_runs().runs[0].name == "ensemble"
    make_run("b", [], 0, commit="another")
    assert {row.name: row for row in list_runs().runs}["ensemble"].commit is None


def test_an_ensemble_is_found_from_another_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_ensemble("ensemble", [make_run("a", [[0.7]], 1)])
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert {row.name for row in list_runs(tmp_path / "runs").runs} == {"a", "ensemble"}


def test_a_fold_counts_as_done_while_its_files_are_as_they_were_made() -> None:
    run = make_run("a", [[0.7], [0.8], [0.9]], 3)
    assert list_runs().runs[0].folds_done == 3
    shutil.rmtree(run / "fold1")
    assert list_runs().runs[0].folds_done == 2
    (run / "fold2" / "model.safetensors").write_text("half")
    assert list_runs().runs[0].folds_done == 1
    (run / "stages" / "train-fold0.json").write_text("{}")
    assert list_runs().runs[0].folds_done == 0


def test_a_damaged_history_or_record_is_reported_and_the_rest_of_the_run_is_listed(
    caplog: pytest.LogCaptureFixture,
) -> None:
    run = make_run("a", [[0.7, 0.6], [0.8]], 2)
    make_ensemble("ensemble", [run])
    (run / "fold0" / "history.jsonl").write_text("nonsense")
    table = list_runs()
    assert table.others == ()
    assert {row.name: (row.folds_done, row.epochs) for row in table.runs} == {"a": (1, 1), "ensemble": (1, 1)}
    assert {row.name: row for row in table.runs}["a"].score == 0.8
    (line,) = caplog.messages  # once, though the ensemble has it, too
    assert line.startswith("runs/a/fold0/history.jsonl: not JSON lines")
    assert line.endswith("train the fold again")
    (run / "stages" / "train-fold1.json").write_text("{")
    assert {row.folds_done for row in list_runs().runs} == {0}
    assert caplog.messages[-1].startswith("runs/a/stages/train-fold1.json: not JSON")


def test_damaged_and_foreign_folders_are_reported() -> None:
    make_run("good", [[0.7]], 1)
    for name in ("empty", "pictures", ".cache"):
        Path("runs", name).mkdir()
    Path("runs/leaderboard.csv").touch()
    for name, file, text in (
        ("input", "input.json", "{"),
        ("shape", "input.json", '{"folder": 3, "name": "a", "image_shape": 5, "classes": []}'),
        ("list", "input.json", "[]"),
        ("card", "scorecard.json", '{"oof": 3}'),
        ("words", "scorecard.json", '{"oof": {"score": "high"}}'),
        ("nocard", "scorecard.json", '{"test": {"score": 0.5}}'),
        ("place", "environment.json", "[1]"),
        ("recipe", "recipe.toml", "training = 3"),
        ("bytes", "recipe.toml", "\x00\x01"),
    ):
        (make_run(name, [[0.7]], 1) / file).write_text(text)
    for name, text in (
        ("ensemble", "{}"),
        ("alone", '{"members": ["../gone"], "mode": "mean", "weights": "uniform", "power": 1}'),
        ("odd", '{"members": 3}'),
    ):
        (make_ensemble(name, []) / "ensemble.json").write_text(text)
    table = list_runs()
    assert [row.name for row in table.runs] == ["good"]
    assert {name for name, _ in table.others} == {
        *("empty", "input", "shape", "list", "card", "words", "nocard", "place"),
        *("recipe", "bytes", "ensemble", "alone", "odd"),
    }
    reasons = dict(table.others)
    assert reasons["empty"] == "no recipe.toml"
    assert reasons["input"].startswith("input.json: not JSON")
    assert all(reason and "\n" not in reason for reason in reasons.values())


def test_a_file_in_place_of_the_folder_is_an_error() -> None:
    Path("runs").touch()
    with pytest.raises(SeverstalError, match="runs: not a folder"):
        list_runs()


def test_a_scorecard_as_it_is_saved_is_read() -> None:
    run = make_run("a", [[0.9]], 1)
    write_score(run, 0.75)
    areas = np.array([[5], [0]]), np.array([[10], [0]]), np.array([[10], [0]])
    save_scorecard(run / "scorecard.json", {"oof": score_pairs(*areas, SPEC)})
    assert list_runs().runs[0].score == pytest.approx(0.75)


def own_score(name: str = "a") -> float | None:
    """The out-of-fold score that a run is listed with."""
    row = {row.name: row for row in list_runs().runs}[name]
    return row.score if row.score_of == "out of fold" else None


@pytest.mark.parametrize(
    "change",
    ["weights", "training", "inference", "decision", "folds", "summary", "card", "maps record", "no record"],
)
def test_an_outdated_score_is_left_out(change: str) -> None:
    run = make_run("a", [[0.9]] * 3, 3)
    write_score(run, 0.85)
    ensemble = make_ensemble("ensemble", [run, make_run("b", [[0.8]] * 3, 3)])
    write_score(ensemble, 0.87)
    assert (own_score(), own_score("ensemble")) == (0.85, 0.87)
    recipe, root, spec = read_run(run)
    match change:
        case "weights":  # of the same size, as those of another training are
            (run / "fold1" / "model.safetensors").write_text("WEIGHTS")
        case "training":  # restarted and not done
            (run / "stages" / "train-fold1.json").unlink()
        case "inference":
            write_run(run, replace(recipe, inference=replace(recipe.inference, flips=("none",))), root, spec)
        case "decision":
            for folder in (run, ensemble):
                write_run(folder, replace(recipe, decision=DecisionSettings(fill_holes=True)), root, spec)
        case "folds":
            (run / "folds.csv").write_text("changed")
        case "summary":
            for folder in (run, ensemble):
                (folder / "oof" / "summary.npz").write_text("SUMMARY")
        case "card":  # the rules were searched again, but the scorecard not made again
            for folder in (run, ensemble):
                write_json(folder / "scorecard.json", {"oof": {"score": 0.9}})
        case "maps record":
            write_json(run / "stages" / "oof.json", {"key": "other", "inputs": {}, "outputs": {}})
        case "no record":
            for folder in (run, ensemble):
                (folder / "stages" / "summary.json").unlink()
    assert (own_score(), own_score("ensemble")) == (None, None)
    assert own_score("b") is None
    if change != "card":
        for folder in (run, ensemble):
            with pytest.raises(
                SeverstalError, match=r"pairs\.csv: not known to be of .* `severstal score` on the run"
            ):
                load_scored(folder)


def test_settings_that_keep_the_score_current() -> None:
    run = make_run("a", [[0.9]] * 3, 3)
    write_score(run, 0.85)
    recipe, root, spec = read_run(run)
    write_run(run, replace(recipe, inference=replace(recipe.inference, batch_size=3)), root, spec)
    assert own_score() == 0.85
    shutil.copytree(run, "runs/copy", copy_function=shutil.copyfile)  # with other times
    assert own_score("copy") == 0.85


def test_old_weights_are_not_read_to_list_a_run(monkeypatch: pytest.MonkeyPatch) -> None:
    run = make_run("a", [[0.9]] * 3, 3)
    write_score(run, 0.85)
    read: list[Path] = []
    monkeypatch.setattr("severstal.runs.record.checksum", lambda path: read.append(path) or checksum(path))
    assert own_score() == 0.85
    assert "model.safetensors" not in {path.name for path in read}


def test_damaged_records_are_one_line(caplog: pytest.LogCaptureFixture) -> None:
    run = make_run("a", [[0.9]] * 3, 3)
    write_score(run, 0.85)
    record, damaged = run / "stages" / "rules.json", {}
    record.write_text("{")
    assert list_runs(damaged=damaged).runs[0].score == pytest.approx(0.9)
    [line] = set(caplog.messages)
    assert damaged == {record.resolve(): line}
    assert line.startswith("runs/a/stages/rules.json: not JSON")
    with pytest.raises(SeverstalError, match=r"rules\.json: not JSON"):
        load_scored(run)
    record.write_text("[3]")
    with pytest.raises(SeverstalError, match=r"rules\.json: not the record of a stage") as error:
        load_scored(run)
    assert "\n" not in str(error.value)


def test_a_run_trained_again_is_not_scored_yet(finished_folder: Path, tmp_path: Path) -> None:
    shutil.copytree(finished_folder, tmp_path, dirs_exist_ok=True)
    run, card = Path("runs/tiny-small"), read_json("runs/tiny-small/scorecard.json")["oof"]["score"]
    assert own_score("tiny-small") == card
    assert load_scored(run).score.score == pytest.approx(card)
    Path("tiny.toml").write_text("seed = 7\n" + Path("tiny.toml").read_text())
    pipeline.train(pipeline.prepare("tiny.toml", finished_folder / "small"))
    assert own_score("tiny-small") is None
    with pytest.raises(SeverstalError, match="`severstal score` on the run writes it"):
        load_scored(run)
