"""The optimizer by name, and the learning rate and weight decay of each group of weights."""

import torch
from torch import nn
from torch.optim import Optimizer

from severstal.models.decay import undecayed_weights
from severstal.models.network import encoder_of
from severstal.recipe import TrainingSettings

_MOMENTUM = 0.9  # of SGD, with Nesterov's acceleration


def build_optimizer(network: nn.Module, settings: TrainingSettings) -> Optimizer:
    """Build the optimizer of a training.

    The weights fall into groups, each with a `factor` to the learning rate: `encoder_lr_factor` for the
    encoder's, else 1. Those that `undecayed_weights` names, as biases, normalisations and embeddings, have no
    weight decay.

    Args:
        network: network; those of its weights that require a gradient are optimized.
        settings: `optimizer`, `learning_rate`, `encoder_lr_factor`, `weight_decay`.

    Example:
        >>> from severstal.models.registry import build_model
        >>> settings = TrainingSettings(optimizer="sgd", encoder_lr_factor=0.1)
        >>> optimizer = build_optimizer(build_model("fpn", "tu-test_resnet"), settings)
        >>> [(group["part"], group["factor"], group["weight_decay"]) for group in optimizer.param_groups]
        [('encoder', 0.1, 0.01), ('encoder', 0.1, 0.0), ('rest', 1.0, 0.01), ('rest', 1.0, 0.0)]
    """
    encoder = encoder_of(network)
    inside = {id(weight) for weight in encoder.parameters()} if encoder is not None else set()
    undecayed = undecayed_weights(network)
    groups = []
    for part, factor in (("encoder", settings.encoder_lr_factor), ("rest", 1.0)):
        of_part = {
            name: weight
            for name, weight in network.named_parameters()
            if weight.requires_grad and (id(weight) in inside) == (part == "encoder")
        }
        decayed = [weight for name, weight in of_part.items() if name not in undecayed]
        others = [weight for name, weight in of_part.items() if name in undecayed]
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
    """Set the learning rate of every group: `rate` times the group's factor."""
    for group in optimizer.param_groups:
        group["lr"] = rate * group["factor"]


def freeze_encoder(optimizer: Optimizer, frozen: bool) -> None:
    """Freeze the encoder's weights, or unfreeze them; the optimizer's state of them is kept.

    Without gradients no activations are kept, which saves memory and time; running statistics go on.
    """
    for group in optimizer.param_groups:
        if group["part"] == "encoder":
            for weight in group["params"]:
                weight.requires_grad_(not frozen)
                if frozen:
                    weight.grad = None
