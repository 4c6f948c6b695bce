import tomllib
from dataclasses import dataclass, field, fields, is_dataclass, make_dataclass, replace

import pytest
import tomli_w

from severstal.files import digest
from severstal.recipe import (
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


RENAMED = {
    f"{table.name}.{item.name}": item.metadata["renamed"]
    for table in fields(Recipe)
    if is_dataclass(getattr(Recipe(), table.name))
    for item in fields(getattr(Recipe(), table.name))
    if "renamed" in item.metadata
}


def test_which_keys_were_renamed():
    assert RENAMED == {
        "sampling.hard_negatives": "hard",
        "pseudo.confidence": "sure",
        "pseudo.confident_pixels": "sure_pixels",
        "training.encoder_lr_factor": "encoder_factor",
        "training.soup": "keep_best",
        "ensemble.mode": "sense",
    }


@pytest.mark.parametrize("key", RENAMED)
def test_a_renamed_key_compares_equal_to_its_old_word(key):
    table, _, name = key.partition(".")
    value = "rank" if key == "ensemble.mode" else 0.5
    old, new = {table: {RENAMED[key]: value}}, {table: {name: value}}
    assert differing(old) == differing(new) == new
    assert describe_differences(old, new) == []
    default = Recipe().to_dict()[table][name]
    assert differing({table: {RENAMED[key]: default}}) == {}


def test_a_recipe_as_the_first_edition_saved_it_is_read_with_one_warning(tmp_path, caplog):
    recipe = load_recipe("champion")
    text = tomli_w.dumps(recipe.to_dict())
    for key, old in RENAMED.items():
        name = key.partition(".")[2]
        assert f"\n{name} = " in text
        text = text.replace(f"\n{name} = ", f"\n{old} = ")
    (tmp_path / "recipe.toml").write_text(text)
    with caplog.at_level("WARNING", "severstal"):
        assert load_recipe(tmp_path / "recipe.toml") == recipe
    assert len(caplog.messages) == 1
    assert all(f"{old} is now" in caplog.text for old in RENAMED.values())
    assert differing(tomllib.loads(text)) == differing(recipe.to_dict())


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


def test_differences_are_reported_in_words():
    now = replace(Recipe(), seed=2, phases=(PhaseSettings(0.5, batch_size=4),)).to_dict()
    before = {"seed": 2, "training": {"epochs": 3, "gone": 7}, "phases": [{"start": 0.25}]}
    assert describe_differences(now, before) == [
        "phases[0].start is 0.5 and was 0.25",
        "phases[0].batch_size is 4 and was not set",
        "training.epochs is 40 and was 3",
        "training.gone is not set and was 7",
    ]


def test_a_phase_that_sets_nothing_is_reported():
    assert describe_differences({"phases": [{"start": 0.0}]}, {}) == ["phases[0] is {} and was not set"]


def test_equal_settings_have_no_differences():
    assert describe_differences(Recipe().to_dict(), {}) == []
    assert describe_differences({}, Recipe().to_dict()) == []
