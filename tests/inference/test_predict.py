"""Maps are means over networks and flips; an interrupted call resumes after the maps already written."""

import math
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from severstal.device import make_accelerator
from severstal.errors import SeverstalError
from severstal.inference.maps import MapReader
from severstal.inference.predict import PredictionTask, predict_batch, predict_maps
from severstal.models.network import Output
from severstal.runs.job import Job
from severstal.runs.opening import open_job


class Constant(torch.nn.Module):
    """Says the same probability everywhere, and counts the pictures it sees."""

    def __init__(self, probability: float):
        super().__init__()
        self.logit, self.seen = float(np.log(probability / (1 - probability))), 0

    def forward(self, pictures: torch.Tensor) -> Output:
        """(N, 1, h, w) to logits (N, 2, h, w)."""
        self.seen += len(pictures)
        return Output(torch.full((len(pictures), 2, *pictures.shape[2:]), self.logit), None)


@pytest.fixture
def job(small_input: Path, tiny_recipe: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Job:
    monkeypatch.chdir(tmp_path)
    return open_job(tiny_recipe, small_input)


def prediction(job: Job, networks: dict[int, Constant], members, folder: str = "maps") -> PredictionTask:
    return PredictionTask(job.recipe, networks, members, Path(folder), "key", make_accelerator("fp32"))


def test_members_are_averaged_and_each_picture_has_its_own(job: Job) -> None:
    networks = {0: Constant(0.2), 1: Constant(0.6)}
    members = {name: [0] if index % 2 else [0, 1] for index, name in enumerate(job.images)}
    part = prediction(job, networks, members.__getitem__)
    (maps,) = predict_maps([part], job.train_pictures, job.images, job.spec)
    for index in range(len(job.images)):
        expected = round(0.2 * 255) if index % 2 else round(0.4 * 255)
        assert (np.abs(maps[index].astype(int) - expected) <= 1).all()
        assert (np.abs(maps.class_probability[index].astype(int) - expected) <= 1).all()
    flips = len(job.recipe.inference.flips)
    assert networks[0].seen == len(job.images) * flips
    assert networks[1].seen == len(job.images) // 2 * flips


def test_out_of_memory_the_pictures_go_in_smaller_batches(job: Job) -> None:
    class Narrow(Constant):
        """Has memory for one picture."""

        def forward(self, pictures: torch.Tensor) -> Output:
            if len(pictures) > 1:
                raise torch.cuda.OutOfMemoryError("CUDA out of memory.")
            return super().forward(pictures)

    maps = [
        predict_maps([part], job.train_pictures, job.images, job.spec)[0]
        for part in (
            prediction(job, {0: Constant(0.2)}, lambda _: [0], "wide"),
            prediction(job, {0: Narrow(0.2)}, lambda _: [0], "narrow"),
        )
    ]
    assert all(np.array_equal(*(each[index] for each in maps)) for index in range(len(job.images)))


class Store:
    """Counts how often each picture is read."""

    def __init__(self) -> None:
        self.read: Counter[str] = Counter()

    def picture(self, name: str) -> np.ndarray:
        """(64, 96) uint8."""
        self.read[name] += 1
        return np.zeros((64, 96), np.uint8)


def test_what_is_there_is_not_predicted_again(job: Job) -> None:
    names = [f"{index}.png" for index in range(70)]  # two shards
    predict_maps([prediction(job, {0: Constant(0.5)}, lambda _: [0])], Store(), names, job.spec)
    Path("maps/maps-00001.npy").unlink()
    Path("maps/maps.json").rename("maps/maps.part.json")  # as a kill before the last shard leaves it
    again, store = Constant(0.5), Store()
    predict_maps([prediction(job, {0: again}, lambda _: [0])], store, names, job.spec)
    assert again.seen == 6 * len(job.recipe.inference.flips)
    assert sorted(store.read) == sorted(names[64:])
    assert len(MapReader("maps")) == 70


@pytest.mark.parametrize("part", ["maps", "classes"])
def test_altered_maps_are_predicted_again_and_named(
    job: Job, caplog: pytest.LogCaptureFixture, part: str
) -> None:
    names = [f"{index}.png" for index in range(70)]  # two shards
    predict_maps([prediction(job, {0: Constant(0.5)}, lambda _: [0])], Store(), names, job.spec)
    altered = Path(f"maps/{part}-00000.npy")
    np.save(altered, np.zeros_like(np.load(altered)))
    caplog.clear()
    store = Store()
    (maps,) = predict_maps([prediction(job, {0: Constant(0.5)}, lambda _: [0])], store, names, job.spec)
    assert f"{altered}: altered since it was written" in caplog.text
    assert sorted(store.read) == sorted(names[:64])
    assert {int(maps[0].min()), int(maps.class_probability.min())} == {128}


def test_several_runs_read_each_picture_once(job: Job) -> None:
    names, store = [f"{index}.png" for index in range(150)], Store()
    parts = [
        prediction(job, {0: Constant(value), 1: Constant(value)}, lambda _: [0, 1], f"run{value}/test")
        for value in (0.25, 0.75)
    ]
    low, high = predict_maps(parts, store, names, job.spec)
    assert set(store.read.values()) == {1}
    assert len(store.read) == 150
    assert (low[149].max(), high[149].min()) == (64, 191)
    assert (low.layout.run, high.layout.run) == ("run0.25", "run0.75")


def test_a_run_that_is_done_is_not_predicted_with_the_others(job: Job) -> None:
    names = [f"{index}.png" for index in range(3)]
    predict_maps([prediction(job, {0: Constant(0.25)}, lambda _: [0], "a")], Store(), names, job.spec)
    done, store = Constant(0.25), Store()
    parts = [prediction(job, {0: done}, lambda _: [0], "a")]
    parts.append(prediction(job, {0: Constant(0.75)}, lambda _: [0], "b"))
    predict_maps(parts, store, names, job.spec)
    assert done.seen == 0
    predict_maps(parts, store, names, job.spec)
    assert set(store.read.values()) == {1}


def test_a_picture_that_cannot_be_read_is_an_error_and_what_was_done_stays(job: Job) -> None:
    class Broken(Store):
        def picture(self, name: str) -> np.ndarray:
            if name == "70.png":
                raise SeverstalError("70.png: damaged: replace the file")
            return super().picture(name)

    names = [f"{index}.png" for index in range(80)]
    with pytest.raises(SeverstalError, match=r"70\.png: damaged"):
        predict_maps([prediction(job, {0: Constant(0.5)}, lambda _: [0])], Broken(), names, job.spec)
    assert Path("maps/maps-00000.npy").is_file()
    assert not Path("maps/maps.json").exists()


def test_class_heads_are_averaged(job: Job) -> None:
    class Headed(Constant):
        def __init__(self, value: float, logit: float) -> None:
            super().__init__(value)
            self.logit = logit

        def forward(self, pictures: torch.Tensor) -> Output:
            output = super().forward(pictures)
            return Output(output.masks, torch.full((len(pictures), 2), self.logit))

    pictures = np.zeros((1, 64, 96), np.uint8)
    accelerator, recipe = make_accelerator("fp32"), job.recipe
    sigmoid = [1 / (1 + math.exp(-logit)) for logit in (1, -2)]
    _, headed = predict_batch([Headed(0.2, 1), Constant(0.3)], pictures, recipe, accelerator, (64, 96))
    assert headed.tolist() == [[round(sigmoid[0] * 255)] * 2]
    for order in ((1, -2), (-2, 1)):
        networks = [Headed(0.2, logit) for logit in order]
        _, headed = predict_batch(networks, pictures, recipe, accelerator, (64, 96))
        assert headed.tolist() == [[round(sum(sigmoid) / 2 * 255)] * 2]
    maps, plain = predict_batch([Constant(0.3)], pictures, recipe, accelerator, (64, 96))
    assert plain.tolist() == maps.max((2, 3)).tolist()


def test_a_network_that_gives_nan_is_an_error_that_names_the_picture(job: Job) -> None:
    class Spoilt(Constant):
        def forward(self, pictures: torch.Tensor) -> Output:
            output = super().forward(pictures)
            if self.seen > 3 * len(job.recipe.inference.flips):
                output.masks[-1, 0, 5, 5] = float("nan")
            return output

    names = [f"{index}.png" for index in range(9)]
    with pytest.raises(
        SeverstalError, match=r"\d\.png: the output of a network is non-finite: train it again"
    ) as error:
        predict_maps([prediction(job, {0: Spoilt(0.5)}, lambda _: [0])], Store(), names, job.spec)
    assert "\n" not in str(error.value)
    assert not list(Path("maps").glob("maps-*.npy"))


@pytest.mark.parametrize("map_shape", [(64, 96), (32, 48)])
def test_a_class_head_that_gives_nan_is_an_error_that_names_the_picture(
    job: Job, map_shape: tuple[int, int]
) -> None:
    class Spoilt(Constant):
        def forward(self, pictures: torch.Tensor) -> Output:
            classes = torch.zeros(len(pictures), 2)
            classes[1, 0] = float("nan")
            return Output(super().forward(pictures).masks, classes)

    pictures, settings = np.zeros((3, 64, 96), np.uint8), (job.recipe, make_accelerator("fp32"), map_shape)
    with pytest.raises(
        SeverstalError, match=r"b\.png: the output of a network is non-finite: train it again"
    ) as error:
        predict_batch([Constant(0.3), Spoilt(0.5)], pictures, *settings, ["a.png", "b.png", "c.png"])
    assert "\n" not in str(error.value)


def test_the_disk_that_maps_need_is_logged_before(job: Job, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "severstal")
    names = [f"{index}.png" for index in range(3)]
    part = prediction(job, {0: Constant(0.5)}, lambda _: [0])
    predict_maps([part], Store(), names, job.spec)
    gigabytes = 3 * 2 * 64 * 96 / job.recipe.inference.map_scale**2 / 1e9
    assert f"maps: {gigabytes:.3g} GB of maps to be written" in caplog.text
    caplog.clear()
    predict_maps([part], Store(), names, job.spec)
    assert "to be written" not in caplog.text


def test_smaller_maps_are_averages(job: Job) -> None:
    class Ramp(torch.nn.Module):
        def forward(self, pictures: torch.Tensor) -> Output:
            return Output(pictures.repeat(1, 2, 1, 1), None)

    recipe = replace(
        job.recipe,
        data=replace(job.recipe.data, scale=1, mean=0.0, std=1.0),
        inference=replace(job.recipe.inference, flips=("none",)),
    )
    picture = np.random.default_rng(0).integers(0, 256, (1, 64, 96)).astype(np.uint8)
    full = predict_batch([Ramp()], picture, recipe, make_accelerator("fp32"), (64, 96))[0][0, 0]
    half = predict_batch([Ramp()], picture, recipe, make_accelerator("fp32"), (32, 48))[0][0, 0]
    blocks = full.reshape(32, 2, 48, 2).mean((1, 3))
    assert np.abs(half - blocks).max() <= 1
