"""Rounds of pseudo-labels: what is trained on what, what is trained again, and what a fold never sees."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.torch import load_file

from severstal import pipeline
from severstal.competition.rle import encode
from severstal.data.dataset import CropDataset
from severstal.data.inputs import to_inputs
from severstal.errors import SeverstalError
from severstal.files import write_text
from severstal.models.checkpoint import save_weights
from severstal.models.from_recipe import new_network
from severstal.pipeline import training
from severstal.recipe import load_recipe
from severstal.runs.opening import open_job
from severstal.training.history import SCORES, load_history

ANY = "sure = 0.5"  # whatever a network says is sure: every picture is taken


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def fits(monkeypatch: pytest.MonkeyPatch) -> list[SimpleNamespace]:
    """The trainings that are asked for, in order; none of them takes any time."""
    asked: list[SimpleNamespace] = []

    def fit(data, recipe, fold, folder, key, deadline=None):
        asked.append(SimpleNamespace(data=data, fold=fold, folder=folder, key=key, recipe=recipe))
        torch.manual_seed(int(key[:8], 16))
        network = new_network(recipe, data.spec)
        network.get_parameter("body.segmentation_head.0.weight").data *= 1000  # sees something everywhere
        for name in ("model", "last"):
            save_weights(network, folder / f"{name}.safetensors")
        epoch = dict.fromkeys(("learning_rate", *SCORES, "seconds"), 0.1) | {"epoch": 1, "loss": key}
        write_text(folder / "history.jsonl", json.dumps(epoch) + "\n")

    monkeypatch.setattr(training, "fit", fit)
    return asked


def with_rounds(recipe: Path, rounds: int, *settings: str) -> Path:
    """The recipe with so many rounds, as a file of the same name."""
    text = recipe.read_text().split("\n[pseudo]")[0]
    recipe.write_text(text + "\n".join(["\n[pseudo]", f"rounds = {rounds}", *settings, ""]))
    return recipe


def folders(fits: list[SimpleNamespace]) -> list[str]:
    return [fit.folder.relative_to("runs/tiny-small").as_posix() for fit in fits]


def train(recipe: Path, input: Path) -> dict[int, training.Epochs]:
    [trained] = pipeline.train(open_job(recipe, input))
    return trained.histories


def test_without_rounds_a_fold_is_one_training(
    fits: list[SimpleNamespace], small_input: Path, tiny_recipe: Path
) -> None:
    histories = train(tiny_recipe, small_input)
    assert folders(fits) == ["fold0", "fold1"]
    assert all(fit.data.pseudo is None for fit in fits)
    assert [histories[fold][0]["loss"] for fold in (0, 1)] == [fit.key for fit in fits]
    names = {path.name for path in Path("runs/tiny-small/fold0").iterdir()}
    assert names == {"model.safetensors", "last.safetensors", "history.jsonl", "lock"}


def test_each_round_learns_from_what_the_round_before_labelled(
    fits: list[SimpleNamespace],
    small_input: Path,
    tiny_recipe: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    train(with_rounds(tiny_recipe, 2, ANY), small_input)
    assert folders(fits) == [f"fold{fold}{part}" for fold in (0, 1) for part in ("/round0", "/round1", "")]
    tests = [f"test{index:02d}.png" for index in range(4)]
    for fit in fits:
        assert (fit.data.pseudo is None) == (fit.folder.name == "round0")
        if fit.data.pseudo is not None:
            assert list(fit.data.pseudo.names) == tests
    about = json.loads(Path("runs/tiny-small/fold0/round0/pseudo.json").read_text())
    assert about["pictures"] == about["taken"] == 4
    assert about["left_out"] == {}
    log = caplog.text
    assert log.count("of 4 test pictures taken (clean: ") == 4
    assert "fold 0 round0: 4 of 4" in log
    assert "fold 1 round1: 4 of 4" in log
    assert not list(Path("runs").rglob("maps*"))
    train(tiny_recipe, small_input)
    assert len(fits) == 6


def test_a_brightened_or_turned_copy_of_a_held_out_image_is_no_pseudo_label(
    fits: list[SimpleNamespace], small_input: Path, tiny_recipe: Path
) -> None:
    """The fold that holds an image out must not learn it as a test picture; the others may."""
    held = pipeline.prepare_folds(open_job(tiny_recipe, small_input))[0].held_out(0)
    for test, train_name, change in (
        ("test00.png", held[0], lambda grey: grey + 1),
        ("test01.png", held[1], lambda grey: np.ascontiguousarray(grey[::-1, ::-1])),
    ):
        picture = cv2.imread(str(small_input / "train_images" / train_name), cv2.IMREAD_GRAYSCALE)
        cv2.imwrite(str(small_input / "test_images" / test), change(picture))
    train(with_rounds(tiny_recipe, 1, ANY), small_input)
    learnt = {fit.fold: list(fit.data.pseudo.names) for fit in fits if fit.data.pseudo is not None}
    assert learnt == {
        0: ["test02.png", "test03.png"],
        1: ["test00.png", "test01.png", "test02.png", "test03.png"],
    }
    about = json.loads(Path("runs/tiny-small/fold0/round0/pseudo.json").read_text())
    assert about["left_out"] == {"held out": 2}


def with_early_stopping(recipe: Path, epochs: int) -> Path:
    text = recipe.read_text().replace("epochs = 2", f"epochs = {epochs}\nearly_stopping = 1")
    assert "early_stopping" in text
    recipe.write_text(text)
    return recipe


def test_no_score_of_held_out_images_stops_a_network_that_labels(
    fits: list[SimpleNamespace], small_input: Path, tiny_recipe: Path
) -> None:
    train(with_rounds(with_early_stopping(tiny_recipe, 4), 2, ANY), small_input)
    parts = [("round0", 0), ("round1", 0), ("", 1)]
    assert [(fit.folder.as_posix(), fit.recipe.training.early_stopping) for fit in fits] == [
        (Path("runs/tiny-small", f"fold{fold}", part).as_posix(), epochs)
        for fold in (0, 1)
        for part, epochs in parts
    ]
    fits.clear()
    with_rounds(
        tiny_recipe, 2, "sure = 1.0"
    )  # nothing to learn in addition, but an end by the held-out score
    train(tiny_recipe, small_input)
    assert folders(fits) == ["fold0", "fold1"]
    assert {fit.recipe.training.early_stopping for fit in fits} == {1}


def test_without_rounds_early_stopping_is_in_force(
    fits: list[SimpleNamespace], small_input: Path, tiny_recipe: Path
) -> None:
    train(with_early_stopping(tiny_recipe, 4), small_input)
    assert [fit.recipe.training.early_stopping for fit in fits] == [1, 1]


def test_the_labels_are_what_the_fold_s_own_last_network_draws(
    fits: list[SimpleNamespace], small_input: Path, tiny_recipe: Path
) -> None:
    job = open_job(with_rounds(tiny_recipe, 1, ANY), small_input)
    pipeline.train(job)
    for fold in (0, 1):
        drawn = fits[2 * fold + 1].data.pseudo.masks
        network = new_network(job.recipe, job.spec)
        network.load_state_dict(load_file(job.folder / f"fold{fold}" / "round0" / "last.safetensors"))
        network.eval()
        for name in job.sample.images:
            small = to_inputs(job.test_pictures.picture(name)[None], job.recipe.data, "cpu")
            with torch.inference_mode():
                views = network(small).masks.sigmoid(), network(small.flip(-1)).masks.sigmoid().flip(-1)
            mean = ((views[0] + views[1]) / 2)[0].numpy()
            full = np.stack([cv2.resize(plane, (96, 64), interpolation=cv2.INTER_LINEAR) for plane in mean])
            for k, plane in enumerate(full):
                bits = drawn[name] >> k & 1
                clear = np.abs(plane - 0.5) > 0.01  # the maps are rounded to bytes
                assert np.array_equal(bits[clear], plane[clear] > 0.5)


def test_changing_the_number_of_rounds_trains_no_round_twice(
    fits: list[SimpleNamespace], small_input: Path, tiny_recipe: Path
) -> None:
    done = {}
    for rounds, new in ((0, ["fold0"]), (1, ["fold0"]), (2, ["fold0"]), (1, []), (0, [])):
        fits.clear()
        histories = train(with_rounds(tiny_recipe, rounds, ANY), small_input)
        assert [name for name in folders(fits) if name.startswith("fold0")] == new, rounds
        weights = Path("runs/tiny-small/fold0/last.safetensors").read_bytes()
        assert done.setdefault(rounds, (histories, weights)) == (histories, weights)
    assert len({weights for _, weights in done.values()}) == 3


@pytest.mark.parametrize(
    ("settings", "again"),
    [
        ((ANY, "share = 0.5"), ["fold0", "fold1"]),
        ((ANY, "edge = 2"), []),  # every picture is taken just the same
        (("sure = 1.0",), []),  # none is taken: the round before is the last
    ],
)
def test_other_settings_train_again_what_depends_on_them(
    fits: list[SimpleNamespace],
    small_input: Path,
    tiny_recipe: Path,
    settings: tuple[str, ...],
    again: list[str],
) -> None:
    train(with_rounds(tiny_recipe, 1, ANY), small_input)
    fits.clear()
    train(with_rounds(tiny_recipe, 1, *settings), small_input)
    assert folders(fits) == again


def test_where_no_picture_is_taken_the_round_before_is_the_last(
    fits: list[SimpleNamespace],
    small_input: Path,
    tiny_recipe: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    train(with_rounds(tiny_recipe, 2, "sure = 1.0"), small_input)
    assert folders(fits) == ["fold0/round0", "fold1/round0"]
    assert "fold 0 round0: 0 of 4 test pictures taken" in caplog.text
    first, last = (
        load_file(f"runs/tiny-small/{folder}/model.safetensors") for folder in ("fold0/round0", "fold0")
    )
    assert all(torch.equal(first[name], last[name]) for name in first)


def test_settings_of_speed_and_logging_train_nothing_again(
    fits: list[SimpleNamespace], small_input: Path, tiny_recipe: Path
) -> None:
    tiny_recipe.write_text(tiny_recipe.read_text().replace("train_folds = 2", "train_folds = 1"))
    train(tiny_recipe, small_input)
    text = tiny_recipe.read_text().replace("train_folds = 1", "train_folds = 2")
    tiny_recipe.write_text(text.replace("[training]", "[training]\nworkers = 3\ntensorboard = true"))
    train(tiny_recipe, small_input)
    assert folders(fits) == ["fold0", "fold1"]


def test_lost_labels_are_made_again_without_a_training(
    fits: list[SimpleNamespace], small_input: Path, tiny_recipe: Path
) -> None:
    train(with_rounds(tiny_recipe, 1, ANY), small_input)
    path = Path("runs/tiny-small/fold1/round0/pseudo.csv")
    text = path.read_bytes()
    path.unlink()
    train(tiny_recipe, small_input)
    assert path.read_bytes() == text
    assert len(fits) == 4


def test_an_interrupted_training_does_not_count_as_finished(
    fits: list[SimpleNamespace],
    small_input: Path,
    tiny_recipe: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Weights of two trainings have one size: a record of the earlier one must not stand for the later."""
    before = tiny_recipe.read_text()
    train(tiny_recipe, small_input)
    good = Path("runs/tiny-small/fold0/model.safetensors").read_bytes()
    whole = training.fit

    def half(data, recipe, fold, folder, key, deadline):
        (folder / "model.safetensors").write_bytes(bytes(len(good)))
        raise KeyboardInterrupt

    monkeypatch.setattr(training, "fit", half)
    tiny_recipe.write_text("seed = 9\n" + before.replace("[data]", "[data]\nfold_seed = 0"))
    with pytest.raises(KeyboardInterrupt):
        train(tiny_recipe, small_input)
    monkeypatch.setattr(training, "fit", whole)
    tiny_recipe.write_text(before)
    train(tiny_recipe, small_input)
    assert Path("runs/tiny-small/fold0/model.safetensors").read_bytes() == good


def test_a_test_picture_may_have_a_labelled_one_s_name_but_not_be_one_that_is_held_out(
    fits: list[SimpleNamespace], small_input: Path, tiny_recipe: Path
) -> None:
    folds = pipeline.prepare_folds(open_job(tiny_recipe, small_input))[0].table.set_index("ImageId")["fold"]
    same = folds.index[0]
    names = ["train05.png", "same.png", "test02.png", "test03.png"]
    for old, new in (("test00.png", "train05.png"), ("test01.png", "same.png")):
        (small_input / "test_images" / old).rename(small_input / "test_images" / new)
    shutil.copy(small_input / "train_images" / same, small_input / "test_images" / "same.png")
    (small_input / "test_labels.csv").unlink()
    table = pd.DataFrame({"ImageId": names, "EncodedPixels": "1 1", "ClassId": 0})
    table.to_csv(small_input / "sample_submission.csv", index=False)
    job = open_job(with_rounds(tiny_recipe, 1, ANY), small_input)
    pipeline.train(job)
    for fit in fits[1::2]:
        taken = [name for name in names if name != "same.png" or folds[same] != fit.fold]
        assert list(fit.data.pseudo.names) == taken
        own = cv2.imread(str(small_input / "test_images" / "train05.png"), cv2.IMREAD_GRAYSCALE)
        assert np.array_equal(fit.data.pseudo.store.picture("train05.png"), own)
        assert not np.array_equal(fit.data.store.picture("train05.png"), own)
        about = json.loads((job.folder / f"fold{fit.fold}" / "round0" / "pseudo.json").read_text())
        assert about["left_out"] == ({"held out": 1} if folds[same] == fit.fold else {})


def test_rounds_need_other_pictures_than_those_learnt_by_heart(small_input: Path, tiny_recipe: Path) -> None:
    with_rounds(tiny_recipe, 1)
    text = tiny_recipe.read_text()
    tiny_recipe.write_text(text.replace("[training]", "[training]\noverfit_images = 4"))
    with pytest.raises(SeverstalError, match=r"pseudo\.rounds is 1.*overfit_images") as error:
        load_recipe(tiny_recipe)
    assert "\n" not in str(error.value)


def test_rounds_need_test_pictures(fits: list[SimpleNamespace], small_input: Path, tiny_recipe: Path) -> None:
    (small_input / "sample_submission.csv").write_text("ImageId,EncodedPixels,ClassId\n")
    with pytest.raises(SeverstalError, match="names no image") as error:
        train(with_rounds(tiny_recipe, 1), small_input)
    assert "\n" not in str(error.value)
    assert not fits


def test_all_folds_of_all_members_of_an_ensemble(
    fits: list[SimpleNamespace],
    small_input: Path,
    tiny_recipe: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    text = tiny_recipe.read_text()
    tiny_recipe.write_text(text + '\n[[members]]\nname = "a"\n\n[[members]]\nname = "b"\nseed = 1\n')
    tiny_recipe.write_text(tiny_recipe.read_text().replace("[data]", "[data]\nfold_seed = 0"))
    ensemble = pipeline.prepare(tiny_recipe, small_input)
    queued = []

    def run_tasks(tasks, train):
        for task in tasks:
            queued.append((task.run.name, task.fold))
            train(task)
        assert len(fits) == 4

    monkeypatch.setattr(training, "run_tasks", run_tasks)
    trained = pipeline.train(ensemble, engine="ray")
    runs = ["tiny-a-small", "tiny-b-small"]
    assert queued == [(run, fold) for run in runs for fold in (0, 1)]
    assert {each.job.folder.name: list(each.checksums) for each in trained} == {key: [0, 1] for key in runs}
    assert len({fit.key for fit in fits}) == 4


EVERYTHING = """
[sampling]
balance = "classes"
hard_negatives = 0.25

[loss]
classes = 0.1
class_weights = "balanced"
"""


@pytest.fixture
def thorough_recipe(tiny_recipe: Path) -> Path:
    """Whatever looks at labels outside a crop is on."""
    text = tiny_recipe.read_text().replace("[model]", EVERYTHING + "\n[model]\nclass_head = true")
    tiny_recipe.write_text(
        text.replace("crop = [64, 64]", "crop = [64, 64]\ncopy_paste = 0.5\nblackout = 0.5")
    )
    return with_rounds(tiny_recipe, 1, ANY)


def spoil(input: Path, names: list[str]) -> None:
    """Other masks, of the same classes, for the images of `names`, and other pixels."""
    table = pd.read_csv(input / "train.csv")
    other = np.zeros((64, 96), bool)
    other[50:, 70:] = True
    table.loc[table["ImageId"].isin(names), "EncodedPixels"] = encode(other)
    table.to_csv(input / "train.csv", index=False)
    for index, name in enumerate(names):
        noise = np.random.default_rng(1000 + index).integers(0, 256, (64, 96)).astype(np.uint8)
        cv2.imwrite(str(input / "train_images" / name), noise)


@pytest.mark.slow
@pytest.mark.parametrize("stops_early", [False, True])
def test_nothing_of_a_fold_s_held_out_images_reaches_its_labels_or_its_weights(
    small_input: Path, thorough_recipe: Path, tmp_path: Path, stops_early: bool
) -> None:
    """With other labels and other pixels for all that fold 0 holds out, its own results stay bit for bit.

    Early stopping leaves to these images when the last round is done, and nothing else.
    """
    if stops_early:
        with_early_stopping(thorough_recipe, 6)
    job = open_job(thorough_recipe, small_input, "before")
    pipeline.train(job)
    [split] = pipeline.prepare_folds(job)
    folds = split.table.set_index("ImageId")["fold"]
    spoil(small_input, folds.index[folds == 0].tolist())
    changed = open_job(thorough_recipe, small_input, "after")
    pipeline.train(changed)
    assert pipeline.open_folds(changed).table.set_index("ImageId")["fold"].equals(folds)
    for fold, same in ((0, True), (1, False)):
        for name in ("round0/pseudo.csv", "round0/last.safetensors", "last.safetensors")[: 3 - stops_early]:
            one, two = (
                (Path("runs") / run / f"fold{fold}" / name).read_bytes() for run in ("before", "after")
            )
            assert (one == two) == same, (fold, name)
    ends = [load_history(Path("runs") / run / "fold0" / "history.jsonl") for run in ("before", "after")]
    assert all(one["loss"] == two["loss"] for one, two in zip(*ends, strict=not stops_early))
    assert json.loads((job.folder / "fold0" / "round0" / "pseudo.json").read_text())["taken"]


def test_draws_are_of_the_fold_s_own_and_of_test_pictures(
    small_input: Path, tiny_recipe: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = open_job(with_rounds(tiny_recipe, 1, ANY), small_input)
    drawn: list[tuple[str, bool]] = []
    give = CropDataset.__getitem__

    def watched(self, item):
        drawn.append((self.name(item[1]), item[1] >= len(self.names)))
        return give(self, item)

    monkeypatch.setattr(CropDataset, "__getitem__", watched)
    [split] = pipeline.prepare_folds(job)
    folds = split.table.set_index("ImageId")["fold"]
    training.train_fold(split, 0)
    labelled = {name for name, is_pseudo in drawn if not is_pseudo}
    pseudo = {name for name, is_pseudo in drawn if is_pseudo}
    assert labelled == set(folds.index[folds != 0])
    assert pseudo == set(job.sample.images)
    recipe = job.recipe
    second = np.array([is_pseudo for _, is_pseudo in drawn[len(drawn) // 2 :]])
    batches = second[: len(second) // 4 * 4].reshape(-1, recipe.training.batch_size)
    assert batches.sum(1).max() <= recipe.pseudo.share * recipe.training.batch_size


SCRIPT = """
import sys
from severstal import pipeline
from severstal.data.inputs import to_inputs
from severstal.runs.combining import open_recipe
from severstal.runs.opening import open_job
arm()
pipeline.train(open_job(sys.argv[1], sys.argv[2], sys.argv[3]))
"""


@pytest.mark.slow
def test_a_training_killed_in_any_round_resumes_to_the_same_result(
    small_input: Path, tiny_recipe: Path, run_and_kill: Callable[..., None]
) -> None:
    recipe = with_rounds(tiny_recipe, 2, ANY)
    run_and_kill(SCRIPT, recipe, small_input, whole="whole", broken="broken", kills=4)
    for name in ("fold0/round1/pseudo.csv", "fold0/last.safetensors", "fold1/model.safetensors"):
        whole, broken = (Path(f"runs/{run}/{name}").read_bytes() for run in ("whole", "broken"))
        assert whole == broken, name
