"""Switches: each toggles what it says, of any recipe, and nothing else."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from severstal.errors import SeverstalError
from severstal.recipe import Recipe, load_recipe, save_recipe
from severstal.recipe.recipe import PhaseSettings
from severstal.recipe.switches import SEED_STEP, SWITCHES, change, toggle


@pytest.mark.parametrize("recipe", ["champion", "khornlund", "plain_smp", "smoke"])
@pytest.mark.parametrize("name", SWITCHES)
def test_every_recipe_can_be_turned_and_written(name: str, recipe: str, tmp_path: Path) -> None:
    before = load_recipe(recipe)
    after, turned = toggle(before, name)
    assert after != before
    assert turned in ("on", "off", "again")
    _, back = toggle(after, name)
    assert {turned, back} in ({"on", "off"}, {"again"})
    path = tmp_path / "recipe.toml"
    save_recipe(after, path)
    assert load_recipe(path) == after  # so that a run of it can be opened again


@pytest.mark.parametrize("name", [name for name in SWITCHES if name != "seed"])
def test_a_switch_that_was_turned_twice_changed_nothing(name: str) -> None:
    plain = change(Recipe(), {"training.precision": "fp32"})
    there, _ = toggle(plain, name)
    assert toggle(there, name)[0] == plain


def test_growing_crops_see_as_many_pixels_as_one_crop() -> None:
    recipe = Recipe()
    height, width = recipe.augment.crop
    phases = toggle(recipe, "growing_crops")[0].phases
    starts = [phase.start for phase in phases] + [1.0]
    shares = [after - before for before, after in pairwise(starts)]
    areas = [phase.crop[0] * phase.crop[1] for phase in phases]
    assert sum(share * area for share, area in zip(shares, areas, strict=True)) == height * width
    assert areas == sorted(areas)


def test_phases_of_a_recipe_outlast_another_switch() -> None:
    recipe = replace(Recipe(), phases=(PhaseSettings(0.5, masks={"dice": 1.0}),))
    warmed = toggle(recipe, "frozen_warmup")[0]
    assert [phase.masks for phase in warmed.phases] == [None, None, {"dice": 1.0}]
    assert [phase.frozen_encoder for phase in warmed.phases] == [True, False, False]


def test_a_switch_is_turned_off_in_all_members_where_any_has_it() -> None:
    champion = load_recipe("champion")
    after, turned = toggle(champion, "ema")
    assert turned == "off"
    assert {member.training.ema for member in after.members} == {0.0}
    assert [member.model for member in after.members] == [member.model for member in champion.members]


def test_another_seed_leaves_the_folds() -> None:
    for recipe in (Recipe(seed=4), load_recipe("champion")):
        after, _ = toggle(recipe, "seed")
        for before, other in zip(recipe.members or [recipe], after.members or [after], strict=True):
            assert other.seed == before.seed + SEED_STEP
            assert other.fold_seed == before.fold_seed


def test_settings_that_do_not_go_together_are_refused() -> None:
    recipe = change(Recipe(), {"training.batch_size": 1})
    with pytest.raises(
        SeverstalError, match=r"switch accumulation: training\.accumulate is 2: give at most the 1 crops"
    ):
        toggle(recipe, "accumulation")
    with pytest.raises(SeverstalError, match="the nearest known one is 'mixup'"):
        toggle(recipe, "mixupp")
