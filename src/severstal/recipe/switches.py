"""Switches: each turns one technique of a recipe on or off, for an ablation."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from severstal.errors import unknown
from severstal.recipe.phases import overlay, without
from severstal.recipe.reading import check_together
from severstal.recipe.recipe import Recipe

Turned = Literal["on", "off", "again"]
Value = Any  # of a setting; or a function that makes it of the recipe

SEED_STEP = 100  # beyond the seeds that members give themselves


@dataclass(frozen=True)
class Switch:
    """A technique that a recipe uses or not.

    Attributes:
        what: the technique, in a few words.
        is_on: whether a recipe uses it.
        on: function that returns the recipe with the technique.
        off: function that returns the recipe without the technique.
    """

    what: str
    is_on: Callable[[Recipe], bool]
    on: Callable[[Recipe], Recipe]
    off: Callable[[Recipe], Recipe]


def change(recipe: Recipe, values: Mapping[str, Value]) -> Recipe:
    """Replace settings of a recipe, by their dotted keys as in a TOML file.

    Args:
        recipe: recipe to change; the original stays as it is.
        values: new values by key; a function is called with the recipe and returns the value.

    Example:
        >>> change(Recipe(), {"training.ema": 0.99, "seed": 7}).training.ema
        0.99
    """
    for key, value in values.items():
        table, _, name = key.rpartition(".")
        new = {name: value(recipe) if callable(value) else value}
        recipe = replace(recipe, **({table: replace(getattr(recipe, table), **new)} if table else new))
    return recipe


def find_switch(name: str) -> Switch:
    """A switch by its name.

    Raises:
        SeverstalError: there is none; the nearest is named.

    Example:
        >>> find_switch("ema").what
        'exponential moving average of the weights'
    """
    if name not in SWITCHES:
        raise unknown("switch", name, SWITCHES)
    return SWITCHES[name]


def toggle(recipe: Recipe, name: str) -> tuple[Recipe, Turned]:
    """Turn a technique on if a recipe does not use it, and off if it does; in all members of an ensemble.

    Args:
        recipe: recipe to change; the original stays as it is.
        name: name of the switch; "seed" changes the seed and keeps the folds.

    Returns:
        The changed recipe, and "on", "off", or "again" for the seed.

    Raises:
        SeverstalError: there is no such switch, or its settings contradict others of the recipe.

    Example:
        >>> other, turned = toggle(Recipe(), "jpeg")
        >>> other.augment.jpeg, turned, toggle(other, "jpeg")
        (0.3, 'on', (Recipe(...), 'off'))
        >>> toggle(Recipe(), "jpg")
        Traceback (most recent call last):
        severstal.errors.SeverstalError: switch 'jpg' is unknown: the nearest known one is 'jpeg'
    """
    switch = find_switch(name)
    parts = recipe.members or (recipe,)
    turned: Turned = "off" if any(switch.is_on(part) for part in parts) else "on"
    parts = tuple((switch.off if turned == "off" else switch.on)(part) for part in parts)
    for part in parts:
        check_together(part, f"switch {name}")
    changed = replace(recipe, members=parts) if recipe.members else parts[0]
    if name == "seed":
        return change(changed, {"data.fold_seed": recipe.fold_seed}), "again"
    return changed, turned


def _settings(what: str, values: Mapping[str, tuple[Value, Value]]) -> Switch:
    """A switch of some settings, each with its values on and off; the first decides whether it is on."""
    key, (on, off) = next(iter(values.items()))
    table, _, name = key.rpartition(".")

    def is_on(recipe: Recipe) -> bool:
        value = getattr(getattr(recipe, table), name)
        return value == on if isinstance(on, str) else value != off

    return Switch(
        what,
        is_on,
        lambda recipe: change(recipe, {key: pair[0] for key, pair in values.items()}),
        lambda recipe: change(recipe, {key: pair[1] for key, pair in values.items()}),
    )


def _phases(what: str, names: tuple[str, ...], on: Callable[[Recipe], Recipe]) -> Switch:
    """A switch of settings of phases; the first decides whether it is on."""
    return Switch(
        what,
        lambda recipe: any(getattr(phase, names[0]) for phase in recipe.phases),
        on,
        lambda recipe: replace(recipe, phases=without(recipe.phases, *names)),
    )


def _growing(recipe: Recipe) -> Recipe:
    """Half the width, the width, twice the width: as many pixels in total as with constant crops."""
    height, width = recipe.augment.crop
    batch = max(recipe.training.accumulate, recipe.training.batch_size // 2)
    phases = overlay(recipe.phases, 0.0, 0.5, crop=(height, max(32, width // 2)))
    phases = overlay(phases, 0.5, 0.75, crop=(height, width))
    return replace(recipe, phases=overlay(phases, 0.75, 1.0, crop=(height, 2 * width), batch_size=batch))


def _ema(recipe: Recipe) -> float:
    """The decay that averages over a twentieth of the steps, at most a thousand."""
    training = recipe.training
    steps = (
        training.epochs * training.epoch_images / training.batch_size or 20_000
    )  # one round: of all images
    return round(1 - 1 / min(1000, max(10, steps / 20)), 5)


def _other_weights(name: str) -> Callable[[Recipe], str]:
    return lambda recipe: "best" if recipe.inference.weights == name else recipe.inference.weights


SWITCHES = {
    "growing_crops": _phases("progressively larger crops", ("crop", "batch_size"), _growing),
    "black_aware": _settings("no crops without steel", {"augment.black_aware": (True, False)}),
    "balanced": _settings("class-balanced sampling", {"sampling.balance": ("classes", "none")}),
    "hard_negatives": _settings("hard-negative mining", {"sampling.hard_negatives": (0.25, 0.0)}),
    "blackout": _settings("defects erased together with their labels", {"augment.blackout": (0.3, 0.0)}),
    "copy_paste": _settings("copy-paste of rare defects", {"augment.copy_paste": (0.5, 0.0)}),
    "cyclic_shift": _settings("cyclic shift along the sheet", {"augment.cyclic_shift": (0.5, 0.0)}),
    "transpose": _settings("rows and columns exchanged", {"augment.transpose": (0.5, 0.0)}),
    "roll_shift": _settings(
        "photometric change as between rolls of steel", {"augment.roll_shift": (0.5, 0.0)}
    ),
    "local_contrast": _settings("local contrast normalisation", {"data.local_contrast": (65, 0)}),
    "jpeg": _settings("JPEG compression noise", {"augment.jpeg": (0.3, 0.0)}),
    "multi_scale": _settings("multi-scale crops", {"augment.multi_scale": (0.25, 0.0)}),
    "mixup": _settings("mixup", {"augment.mixup": (0.2, 0.0)}),
    "pseudo_labels": _settings("pseudo-labels of the test pictures", {"pseudo.rounds": (1, 0)}),
    "class_head": _settings(
        "classification head with its own loss",
        {"model.class_head": (True, False), "loss.classes": (0.2, 0.0)},
    ),
    "deep_supervision": _settings("deep supervision of coarse levels", {"loss.deep_supervision": (0.4, 0.0)}),
    "label_smoothing": _settings("label smoothing", {"loss.label_smoothing": (0.05, 0.0)}),
    "edge_smoothing": _settings(
        "targets blurred at the edges of masks",
        {"loss.edge_smoothing": (lambda recipe: max(1.0, min(recipe.augment.crop) / 128), 0.0)},
    ),
    "two_stage_weights": _phases(
        "class weights in the second half",
        ("class_weights",),
        lambda recipe: replace(recipe, phases=overlay(recipe.phases, 0.5, 1.0, class_weights="balanced")),
    ),
    "differential_lr": _settings(
        "lower learning rate for the encoder", {"training.encoder_lr_factor": (0.1, 1.0)}
    ),
    "frozen_warmup": _phases(
        "frozen encoder for the first tenth",
        ("frozen_encoder",),
        lambda recipe: replace(recipe, phases=overlay(recipe.phases, 0.0, 0.1, frozen_encoder=True)),
    ),
    "ema": _settings("exponential moving average of the weights", {"training.ema": (_ema, 0.0)}),
    "swa": _settings(
        "stochastic weight averaging",
        {"training.swa": (0.25, 0.0), "inference.weights": ("swa", _other_weights("swa"))},
    ),
    "soup": _settings(
        "average of the best epochs' weights",
        {"training.soup": (5, 0), "inference.weights": ("soup", _other_weights("soup"))},
    ),
    "accumulation": _settings(
        "gradient accumulation over two micro-batches", {"training.accumulate": (2, 1)}
    ),
    "clipping": _settings("gradients clipped to norm 1", {"training.clip": (1.0, 0.0)}),
    "early_stopping": _settings(
        "early stopping",
        {"training.early_stopping": (lambda recipe: max(1, recipe.training.epochs // 5), 0)},
    ),
    "checkpointing": _settings(
        "activation checkpointing", {"training.checkpoint_activations": (True, False)}
    ),
    "compile": _settings("torch.compile", {"training.compile": (True, False)}),
    "channels_last": _settings("channels-last memory format", {"training.channels_last": (True, False)}),
    "bf16": _settings("bf16 mixed precision", {"training.precision": ("bf16", "fp32")}),
    "fp16": _settings("fp16 mixed precision", {"training.precision": ("fp16", "fp32")}),
    "seed": Switch(
        "another seed alone: the noise of training",
        lambda recipe: False,
        lambda recipe: change(recipe, {"data.fold_seed": recipe.fold_seed, "seed": recipe.seed + SEED_STEP}),
        lambda recipe: recipe,
    ),
}
"""Every switch by its name."""
