"""The budget of a comparison, against a count of the batches that the training's own sampler makes."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from severstal import pipeline
from severstal.errors import SeverstalError
from severstal.experiments.budget import NEAR, pictures_planned, pictures_seen, spend
from severstal.recipe import PhaseSettings, Recipe, load_recipe
from severstal.recipe.switches import change
from severstal.runs.opening import open_job
from severstal.training.history import load_history
from severstal.training.loader import BatchSampler
from severstal.training.phases import Plan


def recipe_of(epochs: int, batch: int, **settings) -> Recipe:
    training = {"training.epochs": epochs, "training.batch_size": batch, "training.accumulate": 1}
    return replace(change(Recipe(name="r"), training), **settings)


def sampled(recipe: Recipe) -> tuple[int, int]:
    """Draws of a training that go into a batch, and those that do not."""
    images = recipe.training.epoch_images
    plan = Plan(recipe, images)
    seen = 0
    for epoch in range(recipe.training.epochs):
        seen += sum(map(len, BatchSampler(range(images), plan.phase(epoch).batch_size)))
    return seen, images * recipe.training.epochs - seen


@pytest.mark.parametrize("epochs", [1, 2, 3, 5, 7, 40])
@pytest.mark.parametrize("batch", [1, 4, 13, 24])
@pytest.mark.parametrize("budget", [100, 137, 1000, 4000, 100_000])
def test_the_budget_is_met_closely_without_dropped_pictures(epochs: int, batch: int, budget: int) -> None:
    given = recipe_of(epochs, batch)
    spent = spend(given, budget)
    seen, dropped = sampled(spent)
    assert dropped == 0
    # Nothing nearer than half a batch can be asked for in one epoch, nor more than half of one in each.
    assert abs(seen - budget) <= max(NEAR * budget, batch / 2 * min(epochs, budget / batch))
    assert spent.training.epoch_images >= batch
    # The epochs stay wherever some number of batches in them is near.
    steps = epochs * batch
    if min(budget % steps, -budget % steps) <= NEAR * budget and budget >= steps:
        assert spent.training.epochs == epochs


def test_no_other_number_of_epochs_is_closer_to_the_budget() -> None:
    for budget in range(30, 300, 7):
        spent = spend(recipe_of(6, 5), budget)
        missed = abs(sampled(spent)[0] - budget)
        start = min(6, budget // 5)
        others = [
            abs(count * batches * 5 - budget)
            for count in range(max(1, start // 2), 2 * start + 1)
            for batches in range(1, budget)
        ]
        assert missed <= max(NEAR * budget, min(others))


def test_phases_of_other_batches_count_as_they_are() -> None:
    phases = (PhaseSettings(start=0.5, batch_size=7), PhaseSettings(start=0.75, batch_size=16))
    spent = spend(recipe_of(8, 12, phases=phases), 2000)
    seen, dropped = sampled(spent)
    assert abs(seen - 2000) <= NEAR * 2000
    least = min(
        sampled(change(spent, {"training.epoch_images": images}))[1]
        for images in range(16, 500)
        if sampled(change(spent, {"training.epoch_images": images}))[0] == seen
    )
    assert dropped == least


def test_nothing_stops_it_early() -> None:
    given = change(recipe_of(5, 4), {"training.early_stopping": 2})
    assert spend(given, 100).training.early_stopping == 0


def test_members_and_rounds_share_the_budget() -> None:
    rounds = change(recipe_of(2, 4), {"pseudo.rounds": 1})
    assert 4 * sampled(spend(rounds, 1600, members=2))[0] == 1600


@pytest.mark.parametrize(
    ("epochs", "batch", "rounds", "few", "least"),
    [(40, 4, 0, 39, 40), (5, 13, 0, 12, 13), (5, 13, 1, 25, 26)],
)
def test_a_budget_that_cannot_be_kept_is_refused(
    epochs: int, batch: int, rounds: int, few: int, least: int
) -> None:
    given = change(recipe_of(epochs, batch), {"pseudo.rounds": rounds})
    with pytest.raises(
        SeverstalError, match=f"^{few} pictures are too few .*: give --crops {least} or more$"
    ):
        spend(given, few)
    spent = spend(given, least)
    assert (1 + rounds) * sampled(spent)[0] <= 1.5 * least


def test_so_few_epochs_that_a_phase_never_begins_are_refused() -> None:
    late = replace(recipe_of(2, 4), phases=(PhaseSettings(start=0.6, class_weights="balanced"),))
    with pytest.raises(SeverstalError, match=r"^recipe .*: phases\[0\] .* training.epochs = 3 or more"):
        spend(late, 80)
    assert spend(change(late, {"training.epochs": 3}), 120).training.epochs == 3


@pytest.mark.parametrize("budget", [64, 80, 128, 160, 320, 400])
def test_no_length_is_taken_in_which_a_phase_never_begins(budget: int) -> None:
    late = replace(recipe_of(3, 8), phases=(PhaseSettings(start=0.6, class_weights="balanced"),))
    spent = spend(late, budget)
    Plan(spent, spent.training.epoch_images).check_phases()
    assert abs(sampled(spent)[0] - budget) <= 16
    very_late = replace(recipe_of(10, 8), phases=(PhaseSettings(start=0.9, class_weights="balanced"),))
    with pytest.raises(SeverstalError, match=r"^16 pictures are too few for all phases .* --crops 80 or"):
        spend(very_late, 16)


def test_dropped_pictures_are_not_planned() -> None:
    given = change(recipe_of(3, 8), {"data.folds": 4, "training.epoch_images": 0})
    assert pictures_planned(given, 100) == 3 * 72  # 75 in a fold
    ensemble = replace(given, members=(given, change(given, {"pseudo.rounds": 1})))
    assert pictures_planned(ensemble, 100) == 3 * 3 * 72
    few = change(given, {"training.epoch_images": 5})
    assert pictures_planned(few, 100) == 3 * 5  # one batch of five
    assert spend(given, pictures_planned(given, 100)).training.epoch_images == 72


def test_the_pictures_seen_are_counted_from_the_histories(
    small_input: Path, tiny_recipe: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    # Batches of 5 from epochs of 12: two pictures of each epoch are dropped. No round labels anything.
    settings = {"training.batch_size": 5, "training.epoch_images": 12, "data.train_folds": 1}
    settings |= {"pseudo.rounds": 1, "pseudo.confidence": 1.0}
    job = open_job(change(load_recipe(tiny_recipe), settings), small_input, "tiny")
    pipeline.train(job)
    path = job.folder / "fold0" / "history.jsonl"
    epochs = load_history(path)
    again = load_history(job.folder / "fold0" / "round0" / "history.jsonl")
    assert [epoch["pictures"] for epoch in epochs] == [10, 10]
    assert again == epochs  # it is there twice and was trained once
    assert pictures_seen(job) == 20
    # Other rounds than the first are trainings of their own; an old history does not tell, the plan does.
    old = [{key: value for key, value in epoch.items() if key != "pictures"} for epoch in epochs]
    path.write_text("".join(json.dumps(epoch | {"loss": 1.0}) + "\n" for epoch in old))
    assert pictures_seen(job) == 40
