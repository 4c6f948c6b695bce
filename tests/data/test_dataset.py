"""Tensors for training: the right pixels, each picture once a round, the same whatever came before."""

import os
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

from severstal.competition.folder import open_input
from severstal.competition.masks import Masks
from severstal.competition.tables import read_labels
from severstal.data.augment import Augment
from severstal.data.build import open_pictures
from severstal.data.dataset import CropDataset, EpochSampler, shrink, to_input, unpack
from severstal.recipe import AugmentSettings, DataSettings


@pytest.fixture
def crops(small_input: Path, tmp_path: Path) -> CropDataset:
    data = open_input(small_input)
    names = data.train_names()
    store = open_pictures(data.train_images, names, data.spec, tmp_path / "store")
    masks = Masks(read_labels(data.train_csv, data.spec, names), data.spec)
    augment = Augment(AugmentSettings(crop=(32, 48)), data.spec.image_shape)
    return CropDataset(store, masks, names, DataSettings(scale=2), 2, augment, seed=5)


def test_shapes_types_and_ranges(crops: CropDataset) -> None:
    picture, masks = crops[3]
    assert picture.shape == (1, 16, 24)
    assert masks.shape == (2, 16, 24)
    assert picture.dtype == masks.dtype == torch.float32
    assert 0 <= masks.min() <= masks.max() <= 1


def test_a_whole_picture_is_its_file_and_its_labels(crops: CropDataset) -> None:
    crops.augment, crops.settings = None, DataSettings(scale=1, mean=0.5, std=0.25)
    drawn = {}
    for draw in range(len(crops)):
        picture, masks = crops[draw]
        name = crops.names[crops._turn(draw)]
        drawn[name] = masks
        expected = (crops.store.picture(name) / 255 - 0.5) / 0.25
        assert np.allclose(picture[0], expected, atol=1e-6)
        assert np.array_equal(masks[0], crops.masks[name] & 1)
        assert np.array_equal(masks[1], crops.masks[name] >> 1)
    assert len(drawn) == 18


def test_every_picture_comes_once_a_round_and_rounds_differ(crops: CropDataset) -> None:
    rounds = [[crops._turn(draw) for draw in range(start, start + 18)] for start in (0, 18, 36)]
    assert all(sorted(order) == list(range(18)) for order in rounds)
    assert rounds[0] != rounds[1] != rounds[2]


def test_a_draw_is_the_same_whatever_came_before(crops: CropDataset) -> None:
    forward = [crops[draw] for draw in range(30)]
    for draw in (29, 3, 17, 0):
        assert torch.equal(crops[draw][0], forward[draw][0])
        assert torch.equal(crops[draw][1], forward[draw][1])


def test_workers_change_nothing(crops: CropDataset) -> None:
    sampler = EpochSampler(12)
    sampler.epoch = 1
    alone = list(DataLoader(crops, 4, sampler=sampler))
    shared = list(DataLoader(crops, 4, sampler=sampler, num_workers=2 if os.name == "posix" else 0))
    for one, other in zip(alone, shared, strict=True):
        assert torch.equal(one[0], other[0])
        assert torch.equal(one[1], other[1])


@pytest.mark.parametrize("scale", [1, 2, 3, 4])
def test_shrinking_averages_blocks(scale: int) -> None:
    picture = np.random.default_rng(0).integers(0, 256, (24, 36)).astype(np.float32)
    blocks = picture.reshape(24 // scale, scale, 36 // scale, scale).mean((1, 3))
    assert np.allclose(shrink(picture, scale), blocks, atol=1e-3)


def test_odd_sizes_are_rounded_up() -> None:
    assert shrink(np.zeros((7, 9), np.uint8), 2).shape == (4, 5)
    assert to_input(np.zeros((7, 9), np.uint8), DataSettings(scale=2)).shape == (1, 4, 5)


def test_soft_masks_keep_their_area() -> None:
    mask = (cv2.GaussianBlur(np.random.default_rng(1).random((64, 64)), (0, 0), 3) > 0.5).astype(np.float32)
    assert shrink(mask, 2).sum() * 4 == pytest.approx(mask.sum())


def test_unpack_is_the_bits() -> None:
    bits = np.random.default_rng(2).integers(0, 2**12, (5, 7)).astype(np.uint16)
    planes = unpack(bits, 12)
    assert np.array_equal(sum(planes[k].astype(np.uint16) << k for k in range(12)), bits)
