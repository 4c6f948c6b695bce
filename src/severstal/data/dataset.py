"""Pictures and masks as the tensors that a network is trained on."""

from collections.abc import Iterator, Sequence

import cv2
import numpy as np
import torch
from torch.utils.data import Dataset, Sampler

from severstal.competition.masks import Masks
from severstal.data.augment import Augment
from severstal.data.images import Pictures
from severstal.recipe import DataSettings


def to_input(picture: np.ndarray, settings: DataSettings) -> torch.Tensor:
    """Shrink a picture and scale its values as the networks expect them.

    Args:
        picture: (H, W) uint8.
        settings: `scale`, `mean` and `std`.

    Returns:
        (1, H / scale, W / scale) float32, sizes rounded up.

    Example:
        >>> to_input(np.full((5, 8), 255, np.uint8), DataSettings(scale=2, mean=0.5, std=0.25))[0, 0]
        tensor([2., 2., 2., 2.])
    """
    small = shrink(picture, settings.scale).astype(np.float32)
    return torch.from_numpy((small / 255 - settings.mean) / settings.std)[None]


def shrink(array: np.ndarray, scale: int) -> np.ndarray:
    """Make the first two axes smaller by a whole factor, rounded up, averaging what falls together.

    Example:
        >>> shrink(np.array([[0, 2], [4, 6]], np.uint8), 2)
        array([[3]], dtype=uint8)
    """
    if scale == 1:
        return array
    size = (-(-array.shape[1] // scale), -(-array.shape[0] // scale))
    return cv2.resize(array, size, interpolation=cv2.INTER_AREA)


def unpack(bits: np.ndarray, classes: int) -> np.ndarray:
    """Turn a picture of bits into one plane a class.

    Args:
        bits: (H, W) unsigned, bit k - 1 for class k.
        classes: how many planes.

    Returns:
        (C, H, W) uint8 of 0 and 1.

    Example:
        >>> unpack(np.array([[0, 1, 2, 3]], np.uint8), 2).tolist()
        [[[0, 1, 0, 1]], [[0, 0, 1, 1]]]
    """
    planes = np.arange(classes, dtype=bits.dtype)[:, None, None]
    return ((bits >> planes) & 1).astype(np.uint8)


class CropDataset(Dataset):
    """Training crops of labelled pictures.

    An item is the number of a draw, not of a picture: it alone decides picture, crop and changes, so that a
    training goes on after a break as if there had been none, with any number of workers.

    Args:
        store: of the pictures.
        masks: of all labelled pictures.
        names: the pictures to draw from.
        settings: shrinking and scaling.
        classes: number of classes.
        augment: how a crop is drawn; None takes whole pictures as they are.
        seed: of the draws.
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
    ):
        self.store, self.masks, self.names = store, masks, list(names)
        self.settings, self.classes, self.augment, self.seed = settings, classes, augment, seed
        cv2.setNumThreads(0)  # a crop is too small to share out, and workers would fight over the cores

    def __len__(self) -> int:
        return len(self.names)

    def __getitem__(self, draw: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Give a draw's picture, (1, h, w) float32, and its masks, (C, h, w) float32 from 0 to 1."""
        name = self.names[self._turn(draw)]
        picture, bits = self.store.picture(name), self.masks[name]
        if self.augment is not None:
            seed = int(np.random.SeedSequence([self.seed, draw]).generate_state(1)[0])
            picture, bits = self.augment(picture, bits, seed)
        inputs = to_input(picture, self.settings)
        masks = np.zeros((self.classes, *inputs.shape[1:]), np.float32)
        for index, plane in enumerate(unpack(bits, self.classes) if bits.any() else ()):
            if plane.any():  # most are empty
                masks[index] = shrink(plane.astype(np.float32), self.settings.scale)  # soft at the edges
        return inputs, torch.from_numpy(masks)

    def _turn(self, draw: int) -> int:
        """Which picture is drawn: each once a round, every round in an order of its own."""
        round_number, place = divmod(draw, len(self.names))
        if round_number != getattr(self, "_round", None):
            order = np.random.default_rng([self.seed, round_number])
            self._round, self._order = round_number, order.permutation(len(self.names))
        return int(self._order[place])


class EpochSampler(Sampler[int]):
    """The draws of one epoch: consecutive numbers, so that epochs together go through the rounds.

    Args:
        images: draws in an epoch.

    Example:
        >>> sampler = EpochSampler(3)
        >>> sampler.epoch = 2
        >>> list(sampler)
        [6, 7, 8]
    """

    def __init__(self, images: int):
        self.images, self.epoch = images, 0

    def __len__(self) -> int:
        return self.images

    def __iter__(self) -> Iterator[int]:
        return iter(range(self.epoch * self.images, (self.epoch + 1) * self.images))
