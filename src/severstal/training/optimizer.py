"""The optimizer by name, its groups of weights, and which of them learn how fast."""

import torch
from torch import nn
from torch.optim import Optimizer

from severstal.models.network import encoder_of
from severstal.recipe import TrainingSettings

_MOMENTUM = 0.9  # of sgd; the usual one, with Nesterov's look ahead


def build_optimizer(network: nn.Module, settings: TrainingSettings) -> Optimizer:
    """Build the optimizer of a training.

    The weights fall into groups, each with a `factor` to the learning rate: `encoder_factor` for the
    encoder's, else 1. Biases and the weights of normalisations, all that have one axis, are not decayed:
    pulled towards 0, they would only make the network's scale drift (He 2019, section 3.1).

    Args:
        network: those of its weights that learn at all are optimized.
        settings: `optimizer`, `learning_rate`, `encoder_factor`, `weight_decay`.

    Example:
        >>> from severstal.models.registry import build_model
        >>> settings = TrainingSettings(optimizer="sgd", encoder_factor=0.1)
        >>> optimizer = build_optimizer(build_model("fpn", "tu-test_resnet"), settings)
        >>> [(group["part"], group["factor"], group["weight_decay"]) for group in optimizer.param_groups]
        [('encoder', 0.1, 0.01), ('encoder', 0.1, 0.0), ('rest', 1.0, 0.01), ('rest', 1.0, 0.0)]
    """
    encoder = encoder_of(network)
    inside = {id(weight) for weight in encoder.parameters()} if encoder is not None else set()
    groups = []
    for part, factor in (("encoder", settings.encoder_factor), ("rest", 1.0)):
        of_part = [
            weight
            for weight in network.parameters()
            if weight.requires_grad and (id(weight) in inside) == (part == "encoder")
        ]
        decayed = [weight for weight in of_part if weight.ndim > 1]
        others = [weight for weight in of_part if weight.ndim <= 1]
        for weights, decay in ((decayed, settings.weight_decay), (others, 0.0)):
            if weights:
                groups.append({"params": weights, "part": part, "factor": factor, "weight_decay": decay})
    match settings.optimizer:
        case "adamw":
            return torch.optim.AdamW(groups, settings.learning_rate)
        case "adam":
            return torch.optim.Adam(groups, settings.learning_rate)
        case "radam":
            return torch.optim.RAdam(groups, settings.learning_rate)
        case "sgd":
            return torch.optim.SGD(groups, settings.learning_rate, momentum=_MOMENTUM, nesterov=True)


def set_learning_rate(optimizer: Optimizer, rate: float) -> None:
    """Give every group its learning rate: `rate` times the group's factor."""
    for group in optimizer.param_groups:
        group["lr"] = rate * group["factor"]


def freeze_encoder(optimizer: Optimizer, frozen: bool) -> None:
    """Let the encoder's weights learn, or not; what the optimizer remembers of them stays.

    Without gradients their activations are not kept, which saves memory and time; running means go on.
    """
    for group in optimizer.param_groups:
        if group["part"] == "encoder":
            for weight in group["params"]:
                weight.requires_grad_(not frozen)
                if frozen:
                    weight.grad = None
