"""The competition's metric of a network on labelled pictures, without keeping a map."""

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
from severstal.data.dataset import to_input
from severstal.data.images import Pictures
from severstal.memory import halve_on_out_of_memory
from severstal.progress import progress
from severstal.recipe import Recipe


@dataclass(frozen=True)
class Validation:
    """How a network did on labelled pictures.

    Attributes:
        score: over all of them.
        dice: of each pair, (N, C) float64, 0 to 1; 1 where both masks are empty.
        names: of the N pictures.
    """

    score: Score
    dice: np.ndarray
    names: tuple[str, ...]

    def worst(self, count: int) -> list[str]:
        """The pictures with the lowest mean Dice, the worst first; of equal ones the earlier.

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
    """Score a network at the plain rule: a pixel is of a class where its probability is at least 0.5.

    Args:
        network: left in the mode it came in.
        store: of the pictures.
        masks: the truth.
        names: which pictures, each once; processes share them out.
        spec: of the data set.
        recipe: scaling and batch size.
        accelerator: device and precision.

    Returns:
        Score and Dice over all `names`, in every process.
    """
    was_training = network.training
    network.eval()
    mine = range(accelerator.process_index, len(names), accelerator.num_processes)
    areas = torch.zeros(3, len(names), len(spec.classes), dtype=torch.int64, device=accelerator.device)
    size = recipe.inference.batch_size
    starts = range(0, len(mine), size)
    for start in progress(starts, "validate", unit="batch") if accelerator.is_main_process else starts:
        rows = list(mine[start : start + size])
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
    """Draw the masks of one batch of pictures by the plain rule.

    Args:
        network: in evaluation mode.
        store: of the pictures.
        names: which pictures.
        spec: of the data set.
        recipe: scaling.
        accelerator: device and precision.

    Returns:
        (N, C, H, W) bool, on the device.

    Raises:
        SeverstalError: a single picture does not fit into the device's memory.
    """

    def draw(some: Sequence[str]) -> torch.Tensor:
        inputs = torch.stack([to_input(store.picture(name), recipe.data) for name in some])
        with accelerator.autocast():
            logits = network(inputs.to(accelerator.device)).masks
        size = spec.image_shape
        return functional.interpolate(logits.float(), size, mode="bilinear", align_corners=False) >= 0

    return torch.cat(halve_on_out_of_memory(draw, names))
