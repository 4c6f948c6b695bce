"""Ensembles, from their members' maps to a submission; and the provenance of a submission."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from severstal import experiments, pipeline
from severstal.competition.masks import Masks
from severstal.competition.submission import check_submission
from severstal.competition.tables import read_submission
from severstal.data.images import Pictures
from severstal.decision.draw import apply
from severstal.errors import SeverstalError
from severstal.files import checksum, read_json
from severstal.inference.maps import MapReader
from severstal.pipeline import RunMaps, combination, prediction
from severstal.recipe import load_recipe
from severstal.recipe.switches import change
from severstal.runs.combining import open_recipe, open_runs
from severstal.runs.ensemble import Ensemble, RunOrEnsemble, jobs_of
from severstal.runs.job import Job
from severstal.runs.leaderboard import read_leaderboard
from severstal.runs.listing import list_runs
from severstal.runs.opening import open_job, open_run


@pytest.fixture(scope="module")
def trained_folder(copy_finished: Callable[[Path], Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the finished folder with a second run, trained with another loss."""
    folder = copy_finished(tmp_path_factory.mktemp("trained"))
    text = (folder / "tiny.toml").read_text()
    (folder / "other.toml").write_text(text + "\n[loss]\nmasks = {bce = 1.0}\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        pipeline.train(pipeline.prepare("other.toml", folder / "small"))
    return folder


@pytest.fixture
def runs(trained_folder: Path, monkeypatch: pytest.MonkeyPatch) -> list[Job]:
    """The two runs, for tests that leave them as they are."""
    monkeypatch.chdir(trained_folder)
    return [open_job(recipe, trained_folder / "small") for recipe in ("tiny.toml", "other.toml")]


def maps_of(run: RunOrEnsemble) -> tuple[RunMaps, RunMaps]:
    """Out-of-fold and test maps of a trained run or ensemble."""
    trained = pipeline.open_trained(run)
    oof = pipeline.combine_oof(run, [each.folds for each in trained], pipeline.predict_oof(trained))
    return oof.maps, pipeline.combine_test(oof, pipeline.predict_test(trained))


def submit(run: RunOrEnsemble, output: Path) -> pipeline.TestMasks:
    """Submit a trained run or ensemble."""
    trained, found = pipeline.find_rules(run)
    masks = pipeline.segment_test(found, trained)
    pipeline.submit(masks, trained, output)
    return masks


def folders(runs: list[Job]) -> list[Path]:
    return [job.folder for job in runs]


def entries() -> set[Path]:
    """All that lies in the runs' folders."""
    return set(Path("runs").rglob("*"))


def test_an_ensemble_submits_its_rules_on_the_mean_of_its_members(runs: list[Job], tmp_path: Path) -> None:
    ensemble = open_runs(folders(runs), name="both")
    masks = submit(ensemble, tmp_path / "both.csv")
    pipeline.write_scorecard(masks.found, masks)
    assert check_submission(tmp_path / "both.csv", ensemble.sample, ensemble.spec) == []
    rules, drawn = masks.found.rules, Masks(masks.table, ensemble.spec)
    parts, test = [maps_of(job)[1] for job in runs], maps_of(ensemble)[1]
    for index, name in enumerate(ensemble.sample.images):
        full = np.mean([part.full(index).astype(float) for part in parts], axis=0)
        combined = test.full(index)
        assert np.abs(combined - full).max() <= 1.5  # rounded at half resolution, then enlarged
        sure = test.class_probability[index]
        assert np.array_equal(drawn[name], apply(combined, rules, ensemble.spec, sure))
    assert (Path("runs/both") / "scorecard.html").is_file()
    again = open_runs(["runs/both"])
    assert isinstance(again, Ensemble)
    assert again.folder == ensemble.folder
    assert [member.folder for member in again.members] == folders(runs)


@pytest.mark.parametrize("part", ["oof", "test"])
def test_each_picture_is_read_once_for_all_runs(
    trained_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    shutil.copytree(trained_folder, tmp_path / "copy")
    monkeypatch.chdir(tmp_path / "copy")
    runs = [open_job(recipe, trained_folder / "small") for recipe in ("tiny.toml", "other.toml")]
    predict = getattr(pipeline, f"predict_{part}")
    apart = [predict(pipeline.open_trained(job))[0] for job in runs]
    maps = [[reader[index].copy() for index in range(len(reader))] for reader in apart]
    names = list(apart[0].names)
    for job in runs:
        shutil.rmtree(job.folder / part)
    read: list[str] = []
    picture = Pictures.picture
    monkeypatch.setattr(Pictures, "picture", lambda self, name: (read.append(name), picture(self, name))[1])
    together = predict([each for job in runs for each in pipeline.open_trained(job)])
    assert sorted(read) == sorted(names)
    for reader, kept in zip(together, maps, strict=True):
        assert all(np.array_equal(reader[index], old) for index, old in enumerate(kept))


def test_runs_of_other_precisions_are_predicted_apart(
    trained_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(trained_folder, tmp_path / "copy")
    monkeypatch.chdir(tmp_path / "copy")
    runs = [open_job(recipe, trained_folder / "small") for recipe in ("tiny.toml", "other.toml")]
    trained = [each for job in runs for each in pipeline.open_trained(job)]
    other = replace(runs[1], recipe=change(runs[1].recipe, {"training.precision": "bf16"}))
    trained[1] = replace(trained[1], folds=replace(trained[1].folds, job=other))
    for job in runs:
        shutil.rmtree(job.folder / "test", ignore_errors=True)
    seen = []
    predict = prediction.predict_maps

    def watched(predictions, *arguments):
        seen.append([each.accelerator.mixed_precision for each in predictions])
        return predict(predictions, *arguments)

    monkeypatch.setattr(prediction, "predict_maps", watched)
    pipeline.predict_test(trained)
    assert seen == [["no"], ["bf16"]]


@pytest.mark.slow
def test_runs_on_other_inputs_are_predicted_from_their_own(
    small_input: Path, tiny_recipe: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copytree(small_input, tmp_path / "dark")
    for path in (tmp_path / "dark").glob("*_images/*.png"):
        cv2.imwrite(str(path), cv2.imread(str(path), cv2.IMREAD_GRAYSCALE) // 2)
    runs = [open_job(tiny_recipe, folder) for folder in (small_input, tmp_path / "dark")]
    trained = [each for job in runs for each in pipeline.train(job)]
    together = [*pipeline.predict_oof(trained), *pipeline.predict_test(trained)]
    maps = [[reader[index].copy() for index in range(len(reader))] for reader in together]
    for job in runs:
        shutil.rmtree(job.folder / "oof")
        shutil.rmtree(job.folder / "test")
    apart = [
        *(pipeline.predict_oof([each])[0] for each in trained),
        *(pipeline.predict_test([each])[0] for each in trained),
    ]
    for reader, kept in zip(apart, maps, strict=True):
        assert all(np.array_equal(reader[index], old) for index, old in enumerate(kept))


def test_the_provenance_says_where_a_submission_came_from(runs: list[Job], tmp_path: Path) -> None:
    ensemble = open_runs(folders(runs), "logit", (1.0, 3.0), name="weighed")
    masks = submit(ensemble, tmp_path / "weighed.csv")
    about = json.loads((tmp_path / "weighed.json").read_text())
    assert about["sha256"] == checksum(tmp_path / "weighed.csv")
    assert [run["name"] for run in about["runs"]] == [job.folder.name for job in runs]
    assert about["runs"][1]["weights"]["fold0"] == checksum(runs[1].weights(0))
    assert about["ensemble"]["weights"] == [0.25, 0.75]
    assert about["ensemble"]["mode"] == "logit"
    assert about["rules"] == json.loads(Path("runs/weighed/rules.json").read_text())
    assert about["scores"]["oof"] == pytest.approx(masks.found.pairs.score.score)
    board = read_leaderboard(tmp_path)
    assert board["file"].tolist() == ["weighed.csv"]
    assert board["oof"].iloc[0] == pytest.approx(about["scores"]["oof"])


@pytest.mark.parametrize("weights", ["selected", "uniform"])
def test_members_are_weighed_and_their_disagreement_kept(runs: list[Job], weights: str) -> None:
    ensemble = open_runs(folders(runs), weights=weights)
    maps_of(ensemble)
    about = json.loads((ensemble.folder / "members.json").read_text())
    assert about["runs"] == [job.folder.name for job in runs]
    assert sum(about["weights"]) == pytest.approx(1)
    assert (about["weights"] == [0.5, 0.5]) or weights == "selected"
    apart = np.array(about["disagreement"]["bright"])
    assert apart.shape == (2, 2)
    assert np.allclose(apart, apart.T)


@pytest.mark.slow
def test_ranks_serve_the_test_maps_too(runs: list[Job], tmp_path: Path) -> None:
    ensemble = open_runs(folders(runs), "rank")
    submit(ensemble, tmp_path / "ranks.csv")
    table = read_submission(tmp_path / "ranks.csv", ensemble.spec)
    assert set(table["ImageId"]) <= set(ensemble.sample.images)


@pytest.mark.slow
def test_a_stable_and_a_bold_submission(runs: list[Job], tmp_path: Path) -> None:
    trained, found = pipeline.find_rules(runs[0])
    stable, bold = experiments.propose(found, trained, tmp_path / "mine.csv")
    for each in (stable, bold):
        assert check_submission(each.path, runs[0].sample, runs[0].spec) == []
        assert each.path.with_suffix(".json").is_file()
    assert stable.path.name == "mine-stable.csv"
    assert bold.path.name == "mine-bold.csv"
    for name in stable.left_out:
        place = stable.rules.classes.index(name)
        assert stable.rules.rules[place].is_never_drawn(runs[0].spec)
        assert not stable.oof.predicted[:, place].any()
    message = experiments.format_proposals(runs[0], stable, bold)
    assert "On the labelled images" in message
    assert "On the test images" in message
    assert len(read_leaderboard(tmp_path)) == 2


WRONG_OUTPUTS = {
    "mine.json": r"mine(-stable)?\.json: not the name of a submission: end it in \.csv",
    "mine": "mine(-stable)?: not the name of a submission",
    "damaged/mine.csv": r"damaged/leaderboard\.csv: not a leaderboard",
    "leaderboard.csv": r"leaderboard\.csv: leaderboard\.csv lists all submissions",
    "Leaderboard.CSV": r"Leaderboard\.CSV: leaderboard\.csv lists all submissions",
}


@pytest.mark.parametrize(
    ("way", "name"),
    [
        *(("submit", name) for name in WRONG_OUTPUTS),
        *(("propose", name) for name in WRONG_OUTPUTS if "board" not in name.lower()),  # else named -stable
    ],
)
def test_a_submission_overwrites_no_other_file(runs: list[Job], tmp_path: Path, way: str, name: str) -> None:
    masks = submit(runs[0], tmp_path / "first.csv")
    trained = pipeline.open_trained(runs[0])
    (tmp_path / "damaged").mkdir()
    (tmp_path / "damaged" / "leaderboard.csv").write_text("a,b\n1,2\n")
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    write = pipeline.submit if way == "submit" else experiments.propose
    with pytest.raises(SeverstalError, match=WRONG_OUTPUTS[name]) as error:
        write(masks if way == "submit" else masks.found, trained, tmp_path / name)
    assert "\n" not in str(error.value)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_the_score_of_an_ensemble_is_listed_while_its_members_are_unchanged(
    trained_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(trained_folder, tmp_path / "copy")
    monkeypatch.chdir(tmp_path / "copy")
    recipes = ("tiny.toml", "other.toml")
    folders_of = [open_job(recipe, trained_folder / "small").folder for recipe in recipes]
    ranked = open_runs(folders_of, "rank", name="ranked")
    masks = submit(ranked, tmp_path / "ranked.csv")
    pipeline.write_scorecard(masks.found, masks)

    def listed() -> tuple[str | None, float]:
        row = {row.name: row for row in list_runs().runs}["ranked"]
        return row.score_of, row.score

    card = read_json("runs/ranked/scorecard.json")["oof"]["score"]
    assert listed() == ("out of fold", card)
    weights = folders_of[1] / "fold0" / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[::-1])
    assert listed()[0] is None


def test_runs_that_cannot_form_an_ensemble_are_refused(runs: list[Job]) -> None:
    first, second = folders(runs)
    with pytest.raises(SeverstalError, match="named twice"):
        open_runs([first, first])
    with pytest.raises(SeverstalError, match="3 weights for 2 runs"):
        open_runs([first, second], weights=(1.0, 1.0, 1.0))
    with pytest.raises(SeverstalError, match="not a run"):
        open_runs([first, "runs/never"])
    with pytest.raises(SeverstalError, match="holds a run"):
        open_runs([first, second], name=first.name)
    with pytest.raises(SeverstalError, match="--name a/b"):
        open_runs([first, second], name="a/b")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"mode": "power", "power": 0.0}, "power is 0.0: give a number from 0.01 to 100"),
        ({"power": float("nan")}, "power is nan: give a number from 0.01 to 100"),
        ({"mode": "median"}, "mode is 'median': take one of mean, logit, power, rank"),
        ({"weights": (0.0, 0.0)}, r"weights are \(0.0, 0.0\): give each run one of at least 0, not all 0"),
        ({"weights": (1.0, -1.0)}, "at least 0"),
        ({"weights": "best"}, "weights are 'best': take one of uniform, selected, or give one number"),
    ],
)
def test_an_ensemble_that_cannot_be_averaged_is_refused_before_anything_is_written(
    runs: list[Job], settings: dict[str, object], message: str
) -> None:
    before = entries()
    with pytest.raises(SeverstalError, match=message) as error:
        open_runs(folders(runs), **settings)
    assert "\n" not in str(error.value)
    assert entries() == before


def test_a_damaged_ensemble_file_is_named(runs: list[Job], tmp_path: Path) -> None:
    about = {"members": [str(folder.resolve()) for folder in folders(runs)], "mode": "mean", "power": 1.0}
    for weights in (["a", "b"], None):
        (tmp_path / "ensemble.json").write_text(json.dumps({**about, "weights": weights}))
        with pytest.raises(SeverstalError, match=r"ensemble\.json: not an ensemble file|weights are 'None'"):
            open_runs([tmp_path])


def test_members_of_other_folds_leave_no_folder_of_the_ensemble(
    runs: list[Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    def read(folder: Path) -> MapReader:
        maps = MapReader(folder)
        if folder.parent == runs[1].folder:
            maps.layout = replace(maps.layout, origin={**maps.layout.origin, "folds": "other"})
        return maps

    ensemble = open_runs(folders(runs), name="unfit")
    for job in runs:
        maps_of(job)
    before = entries()
    monkeypatch.setattr(prediction, "MapReader", read)
    with pytest.raises(SeverstalError, match="other folds than those of"):
        maps_of(ensemble)
    assert entries() == before


@pytest.mark.parametrize("step", ["measure_overlap", "select_weights", "fit_combiner"])
def test_a_refused_ensemble_leaves_no_folder(
    runs: list[Job], monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    def refuse(*arguments: object) -> None:
        raise SeverstalError(f"{step}: refused")

    ensemble = open_runs(folders(runs), weights="selected", name="refused")
    monkeypatch.setattr(combination, step, refuse)
    with pytest.raises(SeverstalError, match="refused"):
        submit(ensemble, Path("never.csv"))
    assert not ensemble.folder.exists()


@pytest.mark.slow
def test_other_folds_make_no_ensemble(runs: list[Job], tmp_path: Path) -> None:
    seeded = tmp_path / "seeded.toml"
    seeded.write_text("seed = 5\n" + Path("tiny.toml").read_text())
    other = pipeline.prepare(seeded, Path("small").resolve(), "seeded")
    pipeline.train(other)
    ensemble = open_runs([runs[1].folder, other.folder])
    with pytest.raises(SeverstalError, match=r"other (folds|pictures) than those of") as error:
        submit(ensemble, tmp_path / "never.csv")
    assert "\n" not in str(error.value)
    assert not (tmp_path / "never.csv").exists()
    assert not ensemble.folder.exists()


PAIR = """
[ensemble]
mode = "logit"

[[members]]
name = "one"

[[members]]
name = "two"
seed = 1
training = {learning_rate = 3e-3}
"""


@pytest.fixture
def pair(tiny_recipe: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A recipe of two networks, in a folder for its runs."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "pair.toml"
    path.write_text(tiny_recipe.read_text().replace("[data]", "[data]\nfold_seed = 0") + PAIR)
    return path


@pytest.mark.slow
def test_a_recipe_of_two_networks_goes_all_the_way(pair: Path, small_input: Path) -> None:
    finished = pipeline.run(pair, small_input)
    assert set(finished.scorecard.scores) == {"oof", "test"}
    assert {path.name for path in Path("runs").iterdir()} >= {
        "pair-small",
        "pair-one-small",
        "pair-two-small",
    }
    ensemble = open_runs(["runs/pair-small"])
    assert isinstance(ensemble, Ensemble)
    assert (ensemble.recipe, ensemble.mode, ensemble.weights) == (load_recipe(pair), "logit", "uniform")
    assert [job.recipe for job in ensemble.members] == list(ensemble.recipe.members)
    assert check_submission(pipeline.SUBMISSION, ensemble.sample, ensemble.spec) == []
    assert (ensemble.folder / "scorecard.html").is_file()
    about = read_json(pipeline.SUBMISSION.with_suffix(".json"))
    assert [run["recipe"]["name"] for run in about["runs"]] == ["pair-one", "pair-two"]
    one, two = (checksum(job.weights(0)) for job in ensemble.members)
    assert one != two
    folds = [checksum(job.folder / "folds.csv") for job in ensemble.members]
    assert folds[0] == folds[1]

    def stamps() -> dict[str, int]:
        return {str(path): path.stat().st_mtime_ns for path in Path("runs").rglob("*.safetensors")}

    before = stamps()
    pipeline.run(pair, small_input)
    assert stamps() == before


@pytest.mark.slow
def test_runs_put_together_by_hand_and_a_recipe_of_them_are_one_thing(pair: Path, small_input: Path) -> None:
    ensemble = open_recipe(pair, small_input)
    pipeline.record(ensemble)
    pipeline.train(ensemble)
    by_hand = open_runs([job.folder for job in ensemble.members], "logit", name="by-hand")
    maps = [maps_of(each)[1] for each in (ensemble, by_hand)]
    for index in range(len(maps[0])):
        assert np.array_equal(maps[0][index], maps[1][index])


def test_names_of_a_recipe_s_runs(pair: Path, small_input: Path, tiny_recipe: Path) -> None:
    ensemble = open_recipe(pair, small_input, "mine")
    assert ensemble.folder == Path("runs/mine")
    assert [job.folder.name for job in ensemble.members] == ["mine-one", "mine-two"]
    assert jobs_of(ensemble) == ensemble.members
    single = open_recipe(tiny_recipe, small_input)
    assert isinstance(single, Job)
    assert jobs_of(single) == (single,)
    with pytest.raises(SeverstalError, match="recipe pair has 2 members: train it as an ensemble"):
        open_job(pair, small_input)
    with pytest.raises(SeverstalError, match="--name a/b: give letters"):
        open_recipe(pair, small_input, "a/b")


def test_a_folder_holds_a_run_or_an_ensemble(pair: Path, small_input: Path, tiny_recipe: Path) -> None:
    open_job(tiny_recipe, small_input, "single").record()
    open_recipe(pair, small_input).record()
    with pytest.raises(SeverstalError, match="runs/single: holds a run: give this one another name"):
        open_recipe(pair, small_input, "single")
    with pytest.raises(SeverstalError, match="pair-small: holds an ensemble of runs: give this one another"):
        open_job(tiny_recipe, small_input, "pair-small")
    with pytest.raises(SeverstalError, match="pair-small: is an ensemble of runs: give one of its runs"):
        open_run("runs/pair-small")


@pytest.mark.slow
def test_the_recipe_s_own_decisions_are_the_ensemble_s(pair: Path, small_input: Path) -> None:
    pair.write_text(pair.read_text() + "decision = {min_component = 3}\n")
    pair.write_text(
        'decision = {choice = "plain", exclusive = "off", min_component = 7}\n' + pair.read_text()
    )
    ensemble = open_recipe(pair, small_input)
    pipeline.record(ensemble)
    pipeline.train(ensemble)
    found = pipeline.find_rules(ensemble)[1]
    rules = found.rules
    assert {(rule.high, rule.low, rule.min_area, rule.min_component) for rule in rules.rules} == {
        (0.5, 0.5, 0, 7)
    }
    assert not rules.exclusive
    assert found.pairs.score.score == pytest.approx(found.fitted.plain.score, abs=0.05)
