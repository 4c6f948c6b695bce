"""Recipes: those that come with the project, and files that are not one."""

from pathlib import Path

import pytest

from severstal.errors import SeverstalError
from severstal.recipe import PhaseSettings, Recipe, load_recipe, recipe_names, save_recipe


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


def test_smoke_is_bounded() -> None:
    smoke = load_recipe("smoke")
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
        ("[data]\nfold_seed = -1\n", "data.fold_seed is -1: give 0 to 2.14748e+09"),
        (
            "[training]\naccumulate = 4\n[[phases]]\nstart = 0.5\nbatch_size = 2\n",
            "training.accumulate is 4: give at most the 2 crops of a batch",
        ),
        *(
            (
                f"{text}\n[model]\narchitecture = {name!r}\n",
                "training.batch_size / accumulate makes micro-batches of one crop, which the batch "
                f"normalisation of {name} cannot use: give micro-batches of 2 or more",
            )
            for name, text in [
                ("ksac", "[training]\nbatch_size = 4\naccumulate = 4"),
                ("pan", "[training]\nbatch_size = 1"),
                ("upernet", "[training]\naccumulate = 8\n[[phases]]\nstart = 0.5\nbatch_size = 8"),
            ]
        ),
        (
            "[pseudo]\nrounds = 1\nshare = 0.3\n[[phases]]\nstart = 0.5\nbatch_size = 3\n",
            "pseudo.share is 0.3 of batches of 3, which is less than one pseudo-labelled crop: give "
            "0.34 or more, or larger batches",
        ),
        (
            "[distill]\nweight = 0.5\n[augment]\nblackout = 0.3\n",
            "distill.weight is 0.5 with augment.blackout = 0.3: set one of the two to 0",
        ),
        (
            "[distill]\nweight = 0.5\n[pseudo]\nrounds = 1\n",
            "distill.weight is 0.5 with pseudo.rounds = 1: set one of the two to 0",
        ),
        (
            "[distill]\nunlabelled = 0.2\n",
            "distill.unlabelled is 0.2 and distill.weight 0: set it above 0",
        ),
        (
            "[distill]\nweight = 0.5\nunlabelled = 0.2\n[training]\nbatch_size = 4\n",
            "distill.unlabelled is 0.2 of batches of 4, which is less than one crop: give 0.25 or more, or "
            "larger batches",
        ),
        (
            '[inference]\nweights = "swa"\n',
            "inference.weights is 'swa' and training.swa is 0: set training.swa above 0",
        ),
        (
            '[inference]\nweights = "soup"\n',
            "inference.weights is 'soup' and training.soup is 0: set training.soup above 0",
        ),
        (
            "[[phases]]\nstart = 0.5\n[[phases]]\nstart = 0.5\n",
            "phases are not in ascending order of start: sort them, and give each another start",
        ),
        ("[data]\nscale = 3\n", "inference.map_scale is 2: give a multiple of data.scale, 3"),
        ("[loss]\nclasses = 0.5\n", "loss.classes is 0.5 without a class head: set model.class_head = true"),
        (
            'name = "../up"\n',
            "name is '../up': use letters, digits, - and _, since it names the run's folder",
        ),
    ],
)
def test_impossible_recipes_are_refused(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(text)
    with pytest.raises(SeverstalError) as caught:
        load_recipe(path)
    assert str(caught.value) == f"{path}: {message}"


@pytest.mark.parametrize(
    ("architecture", "batch", "parts"), [("unet", 1, 1), ("unet", 4, 4), ("ksac", 4, 2), ("ksac", 5, 3)]
)
def test_parts_that_the_network_takes_pass(architecture: str, batch: int, parts: int, tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(
        f"[model]\narchitecture = '{architecture}'\n[training]\nbatch_size = {batch}\naccumulate = {parts}\n"
    )
    assert load_recipe(path).training.accumulate == parts


def test_unknown_names_and_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(
        SeverstalError, match=r"recipe 'smok' is unknown: take one of baseline, .*, smoke, third_place"
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


ENSEMBLE = """
seed = 3

[data]
folds = 4
train_folds = 2

[model]
encoder_name = "resnet18"
options = {decoder_dropout = 0.5}

[training]
epochs = 7

[[phases]]
start = 0.5
crop = [64, 64]

[ensemble]
sense = "logit"

[[members]]
name = "one"
model = {architecture = "unet"}

[[members]]
name = "two"
seed = 3
training = {batch_size = 2}
phases = []
"""


def test_members_differ_from_the_recipe_only_in_what_they_name(tmp_path: Path) -> None:
    path = tmp_path / "pair.toml"
    path.write_text(ENSEMBLE)
    recipe = load_recipe(path)
    one, two = recipe.members
    assert (one.name, two.name) == ("pair-one", "pair-two")
    assert (one.model.architecture, one.model.encoder_name) == ("unet", "resnet18")
    assert (two.model.architecture, two.training.epochs, two.training.batch_size) == ("fpn", 7, 2)
    assert one.model.options == {"decoder_dropout": 0.5}
    assert (one.data.folds, one.seed) == (4, 3)
    assert one.phases == recipe.phases == (PhaseSettings(0.5, crop=(64, 64)),)
    assert two.phases == ()
    assert one.ensemble == Recipe().ensemble != recipe.ensemble


def test_a_recipe_with_members_survives_writing_and_reading(tmp_path: Path) -> None:
    path = tmp_path / "pair.toml"
    path.write_text(ENSEMBLE)
    recipe = load_recipe(path)
    save_recipe(recipe, tmp_path / "resolved" / "recipe.toml")
    assert load_recipe(tmp_path / "resolved" / "recipe.toml") == recipe
    save_recipe(recipe.members[0], tmp_path / "member.toml")
    assert load_recipe(tmp_path / "member.toml") == recipe.members[0]


def test_members_may_have_seeds_of_their_own_where_the_folds_have_theirs(tmp_path: Path) -> None:
    path = tmp_path / "pair.toml"
    path.write_text(
        ENSEMBLE.replace("folds = 4", "folds = 4\nfold_seed = 3").replace(
            '"two"\nseed = 3', '"two"\nseed = 9'
        )
    )
    recipe = load_recipe(path)
    assert [member.seed for member in recipe.members] == [3, 9]
    assert {member.fold_seed for member in recipe.members} == {3}


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            '"two"\nseed = 3',
            '"two"\nseed = 9',
            "member 'pair-two' has other folds than the recipe: set folds",
        ),
        ('"two"', '"two"\ndata = {folds = 5}', "member 'pair-two' has other folds than the recipe"),
        ('"two"', '"two"\ndata = {max_images = 8}', "member 'pair-two' has other folds than the recipe"),
        ('"two"', '"one"', "member 'pair-one' has no name of its own"),
        ('name = "two"\n', "", "member 'pair-' has no name of its own"),
        ("batch_size = 2", "batch_sise = 2", "key 'members[1].training.batch_sise' is unknown"),
        ("batch_size = 2", "batch_size = 0", "members[1].training.batch_size is 0: give 1 to 4096"),
        ("phases = []", "phases = [{crop = [64, 8]}]", "members[1].phases[0].crop is (64, 8): give 32 to"),
        ("crop = [64, 64]", "crop = [64]", "phases[0].crop is [64]: give a list of 2"),
        ("[[phases]]", "[phases]", "phases is {'start': 0.5, 'crop': [64, 64]}: make it tables, [[phases]]"),
        ('"unet"}', '"unet", class_head = 1}', "members[0].model.class_head is 1: give true or false"),
        ("phases = []", "members = [{}]", "member 'pair-two' has members of its own: put all members"),
    ],
)
def test_what_makes_no_members(old: str, new: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "pair.toml"
    assert old in ENSEMBLE
    path.write_text(ENSEMBLE.replace(old, new))
    with pytest.raises(SeverstalError) as caught:
        load_recipe(path)
    assert str(caught.value).startswith(f"{path}: {message}")
    assert "\n" not in str(caught.value)


def test_one_member_is_none_and_an_ensemble_needs_some(tmp_path: Path) -> None:
    path = tmp_path / "pair.toml"
    path.write_text(ENSEMBLE[: ENSEMBLE.rindex("[[members]]")])
    with pytest.raises(SeverstalError, match="only one member: add a second"):
        load_recipe(path)
    path.write_text(ENSEMBLE[: ENSEMBLE.index("[[members]]")])
    with pytest.raises(SeverstalError, match=r"\[ensemble\] is set without members"):
        load_recipe(path)
    path.write_text("members = [3, 4]\n")
    with pytest.raises(SeverstalError, match=r"members\[0\] is 3: make it a table"):
        load_recipe(path)
