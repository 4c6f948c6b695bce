"""Maps are means over networks and flips, and what a broken-off call wrote is not predicted again."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from severstal.inference.maps import MapReader
from severstal.inference.predict import predict_batch, predict_maps
from severstal.job import Job, open_job
from severstal.models.network import Output
from severstal.training.device import make_accelerator


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


def test_members_are_averaged_and_each_picture_has_its_own(job: Job) -> None:
    networks = {0: Constant(0.2), 1: Constant(0.6)}
    members = {name: [0] if index % 2 else [0, 1] for index, name in enumerate(job.images)}
    maps = predict_maps(
        networks,
        members.__getitem__,
        job.train_pictures,
        job.images,
        "maps",
        job.spec,
        job.recipe,
        make_accelerator("fp32"),
        "key",
    )
    for index in range(len(job.images)):
        expected = round(0.2 * 255) if index % 2 else round(0.4 * 255)
        assert (np.abs(maps[index].astype(int) - expected) <= 1).all()
    flips = len(job.recipe.inference.flips)
    assert networks[0].seen == len(job.images) * flips
    assert networks[1].seen == len(job.images) // 2 * flips


def test_what_is_there_is_not_predicted_again(job: Job) -> None:
    names = [f"{index}.png" for index in range(70)]  # two shards
    store = type("Store", (), {"picture": staticmethod(lambda _: np.zeros((64, 96), np.uint8))})()
    accelerator = make_accelerator("fp32")
    settings = (store, names, "maps", job.spec, job.recipe, accelerator, "key")
    predict_maps({0: Constant(0.5)}, lambda _: [0], *settings)
    Path("maps/maps-00001.npy").unlink()
    Path("maps/maps.json").rename("maps/maps.part.json")  # as a kill before the last shard leaves it
    again = Constant(0.5)
    predict_maps({0: again}, lambda _: [0], *settings)
    assert again.seen == 6 * len(job.recipe.inference.flips)
    assert len(MapReader("maps")) == 70


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
    full = predict_batch([Ramp()], picture, recipe, make_accelerator("fp32"), (64, 96))[0, 0]
    half = predict_batch([Ramp()], picture, recipe, make_accelerator("fp32"), (32, 48))[0, 0]
    blocks = full.reshape(32, 2, 48, 2).mean((1, 3))
    assert np.abs(half - blocks).max() <= 1
