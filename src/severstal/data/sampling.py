"""Sampling of the training pictures."""

from collections.abc import Iterator

import numpy as np
from torch.utils.data import Sampler

from severstal.recipe import SamplingSettings

# Streams of chance; a number of classes stays far below these.
_ALL, _GROUPS, _HARD, _PSEUDO = 0, 1, 1_000_001, 1_000_002


class EpochSampler(Sampler[tuple[int, int]]):
    """The samples of one epoch, each with the row of its picture.

    A pure function of seed, epoch and hardness: nothing depends on what was sampled before. Samples are
    numbered through all epochs, and epochs together go through rounds in which every picture comes once, each
    round in its own order.

    With classes in turn, the classes that any picture has take turns; each goes through its own pictures in
    rounds. Hard pictures are those without a defect whose recorded hardness is highest, each once before any
    is repeated; one without a record comes after all that have one.

    Args:
        presence: (N, C) bool, whether each picture has each class.
        settings: settings: classes in turn or not, and the share of hard pictures.
        epoch_images: number of samples in an epoch.
        seed: random seed of all orders.
        pseudo: number of pseudo-labelled pictures: rows N to N + pseudo - 1.
        share: largest share of pseudo-labelled samples in a batch.
        batch_size: number of samples in a batch.

    Attributes:
        epoch: number of the epoch, from 0.
        hardness: (N,) float32 recorded hardness, nan where none is recorded: part of a training's state.

    Example:
        >>> presence = np.array([[0, 0], [0, 1], [0, 1]], bool)
        >>> sampler = EpochSampler(presence, SamplingSettings(balance="classes"), epoch_images=4, seed=0)
        >>> sampler.epoch = 2
        >>> [(draw, row == 0) for draw, row in sampler]
        [(8, True), (9, False), (10, True), (11, False)]
    """

    def __init__(
        self,
        presence: np.ndarray,
        settings: SamplingSettings,
        epoch_images: int,
        seed: int,
        pseudo: int = 0,
        share: float = 0.0,
        batch_size: int = 1,
    ):
        self.epoch, self.hardness = 0, np.full(len(presence), np.nan, np.float32)
        self._images, self._seed, self._pseudo_rows = epoch_images, seed, len(presence) + np.arange(pseudo)
        groups = [~presence.any(1), *presence.T]
        self._empty = groups[0].nonzero()[0]
        self._groups = [np.arange(len(presence))]
        if settings.balance == "classes":
            self._groups = [group.nonzero()[0] for group in groups if group.any()]

        in_batch = int(share * batch_size + 1e-9) if pseudo else 0  # 0.29 * 100 comes out a little below 29
        self._is_pseudo = _spread(in_batch, batch_size, epoch_images)
        others = int((~self._is_pseudo).sum())
        hard = min(round(settings.hard_negatives * epoch_images), others) if len(self._empty) else 0
        self._is_hard = np.zeros(epoch_images, bool)
        self._is_hard[~self._is_pseudo] = _spread(hard, max(others, 1), others)

    def __len__(self) -> int:
        return self._images

    def __iter__(self) -> Iterator[tuple[int, int]]:
        rows = np.empty(self._images, np.int64)
        rows[self._is_pseudo] = self._from_pseudo(int(self._is_pseudo.sum()))
        rows[self._is_hard] = self._from_hard(int(self._is_hard.sum()))
        plain = ~self._is_pseudo & ~self._is_hard
        rows[plain] = self._from_groups(int(plain.sum()))
        first = self.epoch * self._images
        return zip(range(first, first + self._images), rows.tolist(), strict=True)

    def record(self, rows: np.ndarray, hardness: np.ndarray) -> None:
        """Record the hardness of pictures, in place of earlier records.

        Args:
            rows: (n,) of labelled pictures.
            hardness: (n,), the higher the harder.
        """
        self.hardness[rows] = hardness

    def _from_pseudo(self, count: int) -> np.ndarray:
        return _in_rounds(self._pseudo_rows, self._seed, _PSEUDO, self.epoch * count, count)

    def _from_hard(self, count: int) -> np.ndarray:
        random = np.random.default_rng([self._seed, self.epoch, _HARD])
        shuffled = random.permutation(self._empty)
        hardness = np.nan_to_num(self.hardness[shuffled], nan=-np.inf, posinf=np.inf)
        hardest = shuffled[np.argsort(-hardness, kind="stable")]
        return random.permutation(np.resize(hardest, count))

    def _from_groups(self, count: int) -> np.ndarray:
        """Rows of the epoch's labelled samples, from the groups of pictures in turn."""
        rows, turns, start = np.empty(count, np.int64), len(self._groups), self.epoch * count
        for turn, group in enumerate(self._groups):
            mine = slice((turn - start) % turns, None, turns)
            before = (start - turn + turns - 1) // turns  # draws of this group in all epochs before
            stream = _GROUPS + turn if turns > 1 else _ALL
            rows[mine] = _in_rounds(group, self._seed, stream, before, len(rows[mine]))
        return rows


def _spread(count: int, length: int, total: int) -> np.ndarray:
    """Mark `count` of every `length` places, as far from each other as can be, in `total` places: bool."""
    places = np.arange(total)
    return (places + 1) * count // length > places * count // length


def _in_rounds(rows: np.ndarray, seed: int, stream: int, start: int, count: int) -> np.ndarray:
    """`count` rows from sample `start` on, of rounds that have every row once, each in its own order."""
    if not count:
        return np.empty(0, np.int64)
    first, last = start // len(rows), (start + count - 1) // len(rows)
    orders = [
        rows[np.random.default_rng([seed, number, stream]).permutation(len(rows))]
        for number in range(first, last + 1)
    ]
    return np.concatenate(orders)[start - first * len(rows) :][:count]
