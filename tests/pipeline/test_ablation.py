"""An ablation: what it trains, what it compares, and what a break costs."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from severstal import pipeline
from severstal.competition.scored import ScoredPairs
from severstal.data import duplicates
from severstal.decision.bootstrap import paired
from severstal.errors import SeverstalError
from severstal.pipeline import judge as judging


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_switches_are_trained_compared_and_sorted(
    small_input: Path, tiny_recipe: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    def refuse_jpeg(candidate: pipeline.Candidate, engine: str) -> None:
        if candidate.recipe.augment.jpeg:
            raise SeverstalError("the loss is not a number")
        train_folds(candidate, engine)

    searched: list[object] = []
    search = duplicates.find_duplicates
    monkeypatch.setattr(
        duplicates, "find_duplicates", lambda pictures: searched.append(pictures) or search(pictures)
    )
    train_folds = judging.train_folds
    monkeypatch.setattr(judging, "train_folds", refuse_jpeg)
    rows = pipeline.ablate(tiny_recipe, small_input, ["jpeg", "seed"], folds=1)
    assert [(row.switch, row.turned) for row in rows] == [("recipe", None), ("jpeg", "on"), ("seed", "again")]
    base, refused, seed = rows
    assert (refused.judged, refused.gains, refused.fault) == (None, None, "the loss is not a number")
    assert base.judged.rate > 0
    # Another seed trains another network on the same folds.
    folds = [pd.read_csv(Path(row.run) / "folds.csv") for row in (base, seed)]
    assert folds[0].equals(folds[1])
    assert len(searched) == 1  # for near-duplicates, once for all
    assert seed.judged != base.judged
    # The gain is what the pairs that were kept say.
    spec = pipeline.open_team([base.run]).spec
    for kind, name in (("fitted", "score"), ("plain", "plain")):
        a, b = (ScoredPairs.load(Path(row.run) / "ablation" / f"{kind}.csv", spec) for row in (seed, base))
        assert getattr(base.judged, name) == pytest.approx(b.score.score)
        gain = getattr(seed.gains, name)
        assert gain == paired(a.dice, b.dice, b.groups)
        assert gain.mean == pytest.approx(getattr(seed.judged, name) - getattr(base.judged, name))
        if kind == "plain":
            defects = b.true > 0
            expected = a.dice[defects].mean() - b.dice[defects].mean()
            assert seed.gains.dice_on_defects.mean == pytest.approx(expected)
            assert seed.judged.dice_on_defects == pytest.approx(a.dice[defects].mean())
    table = pd.read_csv("runs/ablate-recipe-tiny-small/ablation.csv")
    assert table["switch"].tolist() == ["recipe", "seed", "jpeg"]
    about = json.loads(Path("runs/ablate-recipe-tiny-small/ablation.json").read_text())
    assert [row["switch"] for row in about["rows"]] == ["recipe", "jpeg", "seed"]
    assert about["rows"][2]["gains"]["score"]["is_real"] in (True, False)
    assert "jpeg    on     failed: the loss is not a number" in capsys.readouterr().out
    assert not list(Path("runs").glob("ablate-*/oof/maps-*.npy"))

    # A second time nothing is trained or predicted.
    monkeypatch.setattr("severstal.pipeline.training.fit", lambda *_: pytest.fail("trained again"))
    monkeypatch.setattr(judging, "summarise_oof", lambda *_: pytest.fail("predicted again"))
    assert pipeline.ablate(tiny_recipe, small_input, ["jpeg", "seed"], folds=1) == rows


def test_what_cannot_be_ablated(small_input: Path, tiny_recipe: Path) -> None:
    with pytest.raises(SeverstalError, match="switch 'emma' is unknown: the nearest known one is 'ema'"):
        pipeline.ablate(tiny_recipe, small_input, ["jpeg", "emma"])
    with pytest.raises(SeverstalError, match="--folds 3: recipe tiny has folds for 1 to 2"):
        pipeline.ablate(tiny_recipe, small_input, folds=3)
    assert not Path("runs").exists()


@pytest.mark.slow
def test_members_are_turned_together(small_input: Path, tiny_recipe: Path) -> None:
    Path("pair.toml").write_text(
        tiny_recipe.read_text() + '[[members]]\nname = "a"\n[[members]]\nname = "b"\naugment = {jpeg = 0.5}\n'
    )
    rows = pipeline.ablate("pair.toml", small_input, ["jpeg"], folds=1)
    assert [row.turned for row in rows] == [None, "off"]
    members = [pipeline.open_team([f"runs/ablate-jpeg-pair-small-{name}"]) for name in "ab"]
    assert [job.recipe.augment.jpeg for job in members] == [0.0, 0.0]
    assert all(np.isfinite(row.judged.score) for row in rows)
