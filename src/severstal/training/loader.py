"""The training batches of a fold, on the device, shared out among the processes."""

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
from severstal.data.pseudo import PseudoData, SoftMasks
from severstal.data.sampling import EpochSampler
from severstal.device import choose_workers
from severstal.recipe import Recipe
from severstal.training.batch_sizes import check_batch_size
from severstal.training.phases import Phase
from severstal.training.shared_memory import explain_shared_memory, fit_workers


@dataclass(frozen=True)
class FoldData:
    """The training and validation data of a fold.

    Attributes:
        store: all pictures.
        masks: masks of all pictures.
        spec: specification of the data set.
        train: names of the pictures to train on.
        held_out: names of the pictures to validate on.
        pseudo: pseudo-labelled pictures to train on as well.
        soft: the teacher's probabilities of the pictures to train on, where the recipe distils.
    """

    store: Pictures
    masks: Masks
    spec: Spec
    train: Sequence[str]
    held_out: Sequence[str]
    pseudo: PseudoData | None = None
    soft: SoftMasks | None = None

    @property
    def largest_shape(self) -> tuple[int, int]:
        """The greatest height and the greatest width of all pictures; a crop is never larger."""
        return self.spec.largest_shape(self.store.names)


@dataclass(frozen=True)
class Crops:
    """This process's part of a batch, on the device.

    Attributes:
        pictures: (n, 1, h, w) float32, or with 3 channels, normalised.
        masks: (n, C, h, w) float32, 0 to 1.
        present: (n, C) float32, 0 to 1: which classes have any pixel at full resolution.
        draws: (n,) int64, number of each crop in the order of sampling, over the whole training.
        rows: (n,) int64: which pictures; from the number of labelled ones on, pseudo-labelled ones.
        batch_size: crops in the batch, over all processes.
        soft: (n, C, h, w) float32, 0 to 1, the teacher's probabilities; None without a teacher.
    """

    pictures: torch.Tensor
    masks: torch.Tensor
    present: torch.Tensor
    draws: torch.Tensor
    rows: torch.Tensor
    batch_size: int
    soft: torch.Tensor | None = None


class BatchSampler(Sampler[list[tuple[int, int]]]):
    """Batches of consecutive samples, of which each process takes every n-th, for n processes.

    All processes together have the batches that a single process would have. An incomplete last batch is
    dropped, unless it is the only one.

    Args:
        sampler: sampler of crops, or a range.
        size: number of crops in a batch.
        process: index of this process, from 0.
        processes: number of processes.

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
    """Loads the training batches of one phase.

    Args:
        data: data of the fold.
        recipe: the settings.
        phase: crop and batch size.
        seed: random seed of the sampling.
        accelerator: device and processes.
        hardness: hardness of each training picture when it was last sampled, (N,) float32, NaN before; given
            where a training is resumed.

    Attributes:
        seed: random seed of the sampling.
        accelerator: device and processes.

    Raises:
        SeverstalError: a process would get no crop of a batch.
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
        self._classes, self._shape = len(data.spec.classes), data.largest_shape
        self._channels = data.spec.channels
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
            data.spec.largest_shape(data.train),
            data.soft,
        )
        share = recipe.distill.unlabelled if recipe.distill.weight else recipe.pseudo.share
        presence = data.masks.presence(data.train)
        self._clean = ~presence.any(1)
        self._sampler = EpochSampler(
            presence,
            recipe.sampling,
            recipe.training.epoch_images or len(data.train),
            seed,
            pseudo=len(data.pseudo.names) if data.pseudo else 0,
            share=share if data.pseudo else 0.0,
            batch_size=phase.batch_size,
        )
        if hardness is not None:
            self._sampler.hardness[:] = hardness
        self._seen: list[tuple[torch.Tensor, ...]] = []
        process, processes = accelerator.process_index, accelerator.num_processes
        batches = BatchSampler(self._sampler, phase.batch_size, process, processes)
        check_batch_size(phase.batch_size, len(self._sampler), processes)
        self._whole = batches.size
        workers = fit_workers(
            choose_workers(recipe.training.workers), -(-batches.size // processes) * self._crop_bytes(phase)
        )
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
        """Of each training picture when it was last sampled, (N,) float32; NaN before."""
        return self._sampler.hardness

    def host_batches(self, epoch: int) -> Iterator[Batch]:
        """Yield the batches of an epoch as the workers return them: on the CPU, one byte per pixel."""
        self._sampler.epoch = epoch
        with explain_shared_memory():
            yield from self._loader

    def batches(self, epoch: int) -> Iterator[Crops]:
        """Yield the batches of an epoch, from 0, in order."""
        for batch in self.host_batches(epoch):
            tensors = to_tensors(batch, self._settings, self._classes, self.accelerator.device)
            if self._mixup:
                tensors = self._mix(tensors, int(batch.draws[0]))
            pictures, masks, present = tensors
            pictures = pictures.contiguous(memory_format=self._layout)
            soft = None
            if batch.soft.numel():
                soft = batch.soft.to(self.accelerator.device, non_blocking=True).float() / 255
            yield Crops(pictures, masks, present, batch.draws, batch.rows, self._whole, soft)

    def names(self, crops: Crops) -> list[str]:
        """Names of the pictures that the crops come from."""
        return [self._dataset.name(row) for row in crops.rows.tolist()]

    def record_hardness(self, crops: Crops, hardness: torch.Tensor) -> None:
        """Keep the hardness of crops, (n,) on any device, until the end of the epoch."""
        empty = crops.masks.amax((1, 2, 3)) == 0  # not of crops that mixup gave a defect
        self._seen.append((crops.draws, crops.rows, hardness, empty))

    def end_epoch(self) -> None:
        """Pass the hardness of the pictures without a defect to the sampler, from all processes."""
        mine = []
        for batch in self._seen:
            for draw, row, hardness, empty in zip(*(each.tolist() for each in batch), strict=True):
                if empty and row < len(self._clean) and self._clean[row]:
                    mine.append((draw, row, hardness))
        self._seen = []
        seen = sorted(gather_object(mine))  # by sampling order: of a picture sampled twice, the last counts
        if seen:
            _, rows, hardness = zip(*seen, strict=True)
            self._sampler.record(np.array(rows), np.array(hardness, np.float32))

    def _crop_bytes(self, phase: Phase) -> int:
        """Bytes of a crop and its mask at their full size, as the workers pass them on."""
        height, width = self._shape if self._dataset.augment is None else phase.crop
        return (
            min(height, self._shape[0])
            * min(width, self._shape[1])
            * (self._channels + (1 if self._classes <= 8 else 4))
        )

    def _mix(self, mine: tuple[torch.Tensor, ...], draw: int) -> tuple[torch.Tensor, ...]:
        """Mix this process's crops, the first of which is given, with those of the whole batch (mixup)."""
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
    """The augmentation of a phase; None where the recipe overfits a few pictures."""
    if recipe.training.overfit_images:
        return None
    donors = None
    if recipe.augment.copy_paste:
        donors = Donors(data.store, data.masks, data.train, data.spec)
    return Augment(replace(recipe.augment, crop=phase.crop), data.largest_shape, donors)
