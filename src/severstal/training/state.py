"""All that changes while a fold is trained, and its file, from which the training goes on after a break."""

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
    """All that changes while a fold is trained.

    Attributes:
        network: that is trained; never the compiled one.
        optimizer: of its weights.
        micro_batches: how many a batch is split into.
        scaler: of the losses in fp16; elsewhere one that does nothing.
        ema: the moving average of the weights, where the recipe asks for one.
        swa: the mean of the weights of the last epochs, where the recipe asks for one.
        hardness: of each training picture when it was last drawn, (N,) float32, nan before; None until the
            first epoch has begun.
        history: of the epochs done.
    """

    network: nn.Module
    optimizer: Optimizer
    micro_batches: MicroBatches
    scaler: GradScaler = field(default_factory=lambda: GradScaler(enabled=False))
    ema: WeightAverage | None = None
    swa: WeightAverage | None = None
    hardness: np.ndarray | None = None
    history: History = field(default_factory=History)

    def averaged(self) -> AbstractContextManager[None]:
        """While inside, the network has the weights that count: the moving average's, where there is one."""
        return nullcontext() if self.ema is None else self.ema.applied(self.network)

    def save(self, path: Path, key: str) -> None:
        """Write all of it in one file.

        Args:
            path: of the file.
            key: checksum of all that the result depends on.

        Raises:
            SeverstalError: the disk is full, or the file may not be written; the earlier one stays.
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
        """What another version of this package would do otherwise than that which wrote a state."""
        built_as = getattr(self.network, "built_as", {})
        if built_as and earlier_options(built_as["architecture"], facts.get("built_as", {})):
            return f"begun with other defaults of {built_as['architecture']}"
        if self._undecayed() != facts.get("undecayed", []):
            return "begun with weight decay on embeddings"
        return None

    def restore(
        self, path: Path, key: str, files: Callable[[list[dict[str, Any]]], Iterable[Path]] = lambda _: ()
    ) -> bool:
        """Take over what `save` wrote.

        Args:
            path: of the file.
            key: as `save` had it.
            files: of a history, those beside `path` that it counts on.

        Returns:
            Whether there was a whole file of that key, with all files that it counts on; a damaged one is as
            good as none.
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
            self.scaler.load_state_dict(facts["scaler"])  # fp16 goes on at the scale it had found
        self.micro_batches.count = max(self.micro_batches.count, facts["parts"])
        return True
