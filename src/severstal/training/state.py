"""The state of a fold's training, and its file, from which an interrupted training is resumed."""

import logging
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.amp import GradScaler
from torch.optim import Optimizer

from severstal.errors import SeverstalError
from severstal.memory import MicroBatches
from severstal.models.decay import undecayed_weights
from severstal.models.editions import earlier_options
from severstal.training.averaging import WeightAverage
from severstal.training.checkpoint import fill_optimizer, load_state, optimizer_tensors, save_state
from severstal.training.history import History

logger = logging.getLogger("severstal")


@dataclass
class TrainingState:
    """Everything that changes while a fold is trained.

    Attributes:
        network: network that is trained; never the compiled one.
        optimizer: optimizer of its weights.
        micro_batches: number of micro-batches that a batch is split into.
        scaler: scaler of the loss in fp16; disabled in other precisions.
        ema: the exponential moving average of the weights, where the recipe asks for one.
        swa: the stochastic weight average of the last epochs, where the recipe asks for one.
        hardness: hardness of each training picture when it was last sampled, (N,) float32, NaN before; None
            until the first epoch has ended.
        threads: number of threads on a CPU, where it was chosen by the load.
        history: history of the finished epochs.
    """

    network: nn.Module
    optimizer: Optimizer
    micro_batches: MicroBatches
    scaler: GradScaler = field(default_factory=lambda: GradScaler(enabled=False))
    ema: WeightAverage | None = None
    swa: WeightAverage | None = None
    hardness: np.ndarray | None = None
    threads: int | None = None
    history: History = field(default_factory=History)

    def averaged(self) -> AbstractContextManager[None]:
        """Within the context the network has the weights of the moving average, where there is one."""
        return nullcontext() if self.ema is None else self.ema.applied(self.network)

    def save(self, path: Path, key: str) -> None:
        """Write the state to one file.

        Args:
            path: path of the file.
            key: checksum of everything that the result depends on.

        Raises:
            SeverstalError: the disk is full, or the file may not be written; the earlier file is kept.
        """
        owners = {"network": self.network.state_dict(), "optimizer": optimizer_tensors(self.optimizer)}
        for name, average in (("ema", self.ema), ("swa", self.swa)):
            if average is not None:
                owners[name] = average.tensors()
        if self.hardness is not None:
            owners["sampler"] = {"hardness": torch.from_numpy(self.hardness)}
        facts = {
            "key": key,
            "history": self.history.epochs,
            "scaler": self.scaler.state_dict(),
            "parts": self.micro_batches.count,
            "threads": self.threads,
            "built_as": getattr(self.network, "built_as", {}),
            "undecayed": self._undecayed(),
        }
        save_state(path, owners, facts)

    def _undecayed(self) -> list[str]:
        """Kernels, matrices and embeddings without weight decay, on which the optimizer's order depends."""
        undecayed = undecayed_weights(self.network)
        return [
            name for name, weight in self.network.named_parameters() if weight.ndim > 1 and name in undecayed
        ]

    def _changed_since(self, facts: Mapping[str, Any]) -> str | None:
        """Name what another version of this package would do differently from the one that wrote a state."""
        built_as = getattr(self.network, "built_as", {})
        if built_as and earlier_options(built_as["architecture"], facts.get("built_as", {})):
            return f"begun with other defaults of {built_as['architecture']}"
        if self._undecayed() != facts.get("undecayed", []):
            return "begun with weight decay on embeddings"
        return None

    def restore(
        self, path: Path, key: str, files: Callable[[list[dict[str, Any]]], Iterable[Path]] = lambda _: ()
    ) -> bool:
        """Load what `save` wrote.

        Args:
            path: path of the file.
            key: checksum of everything that the result depends on, as given to `save`.
            files: function from a history to the other files that are needed to resume.

        Returns:
            Whether the state was loaded: False where the file is missing, damaged or of another key, or where
            one of the other files is missing.
        """
        if not path.is_file():
            return False
        try:
            owners, facts = load_state(path)
        except SeverstalError as error:
            logger.warning("training starts from the beginning: %s", error)
            return False
        if facts.get("key") != key:
            return False
        if (changed := self._changed_since(facts)) is not None:
            logger.warning("training starts from the beginning: %s: %s", path, changed)
            return False
        for file in files(facts["history"]):
            if not file.is_file():
                logger.warning(
                    "training starts from the beginning: %s is missing, which %s needs", file, path
                )
                return False
        self.network.load_state_dict(owners["network"])
        fill_optimizer(self.optimizer, owners.get("optimizer", {}))
        for name, average in (("ema", self.ema), ("swa", self.swa)):
            if average is not None:
                average.load(owners[name])
        if "sampler" in owners:
            self.hardness = owners["sampler"]["hardness"].numpy()
        self.history = History(facts["history"])
        if facts["scaler"]:
            self.scaler.load_state_dict(facts["scaler"])  # fp16 goes on with the scale it had found
        self.micro_batches.count = max(self.micro_batches.count, facts["parts"])
        self.threads = facts.get("threads")  # states of earlier versions have none
        return True
