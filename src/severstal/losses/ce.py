"""Cross-entropy of one softmax over the classes and the background."""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

from severstal.losses.target import by_class, to_float32


def softmax_cross_entropy(masks: Tensor, target: Tensor, label_smoothing: float = 0.0) -> Tensor:
    """Mean over the pixels of - sum(q ln p), the sum going over the classes and the background (Long 2015).

    The background's logit is 0, so p of class k is exp(z_k) / (1 + sum of exp z), and the sigmoid of z_k
    compares the class with the background only. A pixel of several classes is divided equally among them: its
    minimum is then not 0 but the logarithm of their number. Soft labels, of pictures that were mixed, keep
    their shares, and the rest is the background's.

    Args:
        masks: logits z, (N, C, H, W); computed in float32 at least.
        target: 0 to 1, (N, C, H, W).
        label_smoothing: share of q that is spread equally over the classes and the background (Szegedy 2016).

    Returns:
        (N, C), whose mean over the classes is the picture's loss: C times the part of the class's own pixels,
        plus the part of the background.

    Example:
        >>> truth = torch.zeros(1, 2, 1, 1)
        >>> softmax_cross_entropy(torch.zeros(1, 2, 1, 1), truth)  # ln 3
        tensor([[1.0986, 1.0986]])
        >>> truth[0, 1] = 1
        >>> softmax_cross_entropy(torch.zeros(1, 2, 1, 1), truth)
        tensor([[0.0000, 2.1972]])
    """
    return weighted_softmax_cross_entropy(masks, target, (), label_smoothing)


def weighted_softmax_cross_entropy(
    masks: Tensor, target: Tensor, positive_weights: Sequence[float] = (), label_smoothing: float = 0.0
) -> Tensor:
    """`softmax_cross_entropy` in which a pixel of class k counts w_k times and one of the background once.

    It is the weighted mean over a picture's pixels, sum(w q ln p) / sum(w q), as torch defines it over a
    batch.

    Args:
        masks: logits, (N, C, H, W); computed in float32 at least.
        target: 0 to 1, (N, C, H, W).
        positive_weights: w; one per class, one for all, or none for 1.
        label_smoothing: share of q that is spread equally.

    Returns:
        (N, C), as of `softmax_cross_entropy`.

    Example:
        >>> logits = torch.zeros(1, 1, 1, 2)
        >>> logits[..., 1] = 2.0
        >>> weighted_softmax_cross_entropy(logits, torch.tensor([[[[1.0, 0.0]]]]), [3.0])
        tensor([[1.0516]])
    """
    masks = to_float32(masks)
    target = target.to(masks.dtype)
    claims = target.sum(1, keepdim=True)  # (N, 1, H, W)
    shares = target / claims.clamp_min(1)
    rest = (1 - claims).clamp_min(0)  # (N, 1, H, W)
    if label_smoothing:
        spread = label_smoothing / (masks.shape[1] + 1)
        shares, rest = ((1 - label_smoothing) * part + spread for part in (shares, rest))
    if len(positive_weights):
        shares = shares * by_class(positive_weights, masks)
    total = torch.logsumexp(functional.pad(masks, (0, 0, 0, 0, 0, 1)), 1, keepdim=True)  # (N, 1, H, W)
    own = (shares * (total - masks)).mean((2, 3))  # (N, C)
    background = (rest * total).mean((2, 3))  # (N, 1)
    weight = (shares.sum(1, keepdim=True) + rest).mean((2, 3))  # (N, 1), of a pixel
    return (masks.shape[1] * own + background) / weight
