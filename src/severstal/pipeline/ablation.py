"""What each switch of a recipe is worth: the recipe trained again with that one switch turned over."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np

from severstal.competition.scored import ScoredPairs
from severstal.decision.bootstrap import Difference, paired
from severstal.decision.rules import plain_rules
from severstal.decision.score import pair_areas
from severstal.errors import SeverstalError
from severstal.files import checksum, replacing, write_json, write_text
from severstal.job import RUNS, Job, choose_input, choose_recipe
from severstal.pipeline.data import check_input
from severstal.pipeline.rules import score_oof, summarise_oof
from severstal.pipeline.team import Candidate, jobs_of, open_candidate
from severstal.pipeline.training import train_folds
from severstal.recipe import Recipe
from severstal.recipe.switches import SWITCHES, change, find_switch, toggle
from severstal.report.ablation import Gains, Judged, Row, ablation_table, print_ablation
from severstal.stages import Stage
from severstal.training.history import load_history

Engine = Literal["local", "ray"]

ITSELF = "recipe"


@dataclass(frozen=True)
class Verdict:
    """How a training scored out of fold.

    Attributes:
        fitted: each pair under rules searched without the image's fold.
        plain: each pair at plain 0.5.
        rate: pictures a second in training.
    """

    fitted: ScoredPairs
    plain: ScoredPairs
    rate: float


def ablate(
    recipe: str | Path | Recipe,
    input: str | Path | None = None,
    switches: Sequence[str] = (),
    folds: int | None = None,
    output: str | Path | None = None,
    engine: Engine = "local",
) -> list[Row]:
    """Train a recipe as it is, and once for each switch with that one turned over; say what each is worth.

    Every training is a run of its own, `runs/ablate-SWITCH-RECIPE-INPUT`, and the recipe itself
    `runs/ablate-recipe-RECIPE-INPUT`: finished ones are not trained again, and a broken one goes on. The maps
    of a run are deleted once it is judged, since those of all would fill a disk; predicting it again makes
    them anew. A training that cannot be done, as one by torch.compile without a compiler, is told, and the
    next one is taken.

    Args:
        recipe: its name, TOML file, or itself; one with members has the switch turned over in all of them.
        input: the input folder; None takes the first of the usual places, or draws the sample.
        switches: names; all when empty.
        folds: trained of each; None as many as the recipe trains.
        output: folder of `ablation.csv` and `ablation.json`, which are written after each training; None is
            the folder of the recipe's own run.
        engine: as for `train_folds`.

    Returns:
        A row a training, the recipe itself first.

    Raises:
        SeverstalError: a switch is unknown, or the recipe itself cannot be trained.
    """
    found = [find_switch(name) for name in switches or SWITCHES]
    recipe, root = choose_recipe(recipe), choose_input(input)
    if folds is not None:
        recipe = _with_folds(recipe, folds)
    ending = f"{recipe.name}-{root.resolve().name}"
    itself = open_candidate(recipe, root, f"ablate-{ITSELF}-{ending}")
    output = itself.folder if output is None else Path(output)
    check_input(itself)
    base = judge(itself, engine)
    rows = [Row(ITSELF, recipe.description, None, str(itself.folder), _figures(base))]
    _write(rows, recipe, root, output)
    for name, switch in zip(switches or SWITCHES, found, strict=True):
        folder = f"ablate-{name}-{ending}"
        print(f"switch {name}: {switch.what}", flush=True)
        turned = None
        try:
            changed, turned = toggle(recipe, name)
            candidate = open_candidate(changed, root, folder)
            for job in jobs_of(candidate):
                _share(jobs_of(itself)[0], job)
            verdict = judge(candidate, engine)
            judged, gains, fault = _figures(verdict), _gains(verdict, base), None
        except SeverstalError as error:
            judged, gains, fault = None, None, str(error)
            print(f"switch {name} failed: {error}", flush=True)
        rows.append(Row(name, switch.what, turned or "on", str(RUNS / folder), judged, gains, fault))
        _write(rows, recipe, root, output)
    print(print_ablation(rows), f"{output}/ablation.csv", sep="\n", flush=True)
    return rows


def _share(source: Job, target: Job) -> None:
    """Give a run what another found out of the same pictures; its stages check that they are the same."""
    for name in ("duplicates", "likeness"):
        for path in (f"{name}.csv", f"stages/{name}.json"):
            if (source.folder / path).is_file() and not (target.folder / path).exists():
                with replacing(target.folder / path) as part:
                    shutil.copyfile(source.folder / path, part)


def _with_folds(recipe: Recipe, folds: int) -> Recipe:
    if not 1 <= folds <= recipe.data.folds:
        raise SeverstalError(f"--folds {folds}: recipe {recipe.name} has folds for 1 to {recipe.data.folds}")
    members = tuple(change(member, {"data.train_folds": folds}) for member in recipe.members)
    return replace(change(recipe, {"data.train_folds": folds}), members=members)


def judge(candidate: Candidate, engine: Engine = "local") -> Verdict:
    """Train, predict out of fold and score by both kinds of rules; scores are kept, maps deleted."""
    candidate.record()
    train_folds(candidate, engine)
    jobs = jobs_of(candidate)
    inputs = {
        "weights": [
            checksum(job.weights(fold)) for job in jobs for fold in range(job.recipe.data.train_folds)
        ],
        "recipe": {name: candidate.recipe.to_dict()[name] for name in ("inference", "decision", "ensemble")},
        "labels": candidate.labels_digest,
    }
    stage = Stage(candidate.folder, "ablation", inputs)
    paths = [candidate.folder / "ablation" / f"{kind}.csv" for kind in ("fitted", "plain")]
    if not stage.is_done():
        fitted, summary = score_oof(candidate), summarise_oof(candidate)
        areas = pair_areas(summary, plain_rules(candidate.spec))
        plain = ScoredPairs(summary.names, candidate.spec, *areas, fitted.groups, fitted.folds)
        for pairs, path in zip((fitted, plain), paths, strict=True):
            pairs.save(path)
        stage.finish(paths)
        for job in jobs:
            for maps in (job.folder / "oof").glob("maps-*.npy"):
                maps.unlink()
    return Verdict(*(ScoredPairs.load(path, candidate.spec) for path in paths), _rate(candidate))


def _rate(candidate: Candidate) -> float:
    epochs = [
        epoch
        for job in jobs_of(candidate)
        for fold in range(job.recipe.data.train_folds)
        for epoch in load_history(job.folder / f"fold{fold}" / "history.jsonl")
    ]
    seconds = np.array([epoch["seconds"] for epoch in epochs])
    return float(np.average([epoch["pictures_a_second"] for epoch in epochs], weights=seconds))


def _figures(verdict: Verdict) -> Judged:
    plain = verdict.plain.score
    return Judged(verdict.fitted.score.score, plain.score, plain.dice_on_defects, verdict.rate)


def gain_on_defects(pairs: ScoredPairs, base: ScoredPairs) -> Difference | None:
    """By how much the mean Dice of the pairs with a defect is above another's; None where there is none."""
    image, place = np.nonzero(base.true)
    if not len(image):
        return None
    dice, before = (each.dice[image, place][:, None] for each in (pairs, base))
    return paired(dice, before, base.groups[image])


def _gains(verdict: Verdict, base: Verdict) -> Gains:
    groups = base.fitted.groups
    return Gains(
        paired(verdict.fitted.dice, base.fitted.dice, groups),
        paired(verdict.plain.dice, base.plain.dice, groups),
        gain_on_defects(verdict.plain, base.plain),
    )


def _write(rows: Sequence[Row], recipe: Recipe, root: Path, output: Path) -> None:
    write_text(output / "ablation.csv", ablation_table(rows).to_csv(index=False, lineterminator="\n"))
    about = {
        "recipe": recipe.to_dict(),
        "input": root.resolve().name,
        "rows": [row.to_dict() for row in rows],
    }
    write_json(output / "ablation.json", about)
