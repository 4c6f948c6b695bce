"""The batches that a fold is trained on, on the device, each process its own part of them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from accelerate import Accelerator
from accelerate.utils import gather_object
from torch.utils.data import DataLoader, Sampler

from severstal.competition.masks import Masks
from severstal.competition.spec import Spec
from severstal.data.augment import Augment, Donors
from severstal.data.dataset import Batch, CropDataset, to_tensors
from severstal.data.images import Pictures
from severstal.data.mixup import mix
from severstal.data.pseudo import PseudoData
from severstal.data.sampling import EpochSampler
from severstal.device import choose_workers
from severstal.recipe import Recipe
from severstal.training.batch_sizes import check_batch_size
from severstal.training.phases import Phase


@dataclass(frozen=True)
class FoldData:
    """What one fold is trained and validated on.

    Attributes:
        store: of all the pictures.
        masks: of all the pictures.
        spec: of the data set.
        train: names to train on.
        held_out: names to validate on.
        pseudo: unlabelled pictures with the labels that earlier networks gave them, to train on too.
    """

    store: Pictures
    masks: Masks
    spec: Spec
    train: Sequence[str]
    held_out: Sequence[str]
    pseudo: PseudoData | None = None


@dataclass(frozen=True)
class Crops:
    """This process's part of a batch, on the device.

    Attributes:
        pictures: (n, 1, h, w) float32, normalised.
        masks: (n, C, h, w) float32, 0 to 1.
        present: (n, C) float32, 0 to 1: which classes have any pixel at full resolution.
        draws: (n,) int64: which draws of the training they are.
        rows: (n,) int64: which pictures; from the number of labelled ones on, pseudo-labelled ones.
        whole: crops in the batch, those of all processes together.
    """

    pictures: torch.Tensor
    masks: torch.Tensor
    present: torch.Tensor
    draws: torch.Tensor
    rows: torch.Tensor
    whole: int


class BatchSampler(Sampler[list[tuple[int, int]]]):
    """Batches of consecutive draws, of which a process takes every so many-th draw.

    All processes together make the batches that one process alone would make. A last batch that is not full
    is left out, unless it is the only one.

    Args:
        sampler: of the draws.
        size: draws in a batch.
        process: this process, from 0.
        processes: how many there are.

    Example:
        >>> list(BatchSampler(range(7), 3)), list(BatchSampler(range(7), 3, process=1, processes=2))
        ([[0, 1, 2], [3, 4, 5]], [[1], [4]])
    """

    def __init__(self, sampler: EpochSampler | range, size: int, process: int = 0, processes: int = 1):
        self.sampler, self.size = sampler, min(size, len(sampler))
        self.process, self.processes = process, processes

    def __len__(self) -> int:
        return len(self.sampler) // self.size

    def __iter__(self) -> Iterator[list[tuple[int, int]]]:
        draws = list(self.sampler)
        for start in range(0, len(self) * self.size, self.size):
            yield draws[start : start + self.size][self.process :: self.processes]


class TrainLoader:
    """The training batches of one phase.

    Args:
        data: of the fold.
        recipe: the settings.
        phase: crop and batch size.
        seed: of the draws.
        accelerator: device and processes.
        hardness: of each training picture when it was last drawn, (N,) float32, nan before; where a training
            goes on.

    Attributes:
        seed: as given.
        accelerator: as given.

    Raises:
        SeverstalError: a process would get no picture of a batch.
    """

    def __init__(
        self,
        data: FoldData,
        recipe: Recipe,
        phase: Phase,
        seed: int,
        accelerator: Accelerator,
        hardness: np.ndarray | None = None,
    ):
        self.seed, self.accelerator = seed, accelerator
        self._settings, self._mixup = recipe.data, recipe.augment.mixup
        self._classes = len(data.spec.classes)
        self._layout = torch.channels_last if recipe.training.channels_last else torch.contiguous_format
        self._dataset = CropDataset(
            data.store,
            data.masks,
            data.train,
            recipe.data,
            self._classes,
            _augment(data, recipe, phase),
            seed,
            data.pseudo,
        )
        presence = data.masks.presence(data.train)
        self._clean = ~presence.any(1)
        self._sampler = EpochSampler(
            presence,
            recipe.sampling,
            recipe.training.epoch_images or len(data.train),
            seed,
            pseudo=len(data.pseudo.names) if data.pseudo else 0,
            share=recipe.pseudo.share if data.pseudo else 0.0,
            batch_size=phase.batch_size,
        )
        if hardness is not None:
            self._sampler.hardness[:] = hardness
        self._seen: list[tuple[torch.Tensor, ...]] = []
        process, processes = accelerator.process_index, accelerator.num_processes
        batches = BatchSampler(self._sampler, phase.batch_size, process, processes)
        check_batch_size(phase.batch_size, len(self._sampler), processes)
        workers = choose_workers(recipe.training.workers)
        self._whole = batches.size
        self._loader = DataLoader(
            self._dataset,
            batch_sampler=batches,
            num_workers=workers,
            persistent_workers=workers > 0,
            pin_memory=accelerator.device.type == "cuda",
        )

    def __len__(self) -> int:
        return len(self._loader)

    @property
    def hardness(self) -> np.ndarray:
        """Of each training picture when it was last drawn, (N,) float32; nan before."""
        return self._sampler.hardness

    def host_batches(self, epoch: int) -> Iterator[Batch]:
        """Give the batches of an epoch as the workers hand them over, a byte a pixel, on the CPU."""
        self._sampler.epoch = epoch
        yield from self._loader

    def batches(self, epoch: int) -> Iterator[Crops]:
        """Give the batches of an epoch, from 0, in order."""
        for batch in self.host_batches(epoch):
            tensors = to_tensors(batch, self._settings, self._classes, self.accelerator.device)
            if self._mixup:
                tensors = self._mix(tensors, int(batch.draws[0]))
            pictures, masks, present = tensors
            pictures = pictures.contiguous(memory_format=self._layout)
            yield Crops(pictures, masks, present, batch.draws, batch.rows, self._whole)

    def names(self, crops: Crops) -> list[str]:
        """Names of the pictures that crops were cut from."""
        return [self._dataset.name(row) for row in crops.rows.tolist()]

    def note(self, crops: Crops, hardness: torch.Tensor) -> None:
        """Remember until the end of the epoch how hard crops were, (n,) on any device."""
        empty = crops.masks.amax((1, 2, 3)) == 0  # a crop mixed with a defect tells nothing
        self._seen.append((crops.draws, crops.rows, hardness, empty))

    def end_epoch(self) -> None:
        """Let the sampler know how hard the pictures without a defect were, over all processes."""
        mine = []
        for batch in self._seen:
            for draw, row, hardness, empty in zip(*(each.tolist() for each in batch), strict=True):
                if empty and row < len(self._clean) and self._clean[row]:
                    mine.append((draw, row, hardness))
        self._seen = []
        seen = sorted(gather_object(mine))  # in the order of draws: of a picture drawn twice the last counts
        if seen:
            _, rows, hardness = zip(*seen, strict=True)
            self._sampler.record(np.array(rows), np.array(hardness, np.float32))

    def _mix(self, mine: tuple[torch.Tensor, ...], draw: int) -> tuple[torch.Tensor, ...]:
        """Mix this process's part, whose first draw is given, with crops of the whole batch."""
        process, processes = self.accelerator.process_index, self.accelerator.num_processes
        seed = int(np.random.SeedSequence([self.seed, draw - process]).generate_state(1)[0])
        if processes == 1:
            return mix(mine, self._mixup, seed)
        part = -(-self._whole // processes)
        order = [place % processes * part + place // processes for place in range(self._whole)]
        batch = []
        for tensor in mine:
            padded = torch.cat([tensor, tensor.new_zeros(part - len(tensor), *tensor.shape[1:])])
            batch.append(self.accelerator.gather(padded)[order])
        return mix(mine, self._mixup, seed, batch, slice(process, None, processes))


def _augment(data: FoldData, recipe: Recipe, phase: Phase) -> Augment | None:
    """How crops are drawn in a phase; none while a few pictures are learnt by heart."""
    if recipe.training.overfit_images:
        return None
    donors = None
    if recipe.augment.copy_paste:
        donors = Donors(data.store, data.masks, data.train, data.spec)
    return Augment(replace(recipe.augment, crop=phase.crop), data.spec.image_shape, donors)
