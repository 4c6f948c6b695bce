"""An ablation: what it trains, what it compares, and what a break costs."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from severstal import experiments, pipeline
from severstal.competition.scored import ScoredPairs
from severstal.competition.spec import Spec
from severstal.data import duplicates
from severstal.errors import SeverstalError
from severstal.evaluation.bootstrap import paired
from severstal.experiments import ablation, evaluation
from severstal.experiments.rows import ablation_table
from severstal.recipe import Recipe
from severstal.report.ablation import format_ablation
from severstal.runs.ensemble import RunOrEnsemble
from severstal.runs.opening import open_run
from severstal.runs.record import Stage


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_switches_are_trained_compared_and_sorted(
    small_input: Path, tiny_recipe: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse_jpeg(run: RunOrEnsemble, engine: str) -> list[pipeline.Trained]:
        if run.recipe.augment.jpeg:
            raise SeverstalError("the loss is not a number")
        return train(run, engine)

    searched: list[object] = []
    search = duplicates.find_duplicates
    monkeypatch.setattr(
        duplicates, "find_duplicates", lambda pictures: searched.append(pictures) or search(pictures)
    )
    train = evaluation.train
    monkeypatch.setattr(evaluation, "train", refuse_jpeg)
    rows = experiments.ablate(tiny_recipe, small_input, ["jpeg", "seed"], folds=1)
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
    spec = open_run(base.run).spec
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
    assert about["rows"][2]["gains"]["score"]["is_significant"] in (True, False)
    assert "jpeg    on     failed: the loss is not a number" in format_ablation(ablation_table(rows))
    assert not list(Path("runs").glob("ablate-*/oof/maps-*.npy"))

    # A second time nothing is trained or predicted.
    monkeypatch.setattr("severstal.pipeline.training.fit", lambda *_: pytest.fail("trained again"))
    monkeypatch.setattr(evaluation, "summarise_run", lambda *_: pytest.fail("predicted again"))
    assert experiments.ablate(tiny_recipe, small_input, ["jpeg", "seed"], folds=1) == rows


def test_switches_that_cannot_be_ablated_are_refused(small_input: Path, tiny_recipe: Path) -> None:
    with pytest.raises(SeverstalError, match="switch 'emma' is unknown: the nearest known one is 'ema'"):
        experiments.ablate(tiny_recipe, small_input, ["jpeg", "emma"])
    with pytest.raises(SeverstalError, match="--train-folds 3: give 1 to 2, the folds of recipe tiny"):
        experiments.ablate(tiny_recipe, small_input, folds=3)
    assert not Path("runs").exists()


@pytest.fixture
def trained(monkeypatch: pytest.MonkeyPatch) -> list[Recipe]:
    """The recipes that an ablation would train, the recipe itself first; none takes any time."""
    recipes: list[Recipe] = []
    masks = {"true": np.array([[5], [0], [3]]), "drawn": np.array([[4], [1], [0]])}

    def evaluate(run: RunOrEnsemble, engine: str) -> evaluation.Evaluation:
        recipes.append(run.recipe)
        spec = Spec("tiny", (8, 8), ("hole",))
        areas = np.minimum(masks["true"], masks["drawn"]), masks["drawn"], masks["true"]
        pairs = ScoredPairs(("a", "b", "c"), spec, *areas, np.arange(3), np.zeros(3, int))
        return evaluation.Evaluation([], Stage(run.folder, "ablation", {}), pairs, pairs, 1.0)

    monkeypatch.setattr(ablation, "evaluate", evaluate)
    monkeypatch.setattr(ablation, "share_findings", lambda *_: None)
    return recipes


@pytest.mark.parametrize(
    ("gpu", "asked", "switch", "turned", "computed"),
    [
        ((8, 0), "auto", "bf16", "off", "fp32"),  # auto is bf16
        ((8, 0), "auto", "fp16", "on", "fp16"),
        ((7, 5), "auto", "fp16", "off", "fp32"),  # auto is fp16
        ((7, 5), "auto", "bf16", "on", "bf16"),
        (None, "auto", "bf16", "on", "bf16"),
        (None, "auto", "fp16", "on", None),
        (None, "fp16", "fp16", "on", None),  # it is fp32 that the recipe itself is trained in
        (None, "fp16", "bf16", "on", "bf16"),
        (None, "bf16", "bf16", "off", "fp32"),
    ],
)
@pytest.mark.parametrize("members", [0, 2])
def test_the_precision_switch_depends_on_the_machine(
    gpu: tuple[int, int] | None,
    asked: str,
    switch: str,
    turned: str,
    computed: str | None,
    members: int,
    trained: list[Recipe],
    small_input: Path,
    tiny_recipe: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: gpu is not None)
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda: gpu)
    text = tiny_recipe.read_text().replace("[training]", f'[training]\nprecision = "{asked}"')
    tiny_recipe.write_text(text + "".join(f'[[members]]\nname = "{name}"\n' for name in "ab"[:members]))
    _, row, jpeg = experiments.ablate(tiny_recipe, small_input, [switch, "jpeg"])
    assert row.turned == turned
    itself, *others = ([part.training.precision for part in each.members or [each]] for each in trained)
    count = members or 1
    assert itself == [asked] * count
    if computed is None:
        assert row.fault == "fp16: no CPU computes in fp16: ablate it on a machine with a GPU"
        assert f"switch fp16 failed: {row.fault}" in caplog.messages
        assert others == [[asked] * count]  # the next one is taken
    else:
        assert row.fault is None
        assert others == [[computed] * count, [asked] * count]
    assert jpeg.judged is not None


@pytest.mark.slow
def test_a_switch_is_toggled_in_all_members(small_input: Path, tiny_recipe: Path) -> None:
    Path("pair.toml").write_text(
        tiny_recipe.read_text() + '[[members]]\nname = "a"\n[[members]]\nname = "b"\naugment = {jpeg = 0.5}\n'
    )
    rows = experiments.ablate("pair.toml", small_input, ["jpeg"], folds=1)
    assert [row.turned for row in rows] == [None, "off"]
    members = [open_run(f"runs/ablate-jpeg-pair-small-{name}") for name in "ab"]
    assert [job.recipe.augment.jpeg for job in members] == [0.0, 0.0]
    assert all(np.isfinite(row.judged.score) for row in rows)
