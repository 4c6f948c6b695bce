"""The weights of the best epochs of a fold, each in a file of its own until the fold is done."""

import re
import shutil
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from torch import nn

from severstal.files import atomic_write
from severstal.models.checkpoint import save_weights
from severstal.training.history import best_epochs

_EPOCH_FILE = re.compile(r"epoch\d{4,}\.safetensors")


class BestEpochs:
    """The weights of the best epochs, `best/epoch0007.safetensors` and so on.

    Which epochs they are follows from the history alone, and the history stands in the training's state. So
    an epoch's file is written before that state, and files are thrown away only after it: killed at any
    instant, a training finds the files of all the epochs that its state calls best.

    Args:
        folder: of the fold.
        count: how many are kept, at least one.
    """

    def __init__(self, folder: Path, count: int):
        self._folder, self._model, self._count = folder / "best", folder / "model.safetensors", count

    def paths(self, epochs: Sequence[dict[str, Any]]) -> list[Path]:
        """The files of the best epochs of a history, the best one first."""
        return [self._path(epoch) for epoch in best_epochs(epochs, self._count)]

    def keep(self, network: nn.Module, epochs: Sequence[dict[str, Any]]) -> None:
        """Write the weights of a history's last epoch, if it is among the best; before the state."""
        if self._path(epochs[-1]) in self.paths(epochs):
            save_weights(network, self._path(epochs[-1]))

    def publish(self, epochs: Sequence[dict[str, Any]]) -> None:
        """Make the best epoch's weights `model.safetensors`, throw away what is not kept; after the state."""
        kept = self.paths(epochs)
        with atomic_write(self._model) as part:
            shutil.copyfile(kept[0], part)
        for path in self._files():
            if path not in kept:
                path.unlink()

    def clear(self) -> None:
        """Throw away the files of an earlier training that is not gone on from."""
        for path in self._files():
            path.unlink()
        with suppress(OSError):  # not there, or somebody's files are in it
            self._folder.rmdir()

    def _files(self) -> list[Path]:
        """The files of epochs that are there, by their exact names: what else lies there is somebody's."""
        return [path for path in self._folder.glob("epoch*") if _EPOCH_FILE.fullmatch(path.name)]

    def _path(self, epoch: dict[str, Any]) -> Path:
        return self._folder / f"epoch{epoch['epoch']:04}.safetensors"
