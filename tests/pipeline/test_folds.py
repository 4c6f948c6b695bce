"""A user's own folds: used unchanged, with leaks reported and changes noticed."""

import json
import shutil
from pathlib import Path
from types import SimpleNamespace

import cv2
import pandas as pd
import pytest

from severstal import pipeline
from severstal.cli import main
from severstal.data.folds import load_folds
from severstal.errors import SeverstalError
from severstal.models.checkpoint import save_weights
from severstal.models.from_recipe import new_network
from severstal.notebooks import run_all
from severstal.pipeline import training
from severstal.runs.combining import open_recipe
from severstal.runs.opening import open_job


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def fits(monkeypatch: pytest.MonkeyPatch) -> list[SimpleNamespace]:
    """The trainings that are asked for; none of them takes any time."""
    asked: list[SimpleNamespace] = []

    def fit(data, recipe, fold, folder, key, deadline=None):
        asked.append(SimpleNamespace(fold=fold, train=set(data.train), held_out=set(data.held_out)))
        for name in ("model", "last"):
            save_weights(new_network(recipe, data.spec), folder / f"{name}.safetensors")
        (folder / "history.jsonl").write_text("{}\n")

    monkeypatch.setattr(training, "fit", fit)
    return asked


def call(*words: object) -> int:
    with pytest.raises(SystemExit) as ended:
        main(list(map(str, words)))
    return ended.value.code or 0


def given(data: Path, folds: int = 3) -> Path:
    """A table of folds that no split would make: the first pictures in fold 0, and so on."""
    names = sorted(path.name for path in (data / "train_images").iterdir())
    table = pd.DataFrame({"ImageId": names, "fold": [row * folds // len(names) for row in range(len(names))]})
    table.to_csv("mine.csv", index=False)
    return Path("mine.csv")


def test_the_folds_of_the_table_are_trained(
    fits: list[SimpleNamespace], small_input: Path, tiny_recipe: Path
) -> None:
    path = given(small_input)
    assert call("train", tiny_recipe, "--input", small_input, "--folds", path) == 0
    wanted = pd.read_csv(path).groupby("fold")["ImageId"].agg(set)
    assert [fit.fold for fit in fits] == [0, 1, 2]  # the recipe alone has two
    for fit in fits:
        assert fit.held_out == wanted[fit.fold]
        assert fit.train == set(pd.read_csv(path)["ImageId"]) - wanted[fit.fold]
    kept = load_folds("runs/tiny-small/folds.csv")
    assert dict(zip(kept["ImageId"], kept["fold"], strict=True)) == dict(pd.read_csv(path).to_numpy())


def test_the_recipe_may_name_the_table(
    fits: list[SimpleNamespace], small_input: Path, tiny_recipe: Path
) -> None:
    path = given(small_input)
    tiny_recipe.write_text(tiny_recipe.read_text().replace("[data]", f'[data]\nfolds_file = "{path}"'))
    pipeline.train(pipeline.prepare(tiny_recipe, small_input))
    assert [fit.fold for fit in fits] == [0, 1, 2]
    assert open_job(tiny_recipe, small_input).recipe.data.folds_file == str(path.resolve())


def test_fewer_folds_are_trained_where_the_recipe_says_so(small_input: Path, tiny_recipe: Path) -> None:
    tiny_recipe.write_text(tiny_recipe.read_text().replace("train_folds = 2", "train_folds = 1"))
    data = open_job(tiny_recipe, small_input, folds=given(small_input, 4)).recipe.data
    assert (data.folds, data.train_folds) == (4, 1)


def test_a_changed_table_is_noticed(
    fits: list[SimpleNamespace], small_input: Path, tiny_recipe: Path
) -> None:
    path = given(small_input)
    words = ("train", tiny_recipe, "--input", small_input, "--folds", path)
    assert call(*words) == 0
    assert call(*words) == 0
    assert len(fits) == 3  # not trained a second time
    table = pd.read_csv(path)
    table["fold"] = table["fold"].to_numpy()[::-1]
    table.to_csv(path, index=False)
    assert call(*words) == 0
    assert len(fits) == 6
    assert fits[3].held_out == set(table.loc[table["fold"] == 0, "ImageId"])


def test_leaks_are_reported_and_trained_on(
    fits: list[SimpleNamespace], small_input: Path, tiny_recipe: Path, capsys: pytest.CaptureFixture
) -> None:
    path = given(small_input)
    pictures = small_input / "train_images"
    picture = cv2.imread(str(pictures / "train00.png"), cv2.IMREAD_GRAYSCALE)
    cv2.imwrite(str(pictures / "train17.png"), picture + 1)
    assert call("train", tiny_recipe, "--input", small_input, "--folds", path) == 0
    [warning] = [line for line in capsys.readouterr().err.splitlines() if "two folds" in line]
    assert warning.startswith(
        "1 pair of near-duplicates (2 images) is in two folds: train00.png (fold 0) and train17.png (fold 2)"
    )
    assert warning.endswith("put both pictures of a pair into one fold of " + str(path.resolve()))
    assert json.loads(Path("runs/tiny-small/folds.json").read_text())["leaking_pairs"] == 1
    assert [fit.fold for fit in fits] == [0, 1, 2]


@pytest.mark.parametrize("command", ["train", "run", "notebooks"])
def test_a_faulty_table_ends_every_command_in_one_line(
    fits: list[SimpleNamespace],
    small_input: Path,
    tiny_recipe: Path,
    capsys: pytest.CaptureFixture,
    command: str,
) -> None:
    path = given(small_input)
    path.write_text(path.read_text().replace("train05.png", "gone.png"))
    code = call(command, tiny_recipe, "--input", small_input, "--folds", path)
    error = capsys.readouterr().err.strip().splitlines()[-1]
    assert code == 2
    assert "mine.csv row 6: image gone.png is not among the labelled pictures" in error
    assert not fits


def test_a_sample_of_the_images_that_leaves_a_fold_empty_is_an_error(
    small_input: Path, tiny_recipe: Path
) -> None:
    table = pd.read_csv(given(small_input)).assign(fold=0)
    names = [f"train{row:02d}.png" for row in range(18)]
    settings = "[data]\nmax_images = 6"
    tiny_recipe.write_text(tiny_recipe.read_text().replace("[data]", settings))
    drawn = open_job(tiny_recipe, small_input).images
    left = next(name for name in names if name not in drawn)
    table.loc[table["ImageId"] == left, "fold"] = 1
    table.to_csv("mine.csv", index=False)
    job = pipeline.prepare(tiny_recipe, small_input, folds="mine.csv")
    with pytest.raises(SeverstalError, match=r"none of the \d images that data.max_images leaves is in fold"):
        pipeline.prepare_folds(job)


def test_members_of_an_ensemble_share_the_table(small_input: Path, tiny_recipe: Path) -> None:
    members = '\n[[members]]\nname = "a"\n\n[[members]]\nname = "b"\nseed = 1\n'
    text = tiny_recipe.read_text().replace("[data]", "[data]\nfold_seed = 0")
    tiny_recipe.write_text(text + members)
    ensemble = open_recipe(tiny_recipe, small_input, folds=given(small_input))
    assert [member.recipe.data.folds for member in ensemble.members] == [3, 3]
    ensemble.record()
    again = open_recipe(ensemble.files.recipe, small_input)
    assert again.recipe.data.folds_file == ensemble.recipe.data.folds_file


def test_the_notebooks_get_the_table(
    small_input: Path, tiny_recipe: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given_to = {}
    monkeypatch.setattr(
        "severstal.notebooks.run_notebooks", lambda sources, kept, parameters: given_to.update(parameters)
    )
    run_all(str(tiny_recipe), small_input, folds=given(small_input))
    job = pipeline.prepare(given_to["recipe"], given_to["input_folder"])
    assert job.folder == Path("runs/tiny-small")
    assert job.recipe.data.folds == 3


def test_a_users_table_is_one_to_score_with(small_input: Path, capsys: pytest.CaptureFixture) -> None:
    shutil.copy(small_input / "train.csv", "labels.csv")
    words = ("score", "labels.csv", "--truth", small_input / "train.csv", "--input", small_input)
    assert call(*words, "--folds", given(small_input), "--json", "scores.json") == 0
    assert json.loads(Path("scores.json").read_text())["score"] == 1
    Path("mine.csv").write_text("ImageId,fold\ntrain00.png,0\ntrain01.png,1\n")
    assert call(*words, "--folds", "mine.csv") == 2
    assert "16 of the 18 images have no row, such as train02.png" in capsys.readouterr().err
