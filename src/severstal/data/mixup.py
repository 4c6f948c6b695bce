"""Mixing the crops of a batch in pairs."""

import numpy as np
import torch


def mix(
    pictures: torch.Tensor, masks: torch.Tensor, alpha: float, seed: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """Mix each crop of a batch with another of the same batch, masks in the same shares (mixup, Zhang 2018).

    Args:
        pictures: (N, ...) floating point, on any device.
        masks: (N, ...) floating point, 0 to 1, on the same device.
        alpha: the share that a crop keeps is drawn, once a batch, from beta(alpha, alpha); 0 mixes nothing.
        seed: of this batch; the same on every device.

    Returns:
        Both, as they came in shape and type.

    Example:
        >>> pictures, masks = mix(torch.tensor([[0.0], [1.0]]), torch.tensor([[1.0], [0.0]]), 0.4, seed=3)
        >>> bool((pictures + masks == 1).all())
        True
    """
    if not alpha:
        return pictures, masks
    rng = np.random.default_rng(seed)
    kept = float(rng.beta(alpha, alpha))
    partners = torch.from_numpy(rng.permutation(len(pictures))).to(pictures.device)
    # Written so, and not as lerp, a crop whose partner is itself comes out as it went in.
    return (
        pictures + (1 - kept) * (pictures[partners] - pictures),
        masks + (1 - kept) * (masks[partners] - masks),
    )
