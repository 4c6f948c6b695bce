"""Validation: the competition's metric of a network on labelled pictures, at plain thresholds."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from accelerate import Accelerator
from torch import nn
from torch.nn import functional

from severstal.competition.masks import Masks
from severstal.competition.metric import Score, pair_dice, score_pairs
from severstal.competition.spec import Spec
from severstal.data.arrays import unpack
from severstal.data.batches import batches_of_one_shape
from severstal.data.images import Pictures
from severstal.data.inputs import to_inputs
from severstal.memory import halve_on_out_of_memory
from severstal.progress import progress
from severstal.recipe import Recipe


@dataclass(frozen=True)
class Validation:
    """The result of a validation.

    Attributes:
        score: score over all pairs.
        dice: Dice of each pair of picture and class, (N, C) float64, 0 to 1; 1 where both masks are empty.
        names: names of the N pictures.
    """

    score: Score
    dice: np.ndarray
    names: tuple[str, ...]

    def worst(self, count: int) -> list[str]:
        """The pictures with the lowest mean Dice, the worst first; ties keep their order.

        Example:
            >>> dice = np.array([[1.0, 0.5], [0.0, 1.0], [1.0, 1.0]])
            >>> Validation(None, dice, ("a.jpg", "b.jpg", "c.jpg")).worst(2)
            ['b.jpg', 'a.jpg']
        """
        order = np.argsort(self.dice.mean(1), kind="stable")
        return [self.names[row] for row in order[:count]]


@torch.inference_mode()
def validate(
    network: nn.Module,
    store: Pictures,
    masks: Masks,
    names: Sequence[str],
    spec: Spec,
    recipe: Recipe,
    accelerator: Accelerator,
) -> Validation:
    """Score a network at the plain threshold: a pixel belongs to a class where its probability is >= 0.5.

    Args:
        network: network; evaluated in evaluation mode, and then set back to the mode that it was in.
        store: source of the pictures.
        masks: true masks.
        names: names of the pictures, each once; the processes share them.
        spec: specification of the data set.
        recipe: scaling and batch size.
        accelerator: device and precision.

    Returns:
        Score and Dice over all `names`, in every process.
    """
    was_training = network.training
    network.eval()
    mine = range(accelerator.process_index, len(names), accelerator.num_processes)
    areas = torch.zeros(3, len(names), len(spec.classes), dtype=torch.int64, device=accelerator.device)
    shapes = [spec.shape_of(name) for name in names]
    batches = list(batches_of_one_shape(mine, shapes.__getitem__, recipe.inference.batch_size, spec))
    for rows in progress(batches, "validate", unit="batch") if accelerator.is_main_process else batches:
        batch = [names[row] for row in rows]
        truth = np.stack([unpack(masks[name], len(spec.classes)) for name in batch])
        true = torch.from_numpy(truth).to(accelerator.device).bool()  # (N, C, H, W)
        predicted = predict_plain(network, store, batch, spec, recipe, accelerator)
        for kind, pixels in enumerate((predicted & true, predicted, true)):
            areas[kind, rows] = pixels.sum((-2, -1))
    areas = accelerator.reduce(areas, "sum").cpu().numpy()
    network.train(was_training)
    return Validation(score_pairs(*areas, spec), pair_dice(*areas), tuple(names))


@torch.inference_mode()
def predict_plain(
    network: nn.Module,
    store: Pictures,
    names: Sequence[str],
    spec: Spec,
    recipe: Recipe,
    accelerator: Accelerator,
) -> torch.Tensor:
    """Predict the masks of one batch of pictures at threshold 0.5.

    Args:
        network: network in evaluation mode.
        store: source of the pictures.
        names: names of the pictures, all of one shape.
        spec: specification of the data set.
        recipe: scaling.
        accelerator: device and precision.

    Returns:
        (N, C, H, W) bool, on the device.

    Raises:
        SeverstalError: a single picture does not fit into the device's memory.
    """

    def predict(some: Sequence[str]) -> torch.Tensor:
        pictures = np.stack([store.picture(name) for name in some])
        with accelerator.autocast():
            logits = network(to_inputs(pictures, recipe.data, accelerator.device)).masks
        size = spec.shape_of(some[0])
        return functional.interpolate(logits.float(), size, mode="bilinear", align_corners=False) >= 0

    return torch.cat(halve_on_out_of_memory(predict, names))
