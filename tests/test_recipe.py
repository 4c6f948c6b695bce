"""Recipes: those that come with the project, and files that are not one."""

from pathlib import Path

import pytest

from severstal.errors import SeverstalError
from severstal.recipe import Recipe, load_recipe, recipe_names, save_recipe


@pytest.mark.parametrize("name", recipe_names())
def test_recipes_survive_writing_and_reading(name: str, tmp_path: Path) -> None:
    recipe = load_recipe(name)
    assert recipe.name == name
    assert recipe.description
    save_recipe(recipe, tmp_path / "resolved.toml")
    assert load_recipe(tmp_path / "resolved.toml") == recipe


def test_baseline_is_the_promised_network() -> None:
    baseline = load_recipe("baseline")
    assert (baseline.model.architecture, baseline.model.encoder_name) == ("fpn", "efficientnet-b3")
    assert baseline.data.folds == baseline.data.train_folds == 5


def test_smoke_needs_no_network_and_is_bounded() -> None:
    smoke = load_recipe("smoke")
    assert smoke.model.encoder_weights == "none"
    assert 0 < smoke.data.max_images <= 1000


def test_a_file_names_only_what_differs(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text("[training]\nepochs = 3\n")
    recipe = load_recipe(path)
    assert recipe.name == "mine"
    assert recipe.training.epochs == 3
    assert recipe.model == Recipe().model


def test_a_byte_order_mark_is_read_over(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_bytes(b"\xef\xbb\xbfseed = 4\r\n")
    assert load_recipe(path).seed == 4


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[trainig]\n", "key 'trainig' is unknown: the nearest known one is 'training'"),
        (
            "[training]\nepoch = 3\n",
            "key 'training.epoch' is unknown: the nearest known one is 'training.epochs'",
        ),
        ("[training]\nepochs = 0\n", "training.epochs is 0: give 1 to 10000"),
        ("[data]\nfolds = 2\ntrain_folds = 3\n", "data.train_folds is 3: there are 2 folds (data.folds)"),
        ("[data]\nscale = 3\n", "inference.map_scale is 2: give a multiple of data.scale, 3"),
        ("[loss]\nclasses = 0.5\n", "loss.classes is 0.5 without a class head: set model.class_head = true"),
        (
            'name = "../up"\n',
            "name is '../up': give letters, digits, - and _, since it names the run's folder",
        ),
    ],
)
def test_impossible_recipes_are_refused(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(text)
    with pytest.raises(SeverstalError) as caught:
        load_recipe(path)
    assert str(caught.value) == f"{path}: {message}"


def test_unknown_names_and_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(
        SeverstalError, match="recipe 'smok' is unknown: take one of baseline, overfit, smoke"
    ):
        load_recipe("smok")
    with pytest.raises(SeverstalError, match="no such recipe"):
        load_recipe(tmp_path / "absent.toml")
    broken = tmp_path / "broken.toml"
    broken.write_text("[data\n")
    with pytest.raises(SeverstalError, match="not TOML"):
        load_recipe(broken)


def test_a_name_cannot_climb_out_of_the_recipes() -> None:
    with pytest.raises(SeverstalError, match="is unknown"):
        load_recipe("../recipes/smoke")
