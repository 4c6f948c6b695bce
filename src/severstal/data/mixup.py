"""Mixing the crops of a batch in pairs."""

from collections.abc import Sequence

import numpy as np
import torch


def mix(
    tensors: Sequence[torch.Tensor],
    alpha: float,
    seed: int,
    batch: Sequence[torch.Tensor] | None = None,
    places: slice = slice(None),
) -> tuple[torch.Tensor, ...]:
    """Mix each crop of a batch with another one, its labels in the same shares (mixup, Zhang 2018).

    Args:
        tensors: pictures, masks and whatever else is of each crop, (n, ...) floating point, on any device.
        alpha: parameter of the distribution beta(alpha, alpha) from which the share that a crop keeps is
            sampled, once per batch; 0 switches mixing off.
        seed: random seed of this batch; the same on every device.
        batch: tensors of the whole batch, (N, ...), of which `tensors` are one process's part; None where
            they are the whole.
        places: position of that part in the batch.

    Returns:
        The mixed tensors, of the same shapes and types.

    Example:
        >>> pictures, masks = mix([torch.tensor([[0.0], [1.0]]), torch.tensor([[1.0], [0.0]])], 0.4, seed=3)
        >>> bool((pictures + masks == 1).all())
        True
    """
    if not alpha:
        return tuple(tensors)
    batch = tensors if batch is None else batch
    rng = np.random.default_rng(seed)
    kept = float(rng.beta(alpha, alpha))
    partners = torch.from_numpy(rng.permutation(len(batch[0]))[places]).to(batch[0].device)
    # Written so, and not as lerp, a crop whose partner is itself comes out as it went in.
    pairs = zip(tensors, batch, strict=True)
    return tuple(own + (1 - kept) * (every[partners] - own) for own, every in pairs)
