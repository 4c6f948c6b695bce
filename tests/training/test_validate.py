"""The validation's score is that of masks drawn one by one at probability 0.5."""

from pathlib import Path

import numpy as np
import pytest
import torch

from severstal.competition.metric import class_areas, pair_dice, score_pairs
from severstal.device import make_accelerator
from severstal.models.network import Output
from severstal.recipe.switches import change
from severstal.runs.job import Job
from severstal.runs.opening import open_job
from severstal.training.validate import validate


@pytest.fixture
def job(small_input: Path, tiny_recipe: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Job:
    monkeypatch.chdir(tmp_path)
    return open_job(tiny_recipe, small_input)


class Bright(torch.nn.Module):
    """Bright pixels are class 1, dark ones class 2."""

    def forward(self, pictures: torch.Tensor) -> Output:
        """(N, 1, h, w) to logits (N, 2, h, w)."""
        grey = pictures * 0.18 + 0.344  # the recipe's scaling undone
        return Output(torch.cat([grey - 0.7, 0.2 - grey], 1), None)


def test_it_equals_masks_drawn_one_by_one(job: Job) -> None:
    names = job.images
    seen = validate(
        Bright(), job.train_pictures, job.masks, names, job.spec, job.recipe, make_accelerator("fp32")
    )
    areas = []
    for name in names:
        small = torch.from_numpy(job.train_pictures.picture(name).astype(np.float32) / 255)[None, None]
        small = torch.nn.functional.avg_pool2d(small, 2)
        logits = torch.cat([small - 0.7, 0.2 - small], 1)
        full = torch.nn.functional.interpolate(logits, job.spec.image_shape, mode="bilinear")[0].numpy() >= 0
        areas.append(class_areas((full[0] + 2 * full[1]).astype(np.uint8), job.masks[name], 2))
    expected = score_pairs(*np.moveaxis(np.array(areas), 1, 0), job.spec)
    # A picture is rounded when it is shrunk.
    assert seen.score.score == pytest.approx(expected.score, abs=2e-3)
    assert seen.score.dice_on_defects > 0.8
    each = pair_dice(*np.moveaxis(np.array(areas), 1, 0))
    np.testing.assert_allclose(seen.dice, each, atol=0.05)
    assert seen.dice.mean() == pytest.approx(seen.score.score)
    assert seen.names == tuple(names)


def test_the_worst_pictures_are_those_with_the_lowest_mean_dice(job: Job) -> None:
    blind = Bright()
    blind.forward = lambda pictures: Output(torch.full((len(pictures), 2, 32, 48), -1.0), None)
    seen = validate(
        blind, job.train_pictures, job.masks, job.images, job.spec, job.recipe, make_accelerator("fp32")
    )
    defective = [name for name in job.images if job.masks[name].any()]
    assert seen.worst(len(defective)) == defective
    assert seen.worst(99) == defective + [name for name in job.images if name not in defective]


@pytest.mark.parametrize("training", [True, False])
def test_it_is_validated_in_evaluation_mode_and_keeps_its_own(job: Job, training: bool) -> None:
    """A network that finds nothing while it trains."""

    class Dropped(Bright):
        def forward(self, pictures: torch.Tensor) -> Output:
            masks = super().forward(pictures).masks
            return Output(masks - 9 if self.training else masks, None)

    where = job.train_pictures, job.masks, job.images, job.spec, job.recipe, make_accelerator("fp32")
    network = Dropped().train(training)
    assert np.array_equal(validate(network, *where).dice, validate(Bright(), *where).dice)
    assert network.training == training


def test_out_of_memory_the_pictures_go_in_smaller_batches(job: Job) -> None:
    class Narrow(Bright):
        """Has memory for three pictures."""

        def forward(self, pictures: torch.Tensor) -> Output:
            if len(pictures) > 3:
                raise torch.cuda.OutOfMemoryError("CUDA out of memory.")
            return super().forward(pictures)

    recipe = change(job.recipe, {"inference.batch_size": 8})
    where = job.train_pictures, job.masks, job.images, job.spec, recipe, make_accelerator("fp32")
    seen, narrow = validate(Bright(), *where), validate(Narrow(), *where)
    assert np.array_equal(narrow.dice, seen.dice)
    assert narrow.names == seen.names
