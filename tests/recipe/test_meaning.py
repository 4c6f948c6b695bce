from dataclasses import dataclass, field, fields, make_dataclass, replace

import pytest

from severstal.files import digest
from severstal.recipe import (
    EnsembleSettings,
    PhaseSettings,
    Recipe,
    TrainingSettings,
    load_recipe,
    recipe_names,
)
from severstal.recipe.meaning import describe_differences, differing

Longer = make_dataclass("Longer", [("dropout", float, 0.0)], bases=(TrainingSettings,), frozen=True)
LongerPhase = make_dataclass("LongerPhase", [("dropout", float, 0.0)], bases=(PhaseSettings,), frozen=True)


@dataclass(frozen=True)
class LaterRecipe(Recipe):
    """The recipe of a later edition, with one setting more in a table, in a phase and beside the tables."""

    training: Longer = field(default_factory=Longer)
    phases: tuple[LongerPhase, ...] = ()
    label: str = ""


def test_defaults_leave_nothing():
    assert differing(Recipe().to_dict()) == {}


@pytest.mark.parametrize("name", recipe_names())
def test_a_new_setting_with_a_default_changes_no_key(name):
    recipe = load_recipe(name)

    def later(each):
        phases = tuple(LongerPhase(**vars(phase)) for phase in each.phases)
        values = {item.name: getattr(each, item.name) for item in fields(Recipe)}
        members = tuple(later(member) for member in each.members)
        training = Longer(**vars(each.training))
        return LaterRecipe(**values | {"phases": phases, "training": training, "members": members})

    whole = later(recipe).to_dict()
    assert whole["training"]["dropout"] == 0.0
    kept = differing(recipe.to_dict())
    assert digest(differing(whole, LaterRecipe)) == digest(kept)
    # and a recording of the earlier edition, read by the later one
    assert digest(differing(recipe.to_dict(), LaterRecipe)) == digest(kept)


def test_a_new_setting_off_its_default_changes_the_key():
    whole = replace(LaterRecipe(), training=Longer(dropout=0.1)).to_dict()
    assert differing(whole, LaterRecipe) == {"training": {"dropout": 0.1}}


@pytest.mark.parametrize("name", recipe_names())
def test_what_differs_is_what_was_set(name):
    recipe = load_recipe(name)
    again = differing(recipe.to_dict())
    assert differing(again) == again
    assert again["name"] == name
    for table, values in again.items():
        for key, value in values.items() if isinstance(values, dict) else ():
            assert value != Recipe().to_dict()[table].get(key)


def test_a_renamed_key_compares_equal_to_its_old_word():
    (item,) = (item for item in fields(EnsembleSettings) if item.name == "mode")
    old = {"ensemble": {item.metadata["renamed"]: "rank", "power": 1.0}}
    assert differing(old) == differing({"ensemble": {"mode": "rank", "power": 1.0}})
    assert describe_differences(old, {"ensemble": {"mode": "rank"}}) == []


def test_unknown_keys_are_kept():
    settings = {"training": {"epochs": 40, "new": 1}, "other": {"a": 2}}
    assert differing(settings) == {"training": {"new": 1}, "other": {"a": 2}}


def test_tables_of_free_keys_are_compared_whole():
    masks = {"bce": 0.75, "dice": 0.25}
    assert differing({"loss": {"masks": masks}}) == {}
    assert differing({"loss": {"masks": {"dice": 0.25}}}) == {"loss": {"masks": {"dice": 0.25}}}


def test_tuples_and_lists_are_alike():
    assert differing({"augment": {"crop": (256, 512)}}) == differing({"augment": {"crop": [256, 512]}}) == {}


def test_phases_keep_their_places():
    phases = [PhaseSettings(), PhaseSettings(0.5, crop=(64, 64))]
    whole = replace(Recipe(), phases=tuple(phases)).to_dict()
    assert differing(whole) == {"phases": [{}, {"start": 0.5, "crop": [64, 64]}]}


def test_differences_are_told_in_words():
    now = replace(Recipe(), seed=2, phases=(PhaseSettings(0.5, batch_size=4),)).to_dict()
    before = {"seed": 2, "training": {"epochs": 3, "gone": 7}, "phases": [{"start": 0.25}]}
    assert describe_differences(now, before) == [
        "phases[0].start is 0.5 and was 0.25",
        "phases[0].batch_size is 4 and was not set",
        "training.epochs is 40 and was 3",
        "training.gone is not set and was 7",
    ]


def test_a_phase_that_sets_nothing_is_told():
    assert describe_differences({"phases": [{"start": 0.0}]}, {}) == ["phases[0] is {} and was not set"]


def test_equal_settings_have_no_differences():
    assert describe_differences(Recipe().to_dict(), {}) == []
    assert describe_differences({}, Recipe().to_dict()) == []
