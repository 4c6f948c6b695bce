"""Pictures and masks as the tensors that a network is trained on."""

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np
import torch
from torch.nn import functional
from torch.utils.data import Dataset

from severstal.competition.masks import Masks
from severstal.data.arrays import pad_black, shrink
from severstal.data.augment import Augment
from severstal.data.images import Pictures
from severstal.data.inputs import normalize_bytes
from severstal.data.pseudo import PseudoData, SoftMasks
from severstal.recipe import DataSettings


class Batch(NamedTuple):
    """Training crops as the workers return them: one byte per pixel, not yet scaled or split by class.

    One crop is the same without the first axis, which the loader adds.

    Attributes:
        pictures: (N, h, w) uint8, or (N, h, w, 3) of colours, shrunk by `data.scale`.
        bits: (N, H, W), bit k - 1 for class k, at the crop's full size: uint8, or int32 for more than 8
            classes.
        draws: (N,) int64, number of each crop in the order of sampling, over the whole training.
        rows: (N,) int64: which pictures; from the number of labelled ones on, pseudo-labelled ones.
        soft: (N, C, h, w) uint8, the teacher's probabilities, shrunk by `data.scale`; (N, 0) without one.
    """

    pictures: torch.Tensor
    bits: torch.Tensor
    draws: torch.Tensor
    rows: torch.Tensor
    soft: torch.Tensor = torch.empty(0, dtype=torch.uint8)


class CropDataset(Dataset):
    """Training crops of labelled pictures, and of pseudo-labelled ones after them.

    The key of an item is a sample number and a row. The sample number alone determines how the row's picture
    is cropped and augmented: a training resumes with the same crops, with any number of workers.

    Args:
        store: source of the labelled pictures.
        masks: masks of all labelled pictures.
        names: names of the labelled pictures to sample from: rows 0 to N - 1.
        settings: settings of the data; `scale` is used.
        classes: number of classes.
        augment: augmentation that makes the crops; None takes whole pictures unchanged.
        seed: random seed of the crops.
        pseudo: pictures with pseudo-labels: the rows from N on.
        size: height and width that whole pictures are padded to, see `pad_black`, so that they fit into one
            batch; None leaves them as they are.
        soft: the teacher's probabilities of the labelled pictures, where the recipe distils; `augment` is
            given then, and `pseudo` has its own.
    """

    def __init__(
        self,
        store: Pictures,
        masks: Masks,
        names: Sequence[str],
        settings: DataSettings,
        classes: int,
        augment: Augment | None,
        seed: int,
        pseudo: PseudoData | None = None,
        size: tuple[int, int] | None = None,
        soft: SoftMasks | None = None,
    ):
        self.store, self.masks, self.names = store, masks, list(names)
        self.settings, self.classes, self.augment, self.seed = settings, classes, augment, seed
        self.pseudo, self.size, self.soft = pseudo, size, soft
        self._board: np.ndarray | None = None  # buffer that masks are drawn into, one after the other
        cv2.setNumThreads(0)  # a crop is too small to share out, and workers would fight over the cores

    def __len__(self) -> int:
        return len(self.names) + (len(self.pseudo.names) if self.pseudo else 0)

    def __getitem__(self, key: tuple[int, int]) -> Batch:
        """Return the crop of a row's picture with a sample's random numbers, without the first axis."""
        draw, row = key
        name = self.name(row)
        source = self if row < len(self.names) else self.pseudo
        picture, taught = source.store.picture(name), ()
        if self.augment is None:
            bits = source.masks[name]
            if self.size is not None:
                picture, bits = pad_black(picture, self.size), pad_black(bits, self.size)
        else:
            if self._board is None or self._board.shape != picture.shape[:2]:
                self._board = np.empty(picture.shape[:2], source.masks.dtype)
            seed = int(np.random.SeedSequence([self.seed, draw]).generate_state(1)[0])
            drawn = source.masks.draw(name, self._board)
            if source.soft is None:
                picture, bits = self.augment(picture, drawn, seed)
            else:
                given = source.soft(name)  # (C, H, W)
                picture, bits, soft = self.augment.with_probabilities(picture, drawn, given, seed)
                planes = np.stack([shrink(plane, self.settings.scale) for plane in soft])  # (C, h, w)
                taught = (torch.from_numpy(planes),)
        if bits.dtype == np.uint16:
            bits = bits.astype(np.int32)  # torch computes with no uint16
        pixels = np.array(shrink(picture, self.settings.scale))  # the store's may not be written to
        crop = torch.from_numpy(pixels), torch.from_numpy(bits), torch.tensor(draw), torch.tensor(row)
        return Batch(*crop, *taught)

    def name(self, row: int) -> str:
        """File name of a row's picture."""
        labelled = len(self.names)
        return self.names[row] if row < labelled else self.pseudo.names[row - labelled]


def to_tensors(
    batch: Batch, settings: DataSettings, classes: int, device: torch.device | str
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Scale pictures and split masks by class on the device, which thus gets 2 bytes per pixel instead of 20.

    Args:
        batch: batch of crops.
        settings: `scale`, and what `normalize` takes.
        classes: number of classes.
        device: device of the network.

    Returns:
        Pictures, (N, 1, h, w) float32 or with 3 channels, as `to_inputs` gives them; masks, (N, C, h, w)
        float32 from 0 to 1, soft at the edges where `scale` shrinks them; which classes have any pixel,
        (N, C) float32 of 0 and 1.

    Example:
        >>> crop = torch.tensor([[[0, 51], [102, 255]]], dtype=torch.uint8)
        >>> bits = torch.tensor([[[0, 1], [2, 3]]], dtype=torch.uint8)
        >>> batch = Batch(crop, bits, draws=torch.tensor([7]), rows=torch.tensor([0]))
        >>> pictures, masks, present = to_tensors(batch, DataSettings(mean=0.0, std=1.0), 2, "cpu")
        >>> pictures.tolist(), masks.tolist(), present.tolist()
        ([[[[0.0, ...], [..., 1.0]]]], [[[[0.0, 1.0], [0.0, 1.0]], [[0.0, 0.0], [1.0, 1.0]]]], [[1.0, 1.0]])
    """
    pictures = normalize_bytes(batch.pictures, settings, device)
    bits = batch.bits.to(device, non_blocking=True)
    shape = (len(bits), classes, *bits.shape[1:])
    if bits.is_cpu:
        masks, present = _planes_on_cpu(bits.numpy(), shape)
    else:
        masks = torch.empty(shape, device=device)
        for index in range(classes):
            masks[:, index] = (bits >> index) & 1
        present = masks.amax((2, 3))
    return pictures, _shrink_masks(masks, settings.scale), present


def _planes_on_cpu(bits: np.ndarray, shape: tuple[int, ...]) -> tuple[torch.Tensor, torch.Tensor]:
    """Write only the planes that are not empty: most are, and zeroed memory costs nothing."""
    masks, present = np.zeros(shape, np.float32), np.zeros(shape[:2], np.float32)
    for number, crop in enumerate(bits):
        held = int(np.bitwise_or.reduce(crop, None)) if crop.any() else 0
        for index in range(shape[1]):
            if held >> index & 1:
                masks[number, index] = (crop >> index) & 1
                present[number, index] = 1
    return torch.from_numpy(masks), torch.from_numpy(present)


def _shrink_masks(masks: torch.Tensor, scale: int) -> torch.Tensor:
    """Downscale masks on any device, as `shrink` does."""
    height, width = masks.shape[-2:]
    if scale == 1:
        return masks
    if height % scale == 0 and width % scale == 0:
        return functional.avg_pool2d(masks, scale)
    rows, columns = (_area_weights(side, scale).to(masks.device) for side in (height, width))
    return rows @ masks @ columns.T


def _area_weights(size: int, scale: int) -> torch.Tensor:
    """Return the weight of each of `size` pixels in each downscaled one, (ceil(size / scale), size)
    float32."""
    small = -(-size // scale)
    edges = torch.arange(small + 1, dtype=torch.float64) * (size / small)
    pixels = torch.arange(size)
    ends = torch.minimum(edges[1:, None], pixels + 1)
    return ((ends - torch.maximum(edges[:-1, None], pixels)).clamp(min=0) * (small / size)).float()
