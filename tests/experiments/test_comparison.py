"""Recipes side by side: what is made equal, what is measured, and what a break costs."""

import json
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from severstal import experiments
from severstal.competition.scored import ScoredPairs
from severstal.errors import SeverstalError
from severstal.evaluation.bootstrap import interval
from severstal.experiments import comparison
from severstal.recipe import load_recipe
from severstal.recipe.switches import change
from severstal.runs.opening import open_run
from severstal.training.history import load_history


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_recipes_are_trained_alike_measured_and_drawn(
    small_input: Path, tiny_recipe: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    tiny = load_recipe(tiny_recipe)
    changes = {"seed": 5, "training.epochs": 4, "training.early_stopping": 1, "data.folds": 3}
    other = replace(change(tiny, changes), name="other")
    broken = replace(change(tiny, {"model.options": {"decoder_dropout": "much"}}), name="broken")
    rows = experiments.compare_recipes([tiny, other, broken], small_input, crops=24, epochs=2, folds=1)
    assert [row.recipe for row in rows] == ["tiny", "other", "broken"]
    assert "decoder_dropout" in rows[2].fault
    assert rows[2].score is None
    assert rows[2].pictures == 0
    assert {row.weights for row in rows} == {"none"}
    # The same folds and as many crops, whatever the recipes say of either.
    runs = [Path("runs", f"compare-{row.recipe}-small") for row in rows[:2]]
    assert pd.read_csv(runs[0] / "folds.csv").equals(pd.read_csv(runs[1] / "folds.csv"))
    for run in runs:
        trained = load_recipe(run / "recipe.toml")
        assert trained.training.epochs * trained.training.epoch_images == 24
        assert trained.training.early_stopping == 0
        assert len(load_history(run / "fold0" / "history.jsonl")) == 2
        assert not (run / "fold1").exists()
    spec = open_run(runs[0]).spec
    for row, run in zip(rows[:2], runs, strict=True):
        pairs = ScoredPairs.load(run / "ablation" / "fitted.csv", spec)
        assert row.score == interval(pairs.dice, pairs.groups)
        assert row.all_empty == pairs.score.all_empty
        plain = ScoredPairs.load(run / "ablation" / "plain.csv", spec)
        assert row.dice_on_defects.mean == pytest.approx(plain.dice[plain.true > 0].mean())
        assert row.pictures == 24
        assert min(row.training_rate, row.inference_rate, row.multiply_adds, row.training_bytes) > 0
    assert rows[0].parameters == rows[1].parameters
    output = next(Path("runs").glob("comparison-small-*"))
    table = pd.read_csv(output / "comparison.csv")
    assert table["recipe"].tolist()[-1] == "broken"
    assert table["score"][0] >= table["score"][1]
    assert [row["recipe"] for row in json.loads((output / "comparison.json").read_text())["rows"]] == [
        "tiny", "other", "broken",
    ]  # fmt: skip
    assert (output / "comparison.png").read_bytes().startswith(b"\x89PNG")
    assert "recipe broken failed: " in caplog.text

    # A second time nothing is trained, predicted or timed.
    monkeypatch.setattr("severstal.pipeline.training.fit", lambda *_: pytest.fail("trained again"))
    monkeypatch.setattr(comparison, "measure_cost", lambda *_: pytest.fail("measured again"))
    assert experiments.compare_recipes([tiny, other], small_input, 24, 2, 1) == rows[:2]


def test_recipes_that_cannot_be_compared_are_refused(small_input: Path, tiny_recipe: Path) -> None:
    with pytest.raises(SeverstalError, match="no recipe to compare"):
        experiments.compare_recipes([], small_input)
    with pytest.raises(SeverstalError, match="recipe tiny is named 2 times: give each once"):
        experiments.compare_recipes([tiny_recipe, tiny_recipe], small_input)
    with pytest.raises(SeverstalError, match="--train-folds 3: give 1 to 2, the folds of recipe tiny"):
        experiments.compare_recipes([tiny_recipe], small_input, folds=3)
    for budget in ({"crops": 0}, {"epochs": -1}):
        with pytest.raises(SeverstalError, match=r"--(crops 0|epochs -1): give 1 or more"):
            experiments.compare_recipes([tiny_recipe], small_input, **budget)
    with pytest.raises(
        SeverstalError, match="3 pictures are too few for recipe tiny, of 40 epochs and batches"
    ):
        experiments.compare_recipes([tiny_recipe], small_input, crops=3, epochs=40)
    assert not Path("runs").exists()


@pytest.mark.slow
def test_each_row_says_how_many_pictures_its_recipe_saw(
    small_input: Path, tiny_recipe: Path, caplog: pytest.LogCaptureFixture
) -> None:
    tiny = load_recipe(tiny_recipe)
    large = replace(change(tiny, {"training.batch_size": 13, "training.early_stopping": 1}), name="large")
    rows = experiments.compare_recipes([tiny, large], small_input, crops=100, epochs=5, folds=1)
    histories = [load_history(Path(row.run, "fold0", "history.jsonl")) for row in rows]
    assert [row.pictures for row in rows] == [100, 104]
    assert [sum(epoch["pictures"] for epoch in epochs) for epochs in histories] == [100, 104]
    printed = caplog.text
    assert "recipe large: 4 epochs of 26 pictures" in printed
    assert "recipe tiny: 5 epochs" not in printed
    table = pd.read_csv(next(Path("runs").glob("comparison-small-*")) / "comparison.csv")
    assert table.set_index("recipe")["pictures"].to_dict() == {"tiny": 100, "large": 104}


def test_members_and_rounds_share_the_budget(tiny_recipe: Path) -> None:
    tiny = load_recipe(tiny_recipe)
    rounds = change(tiny, {"pseudo.rounds": 1, "training.epochs": 5})
    ensemble = replace(
        tiny, name="ensemble", members=(replace(tiny, name="ensemble-a"), replace(rounds, name="ensemble-b"))
    )
    levelled = comparison._level(ensemble, tiny, 1000, None, None)
    seen = [
        member.training.epochs * member.training.epoch_images * (1 + member.pseudo.rounds)
        for member in levelled.members
    ]
    assert seen == pytest.approx([500, 500], rel=0.02)
