"""The weights of a fold's best epochs, one file per epoch."""

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

    Which epochs are the best follows from the history, which is part of the training's state. An epoch's file
    is written before that state, and files are deleted only after it: a training that is killed at any
    instant finds the files of all epochs that are the best by its state.

    Args:
        folder: folder of the fold.
        count: number of epochs that are kept, at least one.
    """

    def __init__(self, folder: Path, count: int):
        self._folder, self._model, self._count = folder / "best", folder / "model.safetensors", count

    def paths(self, epochs: Sequence[dict[str, Any]]) -> list[Path]:
        """The files of the best epochs of a history, the best one first."""
        return [self._path(epoch) for epoch in best_epochs(epochs, self._count)]

    def keep(self, network: nn.Module, epochs: Sequence[dict[str, Any]]) -> None:
        """Write the weights of the last epoch if it is among the best; call it before the state is saved."""
        if self._path(epochs[-1]) in self.paths(epochs):
            save_weights(network, self._path(epochs[-1]))

    def publish(self, epochs: Sequence[dict[str, Any]]) -> None:
        """Copy the best epoch to `model.safetensors`, delete all but the best; after the state is saved."""
        kept = self.paths(epochs)
        with atomic_write(self._model) as part:
            shutil.copyfile(kept[0], part)
        for path in self._files():
            if path not in kept:
                path.unlink()

    def clear(self) -> None:
        """Delete the files of an earlier training that is not resumed."""
        for path in self._files():
            path.unlink()
        with suppress(OSError):  # missing, or it holds other files
            self._folder.rmdir()

    def _files(self) -> list[Path]:
        """The existing files of epochs, by their exact names: any other file is not ours to delete."""
        return [path for path in self._folder.glob("epoch*") if _EPOCH_FILE.fullmatch(path.name)]

    def _path(self, epoch: dict[str, Any]) -> Path:
        return self._folder / f"epoch{epoch['epoch']:04}.safetensors"
