"""The losses by name, and their weighted sum: a new loss is one function and one line here."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Literal, NamedTuple, Protocol

from torch import Tensor, nn

from severstal.errors import SeverstalError, unknown
from severstal.losses.bce import pixel_cross_entropy, presence_cross_entropy
from severstal.losses.border import border_cross_entropy
from severstal.losses.boundary import boundary_loss
from severstal.losses.ce import softmax_cross_entropy, weighted_softmax_cross_entropy
from severstal.losses.dice import soft_dice_loss
from severstal.losses.focal import focal_loss
from severstal.losses.hausdorff import hausdorff_loss
from severstal.losses.lovasz import lovasz_hinge, symmetric_lovasz_hinge
from severstal.losses.mcc import mcc_loss
from severstal.losses.papers import LOSS_PAPERS, LossDescription
from severstal.losses.target import by_class, coarsen_target, smooth_edges, smooth_labels
from severstal.losses.tversky import focal_tversky_loss, jaccard_loss, tversky_loss


class MaskLoss(NamedTuple):
    """A loss of masks.

    Attributes:
        function: function from logits and a target, both (N, C, H, W), to one value per pair, (N, C).
        target: target that the logits are compared with: the "truth", the truth with smoothed "edges", or
            that with smoothed "labels" as well. Losses of overlap and distance need the truth: with a
            smoothed target their minimum is elsewhere, and no class is ever absent.
        settings: names of the settings of `build_loss` that the function takes; "truth" is the target before
            smoothing.
    """

    function: Callable[..., Tensor]
    target: Literal["truth", "edges", "labels"] = "truth"
    settings: tuple[str, ...] = ()


MASK_LOSSES: dict[str, MaskLoss] = {
    "bce": MaskLoss(pixel_cross_entropy, "labels", ("positive_weights",)),
    "border_weighted_bce": MaskLoss(border_cross_entropy, "labels", ("positive_weights", "truth")),
    "boundary": MaskLoss(boundary_loss),
    "ce": MaskLoss(softmax_cross_entropy, "edges", ("label_smoothing",)),
    "dice": MaskLoss(soft_dice_loss),
    "focal": MaskLoss(focal_loss, "labels"),
    "focal_tversky": MaskLoss(focal_tversky_loss),
    "hausdorff": MaskLoss(hausdorff_loss),
    "jaccard": MaskLoss(jaccard_loss),
    "lovasz": MaskLoss(lovasz_hinge),
    "mcc": MaskLoss(mcc_loss),
    "symmetric_lovasz": MaskLoss(symmetric_lovasz_hinge),
    "tversky": MaskLoss(tversky_loss),
    "weighted_ce": MaskLoss(weighted_softmax_cross_entropy, "edges", ("positive_weights", "label_smoothing")),
}


def describe_losses() -> list[LossDescription]:
    """Describe every loss of masks, in the order of the names: its paper, and what it is in one line.

    Example:
        >>> describe_losses()[0].summary
        'Binary cross-entropy of every pixel of every class'
    """
    return [LossDescription(name, *LOSS_PAPERS[name]) for name in sorted(MASK_LOSSES)]


class NetworkOutput(Protocol):
    """The output of a network; in training mode maybe with its own `loss`, or with `auxiliary` masks.

    With auxiliary masks comes the height and width that each of them has `covered`, see `coarsen_target`.
    """

    @property
    def masks(self) -> Tensor | None:
        """Logits, (N, C, H, W); None only beside a loss of the network's own."""

    @property
    def classes(self) -> Tensor | None:
        """Logits, (N, C), or None without a class head."""


class TrainingLoss(nn.Module):
    """The weighted sum of mask losses, and the cross-entropy of the class head.

    Each term is a mean over pictures of a value that depends on one picture only, so that a batch may be
    split over devices or into micro-batches.

    Args:
        masks: weight of each mask loss, by its name in `MASK_LOSSES`.
        classes, positive_weights, class_weights, label_smoothing, edge_smoothing, deep_supervision: settings
            of `build_loss`.
    """

    def __init__(
        self,
        masks: Mapping[str, float],
        classes: float,
        positive_weights: Sequence[float],
        class_weights: Sequence[float],
        label_smoothing: float,
        edge_smoothing: float,
        deep_supervision: float,
    ) -> None:
        super().__init__()
        self.masks = dict(masks)
        self.classes = classes
        self.class_weights = class_weights
        self.label_smoothing = label_smoothing
        self.edge_smoothing = edge_smoothing
        self.deep_supervision = deep_supervision
        self.settings = {"positive_weights": positive_weights, "label_smoothing": label_smoothing}

    def forward(self, output: NetworkOutput, target: Tensor, present: Tensor | None = None) -> Tensor:
        """Compute the loss of a batch.

        Args:
            output: logits of masks (N, C, H, W), of classes (N, C), and, with deep supervision and in
                training mode, of coarser masks. Where the network has a loss of its own, it replaces all mask
                losses.
            target: masks of 0 or 1, or between where pictures were mixed or downscaled, (N, C, H, W).
            present: presence of the classes, (N, C), 0 to 1; None to compute it from the target, which is too
                low where that was downscaled: a scratch one pixel wide is a half at half the resolution.

        Returns:
            A scalar, at least float32: the mean over the pictures of the batch.

        Raises:
            SeverstalError: `classes` is above 0 and the network has no class head; weights for another number
                of classes.
        """
        if output.masks is not None and output.masks.shape != target.shape:
            raise ValueError(f"masks are {tuple(output.masks.shape)}, the target {tuple(target.shape)}")
        terms = []
        own = getattr(output, "loss", None)
        if own is not None:
            terms.append(own(target))
        elif self.masks:
            targets = self._targets(target)
            terms.append(self._mask_losses(output.masks, targets))
            if self.deep_supervision and (coarser := getattr(output, "auxiliary", ())):
                deep = []
                for logits, covered in zip(coarser, output.covered, strict=True):
                    size = logits.shape[2:]
                    coarse = {kind: coarsen_target(one, size, covered) for kind, one in targets.items()}
                    deep.append(self._mask_losses(logits, coarse))
                terms.append(self.deep_supervision * sum(deep[1:], deep[0]) / len(deep))
        if self.classes:
            if output.classes is None:
                raise SeverstalError(
                    f"loss.classes is {self.classes:g}, but the network has no class head: "
                    "set model.class_head = true, or loss.classes = 0"
                )
            shown = target.flatten(2).amax(2) if present is None else present
            terms.append(self.classes * presence_cross_entropy(output.classes, shown))
        return sum(terms[1:], terms[0])

    def _targets(self, target: Tensor) -> dict[str, Tensor]:
        target = target.float()
        edges = smooth_edges(target, self.edge_smoothing)
        return {"truth": target, "edges": edges, "labels": smooth_labels(edges, self.label_smoothing)}

    def _mask_losses(self, masks: Tensor, targets: Mapping[str, Tensor]) -> Tensor:
        terms, known = [], {**self.settings, "truth": targets["truth"]}
        for name, weight in self.masks.items():
            loss = MASK_LOSSES[name]
            settings = {setting: known[setting] for setting in loss.settings}
            terms.append(weight * loss.function(masks, targets[loss.target], **settings))  # (N, C)
        pairs = sum(terms[1:], terms[0])
        if len(self.class_weights):
            pairs = pairs * by_class(self.class_weights, masks, "class_weights")[:, 0, 0].to(pairs.dtype)
        return pairs.mean()


def build_loss(
    masks: Mapping[str, float],
    classes: float = 0.0,
    *,
    positive_weights: Sequence[float] = (),
    class_weights: Sequence[float] | None = None,
    label_smoothing: float = 0.0,
    edge_smoothing: float = 0.0,
    deep_supervision: float = 0.0,
) -> TrainingLoss:
    """Build the loss of a training.

    Args:
        masks: weight of each mask loss, by name; those of 0 are left out.
        classes: weight of the class head's cross-entropy against the presence of each class.
        positive_weights: weight of the pixels of each class in the cross-entropies (`bce`,
            `border_weighted_bce`, `weighted_ce`); one per class, or one for all; empty is 1.
        class_weights: weight of the mask losses of each class; one per class; None is 1.
        label_smoothing: label smoothing of the target of the cross-entropies and of `focal`, 0 to below 1.
        edge_smoothing: width in pixels over which the edges of their target are blurred.
        deep_supervision: weight of the mean of the mask losses of the coarser outputs, against the target
            made as coarse; used where the network has such outputs, which is in training mode.

    Raises:
        SeverstalError: an unknown loss (the nearest known is named); a weight that is negative or non-finite;
            all of them 0; a smoothing out of its range.

    Example:
        >>> import torch
        >>> from types import SimpleNamespace
        >>> output = SimpleNamespace(masks=torch.zeros(2, 4, 8, 8), classes=torch.zeros(2, 4))
        >>> build_loss({"bce": 1.0}, classes=1.0)(output, torch.zeros(2, 4, 8, 8))
        tensor(1.3863)
        >>> build_loss({"dise": 1.0})
        Traceback (most recent call last):
        severstal.errors.SeverstalError: loss 'dise' is unknown: the nearest known one is 'dice'
    """
    for name in masks:
        if name not in MASK_LOSSES:
            raise unknown("loss", name, MASK_LOSSES)
    class_weights = () if class_weights is None else tuple(map(float, class_weights))
    numbers = [
        *((f"masks.{name}", weight) for name, weight in masks.items()),
        ("classes", classes),
        *(("positive_weights", weight) for weight in positive_weights),
        *(("class_weights", weight) for weight in class_weights),
        ("label_smoothing", label_smoothing),
        ("edge_smoothing", edge_smoothing),
        ("deep_supervision", deep_supervision),
    ]
    for label, weight in numbers:
        number = isinstance(weight, int | float) and not isinstance(weight, bool)
        if not number or not math.isfinite(weight) or weight < 0:
            raise SeverstalError(f"loss.{label} is {weight!r}: give a finite number, 0 or more")
    if label_smoothing >= 1:
        raise SeverstalError(f"loss.label_smoothing is {label_smoothing:g}: give a share below 1")
    counted = {name: float(weight) for name, weight in masks.items() if weight}
    if not counted and not classes:
        raise SeverstalError("the weights of all losses are 0: give loss.masks or loss.classes a weight")
    return TrainingLoss(
        counted,
        float(classes),
        tuple(positive_weights),
        class_weights,
        float(label_smoothing),
        float(edge_smoothing),
        float(deep_supervision),
    )
