"""Thresholding, region growing, k-means and graph cut, with the interface of a network."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from severstal.errors import SeverstalError, nearest, unknown
from severstal.models.classical.counts import Counts
from severstal.models.classical.features import pixel_features
from severstal.models.classical.graph_cut import graph_cut
from severstal.models.classical.growing import region_growing
from severstal.models.classical.kmeans import k_means
from severstal.models.classical.threshold import thresholding
from severstal.models.encoders import OWN_ENCODER
from severstal.models.mismatch import EncoderMismatch
from severstal.models.network import Network, OwnLossOutput
from severstal.models.options import check_odd, check_whole

METHODS = ("threshold", "region_growing", "k_means", "graph_cut")
_DEFAULTS = {
    "method": "threshold",
    "window": 7,
    "surround": 127,
    "clusters": 48,
    "seeds": 0.5,
    "superpixels": 600,
}
PROBABILITY_MARGIN = 1e-4  # least distance of probabilities from 0 and 1


class Classical(nn.Module):
    """A method that is fitted on counts of the pixels of training crops.

    In training mode its loss adds the crops to the counts. It has one weight, `idle`, since optimizers need
    one; no output depends on it. The loss is the cross-entropy of the evidence (see `Counts.evidence`) on the
    crops before they are counted: in the first epoch on crops not seen before. Counts go on over the epochs.

    Args:
        classes: number of mask classes.
        class_head: whether to predict which classes a picture holds, by `Counts.present`.
        options: value of each key of `_DEFAULTS`.
    """

    own_loss = True

    def __init__(self, classes: int, class_head: bool, options: Mapping[str, Any]) -> None:
        super().__init__()
        self.counts = Counts(classes)
        self.idle = nn.Parameter(torch.zeros(1))
        self.class_head = class_head
        self.window, self.surround = options["window"], options["surround"]
        self.method = {
            "threshold": thresholding,
            "region_growing": partial(region_growing, seeds=options["seeds"]),
            "k_means": partial(k_means, clusters=options["clusters"]),
            "graph_cut": partial(graph_cut, superpixels=options["superpixels"]),
        }[options["method"]]

    @torch.compiler.disable
    def forward(self, pictures: Tensor) -> OwnLossOutput | Tensor | tuple[Tensor, Tensor]:
        """Return the logits of the masks (N, C, H, W), and of the classes (N, C); in training mode a loss."""
        with torch.no_grad(), torch.autocast(pictures.device.type, enabled=False):
            features = pixel_features(pictures, self.window, self.surround)
            evidence = classes = None
            if self.training or self.class_head:
                evidence = self.counts.evidence(features)
            if self.class_head:
                classes = _logit(self.counts.present(evidence))
            if self.training:
                return OwnLossOutput(None, classes, partial(self._count, features, evidence))
            masks = _logit(self.method(features, self.counts))
        return masks if classes is None else (masks, classes)

    def _count(self, features: Tensor, evidence: Tensor, target: Tensor) -> Tensor:
        """Add crops to the counts; the loss of the earlier counts on them."""
        truth = target > 0.5  # crops may be mixed or downscaled
        with torch.no_grad(), torch.autocast(features.device.type, enabled=False):
            loss = functional.binary_cross_entropy_with_logits(_logit(evidence), truth.to(evidence))
            self.counts.add(features, truth, evidence)
        return loss + 0 * self.idle.sum()


def _logit(probability: Tensor) -> Tensor:
    return probability.clamp(PROBABILITY_MARGIN, 1 - PROBABILITY_MARGIN).logit()


def classical(
    encoder_name: str,
    encoder_weights: str,
    in_channels: int,
    classes: int,
    class_head: bool,
    options: Mapping[str, Any],
) -> Network:
    """Build a classical baseline, which is trained and predicts like any network.

    Each is fitted per class: `threshold` by the limit of the highest Dice (after Otsu 1979), `region_growing`
    from seeds (Adams & Bischof 1994, Seeded Region Growing), `k_means` (Lloyd 1982) and `graph_cut`
    (Shi & Malik 2000, Normalized Cuts). One epoch over all pictures fits them; learning rate, optimizer and
    the recipe's mask losses have no effect. Region growing and graph cut compute on the CPU, wherever the
    pictures are; none of the four can be exported as a graph.

    Args:
        encoder_name: "own", as it has no encoder.
        encoder_weights: "none".
        in_channels: number of picture channels; they are averaged.
        classes: number of mask classes.
        class_head: whether it also predicts which classes a picture holds.
        options: `method`; `window`, the width of the square in which noise is averaged, 7; `surround`, of
            that which is a pixel's background, 127, both odd; of k-means `clusters`, 48; of region growing
            `seeds`, the share of a class's pixels that are seeds, 0.5; of graph cut `superpixels`, 600.

    Raises:
        SeverstalError: another encoder, weights, or an unknown option or method.

    Example:
        >>> classical("own", "none", 1, 4, False, {}).eval()(torch.zeros(1, 1, 50, 70)).masks.shape
        torch.Size([1, 4, 50, 70])
    """
    if encoder_name != OWN_ENCODER:
        raise EncoderMismatch(
            f"encoder_name is {encoder_name!r}, but classical has no encoder",
            f'set it to "{OWN_ENCODER}", or choose another architecture',
        )
    if encoder_weights != "none":
        raise SeverstalError(
            f'encoder_weights {encoder_weights!r} of classical is unknown, as it has none: set it to "none"'
        )
    for name in options.keys() - _DEFAULTS.keys():
        raise unknown("model option", name, _DEFAULTS)
    chosen = {**_DEFAULTS, **options}
    if chosen["method"] not in METHODS:
        near = nearest(str(chosen["method"]), METHODS)
        raise SeverstalError(
            f"model option 'method' is {chosen['method']!r}: the nearest known one is {near!r}"
        )
    for name in ("window", "surround"):
        check_odd(name, chosen[name])
    for name in ("clusters", "superpixels"):
        check_whole(name, chosen[name])
    if not isinstance(chosen["seeds"], int | float) or not 0 < chosen["seeds"] <= 1:
        raise SeverstalError(f"model option 'seeds' is {chosen['seeds']!r}: give a share above 0, up to 1")
    return Network(Classical(classes, class_head, chosen), stride=1)
