"""The batches of a fold: of all processes together those of one, in the crop of the phase, mixed or not."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from severstal.data.pseudo import PseudoData
from severstal.errors import SeverstalError
from severstal.recipe import Recipe
from severstal.runs.opening import open_job
from severstal.training.loader import BatchSampler, FoldData, TrainLoader
from severstal.training.phases import Plan

HERE = SimpleNamespace(device=torch.device("cpu"), process_index=0, num_processes=1)


@pytest.fixture
def fold(
    small_input: Path, tiny_recipe: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[FoldData, Recipe]:
    monkeypatch.chdir(tmp_path)
    job = open_job(tiny_recipe, small_input)
    data = FoldData(job.train_pictures, job.masks, job.spec, job.images[:12], job.images[12:])
    return data, replace(job.recipe, training=replace(job.recipe.training, epoch_images=14, batch_size=5))


def feed(
    data: FoldData, recipe: Recipe, process: int = 0, processes: int = 1, **phase: object
) -> TrainLoader:
    machine = SimpleNamespace(device=torch.device("cpu"), process_index=process, num_processes=processes)
    return TrainLoader(data, recipe, replace(Plan(recipe, 14).phase(0), **phase), 7, machine)


@pytest.mark.parametrize("processes", [2, 3, 5])
@pytest.mark.parametrize("size", [5, 6, 100])
def test_processes_together_make_the_batches_of_one(processes: int, size: int) -> None:
    whole = list(BatchSampler(range(20), size))
    parts = [list(BatchSampler(range(20), size, process, processes)) for process in range(processes)]
    assert len(whole) == max(1, 20 // size) == len(BatchSampler(range(20), size))
    for number, batch in enumerate(whole):
        assert sorted(draw for part in parts for draw in part[number]) == batch
        assert max(len(part[number]) for part in parts) - min(len(part[number]) for part in parts) <= 1


def test_the_crops_of_two_processes_are_those_of_one(fold: tuple[FoldData, Recipe]) -> None:
    whole = list(feed(*fold).batches(3))
    halves = [list(feed(*fold, process=process, processes=2).batches(3)) for process in (0, 1)]
    assert len(whole) == 2  # the last four crops do not fill a batch
    for number, batch in enumerate(whole):
        assert batch.batch_size == halves[0][number].batch_size == 5
        for process in (0, 1):
            half = halves[process][number]
            assert torch.equal(half.draws, batch.draws[process::2])
            assert torch.equal(half.pictures, batch.pictures[process::2])
            assert torch.equal(half.masks, batch.masks[process::2])


def test_an_epoch_is_the_same_whatever_came_before_it(fold: tuple[FoldData, Recipe]) -> None:
    used, fresh = feed(*fold), feed(*fold)
    list(used.batches(0))
    for one, other in zip(used.batches(1), fresh.batches(1), strict=True):
        assert torch.equal(one.pictures, other.pictures)
        assert torch.equal(one.rows, other.rows)


def test_crop_and_batch_are_the_phase_s(fold: tuple[FoldData, Recipe]) -> None:
    batches = list(feed(*fold, crop=(32, 96), batch_size=7).batches(0))
    assert [tuple(batch.pictures.shape) for batch in batches] == [(7, 1, 16, 48)] * 2  # data.scale is 2
    assert batches[0].masks.shape == (7, 2, 16, 48)


@pytest.mark.parametrize("channels_last", [True, False])
def test_pictures_lie_as_the_recipe_says(fold: tuple[FoldData, Recipe], channels_last: bool) -> None:
    data, recipe = fold
    recipe = replace(recipe, training=replace(recipe.training, channels_last=channels_last))
    assert len(feed(data, recipe)) == 2
    batch = next(feed(data, recipe).batches(0))
    layout = torch.channels_last if channels_last else torch.contiguous_format
    assert batch.pictures.stride() == batch.pictures.contiguous(memory_format=layout).stride()


def test_mixed_crops_are_mixed_the_same_after_a_break(fold: tuple[FoldData, Recipe]) -> None:
    data, recipe = fold
    mixed = replace(recipe, augment=replace(recipe.augment, mixup=0.5))
    plain, one, other = (list(feed(data, each).batches(2)) for each in (recipe, mixed, mixed))
    assert all(torch.equal(a.pictures, b.pictures) for a, b in zip(one, other, strict=True))
    assert not any(torch.equal(a.pictures, b.pictures) for a, b in zip(one, plain, strict=True))
    shares = torch.cat([batch.masks.unique() for batch in one])
    assert ((shares > 0) & (shares < 1)).any()


def test_each_batch_of_a_process_needs_a_picture(fold: tuple[FoldData, Recipe]) -> None:
    with pytest.raises(SeverstalError, match=r"batch_size is 1: give 2 or more, one for each process"):
        feed(*fold, processes=2, batch_size=1)


def test_pseudo_labelled_pictures_come_in_and_have_names(fold: tuple[FoldData, Recipe]) -> None:
    data, recipe = fold
    others = data.held_out[:3]
    data = replace(data, pseudo=PseudoData(data.store, data.masks, others))
    recipe = replace(recipe, pseudo=replace(recipe.pseudo, share=0.4))
    source = feed(data, recipe)
    drawn = [name for epoch in range(3) for crops in source.batches(epoch) for name in source.names(crops)]
    assert set(drawn) & set(others)
    assert set(drawn) <= set(others) | set(data.train)
    for crops in source.batches(0):
        assert (crops.rows >= 12).sum() <= 2


def test_only_clean_pictures_are_noted_as_hard(fold: tuple[FoldData, Recipe]) -> None:
    data, recipe = fold
    source = feed(data, recipe)
    assert np.isnan(source.hardness).all()
    clean = ~data.masks.presence(data.train).any(1)
    drawn = set()
    for crops in source.batches(0):
        source.record_hardness(crops, crops.rows.float() / 10)
        drawn |= set(crops.rows.tolist())
    assert np.isnan(source.hardness).all()  # an epoch's draws do not depend on its own losses
    source.end_epoch()
    noted = {row for row in drawn if clean[row]}
    assert noted
    assert set(np.flatnonzero(~np.isnan(source.hardness))) == noted
    assert all(source.hardness[row] == pytest.approx(row / 10) for row in noted)


def test_a_crop_mixed_with_a_defect_records_no_hardness(fold: tuple[FoldData, Recipe]) -> None:
    data, recipe = fold
    source = feed(data, recipe)
    crops = next(source.batches(0))
    source.record_hardness(replace(crops, masks=torch.ones_like(crops.masks)), crops.rows.float())
    source.end_epoch()
    assert np.isnan(source.hardness).all()


def test_hardness_goes_on_where_it_was(fold: tuple[FoldData, Recipe]) -> None:
    data, recipe = fold
    before = np.arange(12, dtype=np.float32)
    source = TrainLoader(data, recipe, Plan(recipe, 14).phase(0), 7, HERE, before)
    assert np.array_equal(source.hardness, before)
    assert source.hardness is not before
