"""Event files for TensorBoard: the curves of a fold, and its worst held-out pictures."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from accelerate import Accelerator
from torch import nn

from severstal.data.arrays import unpack, with_colours
from severstal.errors import SeverstalError
from severstal.files import explain_os_error
from severstal.recipe import Recipe
from severstal.training.loader import FoldData
from severstal.training.validate import Validation, predict_plain

_WORST = 4  # pictures per epoch
_LONGEST = 800  # pixels of the longer side: an epoch of whole pictures would take 10 MB
_LINE, _RIM = (255, 200, 0), (0, 0, 0)  # bright on steel, with a dark rim


class TensorBoardWriter:
    """Writes the event files that `tensorboard --logdir runs` shows.

    Args:
        folder: folder of the event files; those of earlier calls stay.
        done: number of finished epochs; TensorBoard drops later ones from earlier files, so that a resumed
            training gives one continuous curve.

    Raises:
        SeverstalError: the package tensorboard is not installed, or the folder cannot be written.
    """

    def __init__(self, folder: str | Path, done: int = 0):
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError as error:
            raise SeverstalError(
                f"training.tensorboard: {error}: pip install tensorboard, or set it to false"
            ) from error
        self._folder = Path(folder)
        try:
            self._writer = SummaryWriter(str(folder), purge_step=done + 1)
        except OSError as error:
            raise explain_os_error(error, self._folder) from error

    def add_epoch(self, figures: Mapping[str, Any], epoch: int) -> None:
        """Add one point to the curve of each figure.

        Args:
            figures: values by name; those that are not numbers, such as None, are left out.
            epoch: number of the epoch, from 1.
        """
        for name, value in figures.items():
            if name != "epoch" and isinstance(value, int | float):
                self._writer.add_scalar(name, value, epoch)
        self._flush()

    def add_pictures(
        self,
        names: Sequence[str],
        pictures: Sequence[np.ndarray],
        truth: Sequence[np.ndarray],
        predicted: Sequence[np.ndarray],
        epoch: int,
    ) -> None:
        """Add pictures, each above its copies with the truth and with the prediction outlined.

        Args:
            names: names of the pictures, the worst first.
            pictures: (H, W) uint8 each.
            truth: (C, H, W) of 0 and 1 each.
            predicted: (C, H, W) of 0 and 1 each.
            epoch: number of the epoch, from 1.
        """
        for rank, (picture, *masks) in enumerate(zip(pictures, truth, predicted, strict=True), 1):
            panel = draw_worst_panel(picture, *masks)
            self._writer.add_image(f"worst/{rank}", panel, epoch, dataformats="HWC")
        self._writer.add_text("worst", "\n\n".join(f"{k}. {name}" for k, name in enumerate(names, 1)), epoch)
        self._flush()

    def close(self) -> None:
        """Flush and close the files."""
        self._writer.close()

    def _flush(self) -> None:
        try:
            self._writer.flush()
        except OSError as error:
            raise explain_os_error(error, self._folder) from error


def show_worst(
    writer: TensorBoardWriter,
    network: nn.Module,
    validation: Validation,
    data: FoldData,
    recipe: Recipe,
    accelerator: Accelerator,
    epoch: int,
) -> None:
    """Add the held-out pictures with the lowest Dice, which are predicted again for this.

    Args:
        writer: writer of the event files.
        network: network as it was validated; it keeps its mode.
        validation: result of the validation, which says which pictures are the worst.
        data: data of the fold.
        recipe: recipe; its `data` table is read.
        accelerator: device and precision.
        epoch: number of the epoch, from 1.
    """
    was_training = network.training
    network.eval()
    names, classes = validation.worst(_WORST), len(data.spec.classes)
    found = [predict_plain(network, data.store, [name], data.spec, recipe, accelerator)[0] for name in names]
    network.train(was_training)
    predicted = torch.stack(found).cpu().numpy()
    pictures = [data.store.picture(name) for name in names]
    writer.add_pictures(
        names, pictures, [unpack(data.masks[name], classes) for name in names], predicted, epoch
    )


def draw_worst_panel(picture: np.ndarray, truth: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    """Draw a picture above its copies with the truth and with the prediction outlined.

    The `ClassId` stands beside each outline. Pictures longer than 800 pixels are shrunk first.

    Args:
        picture: (H, W) uint8, or (H, W, 3) of colours.
        truth: (C, H, W) of 0 and 1.
        predicted: (C, H, W) of 0 and 1.

    Returns:
        (3 h + 8, w, 3) uint8, red, green and blue.

    Example:
        >>> draw_worst_panel(np.zeros((20, 30), np.uint8), *np.zeros((2, 4, 20, 30), bool)).shape
        (68, 30, 3)
    """
    height, width = picture.shape[:2]
    factor = min(1.0, _LONGEST / max(height, width))
    size = max(1, round(width * factor)), max(1, round(height * factor))
    plain = with_colours(cv2.resize(picture, size, interpolation=cv2.INTER_AREA))
    gap = np.full((4, size[0], 3), 255, np.uint8)
    return np.concatenate([plain, gap, _outlined(plain, truth), gap, _outlined(plain, predicted)])


def _outlined(plain: np.ndarray, masks: np.ndarray) -> np.ndarray:
    drawn = plain.copy()
    for class_id, mask in enumerate(masks, 1):
        small = cv2.resize(mask.astype(np.float32), plain.shape[1::-1], interpolation=cv2.INTER_AREA)
        small = (small > 0).astype(np.uint8)  # a speck of one pixel is still seen
        outlines, tree = cv2.findContours(small, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
        for colour, thickness in ((_RIM, 3), (_LINE, 1)):
            cv2.drawContours(drawn, outlines, -1, colour, thickness)
        parents = () if tree is None else tree[0, :, 3]
        outer = [outline for outline, parent in zip(outlines, parents, strict=True) if parent < 0]
        for outline in outer:
            left, top, _, height = cv2.boundingRect(outline)
            at = (left, top - 3 if top >= 14 else min(top + height + 13, len(drawn) - 3))
            for colour, thickness in ((_RIM, 3), (_LINE, 1)):
                cv2.putText(
                    drawn, str(class_id), at, cv2.FONT_HERSHEY_SIMPLEX, 0.4, colour, thickness, cv2.LINE_AA
                )
    return drawn
