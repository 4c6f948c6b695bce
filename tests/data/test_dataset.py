"""Tensors for training: the right pixels, the same whatever came before and whoever cuts them."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from torch.utils.data import DataLoader, default_collate

from severstal.competition.folder import open_input
from severstal.competition.masks import Masks
from severstal.competition.spec import Spec
from severstal.competition.tables import read_labels
from severstal.data.arrays import shrink, unpack
from severstal.data.augment import Augment
from severstal.data.build import open_pictures
from severstal.data.dataset import Batch, CropDataset, to_tensors
from severstal.data.images import Pictures
from severstal.data.inputs import to_inputs
from severstal.data.pseudo import PseudoData
from severstal.data.sampling import EpochSampler
from severstal.recipe import AugmentSettings, DataSettings, SamplingSettings


class ArrayPictures(Pictures):
    """Pictures in memory, by name."""

    def __init__(self, arrays: dict[str, np.ndarray]):
        super().__init__(list(arrays), "")
        self._arrays = list(arrays.values())

    def __getitem__(self, index: int) -> np.ndarray:
        return self._arrays[index]


@pytest.fixture
def crops(small_input: Path, tmp_path: Path) -> CropDataset:
    data = open_input(small_input)
    names = data.train_names()
    store = open_pictures(data.train_images, names, data.spec, tmp_path / "store")
    masks = Masks(read_labels(data.train_csv, data.spec, names), data.spec)
    augment = Augment(AugmentSettings(crop=(32, 48)), data.spec.image_shape)
    return CropDataset(store, masks, names, DataSettings(scale=2), 2, augment, seed=5)


def batch_of(*crops: Batch) -> Batch:
    return default_collate(list(crops))


def test_shapes_types_and_ranges(crops: CropDataset) -> None:
    batch = batch_of(crops[3, 0], crops[4, 17])
    assert (batch.pictures.shape, batch.pictures.dtype) == ((2, 16, 24), torch.uint8)
    assert (batch.bits.shape, batch.bits.dtype) == ((2, 32, 48), torch.uint8)
    assert (batch.draws.tolist(), batch.rows.tolist()) == ([3, 4], [0, 17])
    assert batch.draws.dtype == batch.rows.dtype == torch.int64
    pictures, masks, _ = to_tensors(batch, crops.settings, 2, "cpu")
    assert (pictures.shape, masks.shape) == ((2, 1, 16, 24), (2, 2, 16, 24))
    assert pictures.dtype == masks.dtype == torch.float32
    assert 0 <= masks.min() <= masks.max() <= 1


def test_a_whole_picture_is_its_file_and_its_labels(crops: CropDataset) -> None:
    crops.augment, crops.settings = None, DataSettings(scale=1, mean=0.5, std=0.25)
    for row in range(18):
        pictures, masks, _ = to_tensors(batch_of(crops[100 + row, row]), crops.settings, 2, "cpu")
        name = crops.name(row)
        expected = (crops.store.picture(name) / 255 - 0.5) / 0.25
        assert np.allclose(pictures[0, 0], expected, atol=1e-6)
        assert np.array_equal(masks[0, 0], crops.masks[name] & 1)
        assert np.array_equal(masks[0, 1], crops.masks[name] >> 1)


@pytest.mark.parametrize("shape", [(32, 48), (37, 50)])
@pytest.mark.parametrize("scale", [1, 2, 3, 5])
def test_tensors_have_the_values_of_single_pictures(scale: int, shape: tuple[int, int]) -> None:
    random = np.random.default_rng(scale)
    pictures = random.integers(0, 256, (3, *shape), np.uint8)
    bits = random.integers(0, 8, (3, *shape), np.uint8)
    settings = DataSettings(scale=scale)
    small = torch.from_numpy(np.stack([shrink(picture, scale) for picture in pictures]))
    batch = Batch(small, torch.from_numpy(bits), *torch.zeros(2, 3, dtype=torch.int64))
    inputs, masks, _ = to_tensors(batch, settings, 3, "cpu")
    assert torch.equal(inputs, to_inputs(pictures, settings, "cpu"))
    for number in range(3):
        planes = unpack(bits[number], 3).astype(np.float32)
        expected = np.stack([shrink(plane, scale) for plane in planes])
        assert np.allclose(masks[number], expected, atol=1e-5)


def test_other_devices_give_tensors_of_the_same_shapes() -> None:
    batch = Batch(*torch.zeros(2, 3, 32, 48, dtype=torch.uint8), *torch.zeros(2, 3, dtype=torch.int64))
    for here, there in zip(
        *(to_tensors(batch, DataSettings(), 5, device) for device in ("cpu", "meta")), strict=True
    ):
        assert (here.shape, here.dtype) == (there.shape, there.dtype)


@pytest.mark.parametrize("scale", [1, 2, 4, 8])
def test_a_class_of_one_pixel_is_present_at_any_scale(scale: int) -> None:
    bits = torch.zeros(2, 32, 48, dtype=torch.uint8)
    bits[0, 7, 9] = 0b100
    small = torch.zeros(2, 32 // scale, 48 // scale, dtype=torch.uint8)
    batch = Batch(small, bits, *torch.zeros(2, 2).long())
    _, masks, present = to_tensors(batch, DataSettings(scale=scale), 3, "cpu")
    assert present.tolist() == [[0, 0, 1], [0, 0, 0]]
    assert masks[0, 2].max().item() == pytest.approx(1 / scale**2)


def test_masks_of_more_than_8_classes_travel_as_int32() -> None:
    spec = Spec("many", (4, 6), tuple(f"kind {k}" for k in range(12)))
    rows = [("a.jpg", 1, "1 5"), ("a.jpg", 12, "3 9")]
    masks = Masks(pd.DataFrame(rows, columns=["ImageId", "ClassId", "EncodedPixels"]), spec)
    store = ArrayPictures({"a.jpg": np.zeros((4, 6), np.uint8)})
    dataset = CropDataset(store, masks, ["a.jpg"], DataSettings(), 12, None, seed=0)
    batch = batch_of(dataset[0, 0])
    assert batch.bits.dtype == torch.int32
    _, planes, _ = to_tensors(batch, DataSettings(), 12, "cpu")
    assert np.array_equal(planes[0].numpy().astype(np.uint8), unpack(masks["a.jpg"], 12))


def test_rows_past_the_labelled_ones_are_pseudo_labelled(crops: CropDataset) -> None:
    name = crops.names[2]  # a pseudo-labelled picture may bear the name of a labelled one
    picture = 255 - crops.store.picture(name)
    spec = Spec("tiny", picture.shape, ("hole", "crack"))
    rows = [(name, 2, "1 10")]
    masks = Masks(pd.DataFrame(rows, columns=["ImageId", "ClassId", "EncodedPixels"]), spec)
    pseudo = PseudoData(ArrayPictures({name: picture}), masks, [name])
    both = CropDataset(
        crops.store, crops.masks, crops.names, DataSettings(), 2, augment=None, seed=5, pseudo=pseudo
    )
    assert len(both) == 19
    assert both.name(2) == both.name(18) == name
    assert np.array_equal(both[0, 18].pictures, picture)
    assert np.array_equal(both[0, 18].bits, masks[name])
    assert np.array_equal(both[0, 2].pictures, crops.store.picture(name))


def test_the_draw_alone_decides_how_a_picture_is_cut(crops: CropDataset) -> None:
    forward = [crops[draw, draw % 18] for draw in range(30)]
    for draw in (29, 3, 17, 0):
        assert torch.equal(crops[draw, draw % 18].pictures, forward[draw].pictures)
        assert torch.equal(crops[draw, draw % 18].bits, forward[draw].bits)
    assert not torch.equal(crops[18, 0].pictures, forward[0].pictures)


def test_what_is_given_may_be_written_to_and_the_store_stays(crops: CropDataset) -> None:
    crops.augment, crops.settings = None, DataSettings(scale=1)
    before = crops[0, 0].pictures.clone()
    crops[0, 0].pictures.zero_()
    assert torch.equal(crops[0, 0].pictures, before)


def test_workers_change_nothing(crops: CropDataset) -> None:
    sampler = EpochSampler(crops.masks.presence(crops.names), SamplingSettings("classes"), 12, seed=5)
    sampler.epoch = 1
    alone = list(DataLoader(crops, 4, sampler=sampler))
    shared = list(DataLoader(crops, 4, sampler=sampler, num_workers=2 if os.name == "posix" else 0))
    assert len(alone) == len(shared) == 3
    for one, other in zip(alone, shared, strict=True):
        assert isinstance(one, Batch)
        assert all(torch.equal(*pair) for pair in zip(one, other, strict=True))


def test_unpack_is_the_bits() -> None:
    bits = np.random.default_rng(2).integers(0, 2**12, (5, 7)).astype(np.uint16)
    planes = unpack(bits, 12)
    assert np.array_equal(sum(planes[k].astype(np.uint16) << k for k in range(12)), bits)


def test_the_teacher_s_probabilities_come_with_their_crop(crops: CropDataset) -> None:
    def soft(name: str) -> np.ndarray:
        return np.stack([crops.store.picture(name), 255 - crops.store.picture(name)])

    augment = Augment(AugmentSettings(crop=(32, 48), brightness=0.0, contrast=0.0), (64, 96))
    common = (crops.store, crops.masks, crops.names, DataSettings(scale=2), 2, augment, 5)
    plain, taught = CropDataset(*common), CropDataset(*common, soft=soft)
    for draw in range(4):
        crop, batch = taught[draw, draw], batch_of(taught[draw, draw])
        assert torch.equal(crop.pictures, plain[draw, draw].pictures)
        assert torch.equal(crop.soft[0], crop.pictures)
        assert batch.soft.shape == (1, 2, 16, 24)
    assert batch_of(plain[0, 0]).soft.numel() == 0
