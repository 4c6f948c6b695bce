"""The settings of a recipe that matter most, in a few words."""

from severstal.recipe.recipe import Recipe


def key_settings(recipe: Recipe) -> dict[str, str]:
    """The settings with the largest effect on a recipe's cost and score, each as a short text.

    Args:
        recipe: any recipe; of one with members each member's network is named.

    Example:
        >>> found = key_settings(Recipe())
        >>> found["network"], found["crop"], found["loss"]
        ('fpn', '256 x 512 pixels', '0.75 bce + 0.25 dice')
    """
    parts = recipe.members or (recipe,)
    first = parts[0]
    training, augment = first.training, first.augment

    def each(texts: list[str]) -> str:
        return ", ".join(dict.fromkeys(texts))

    crops = f"{training.epoch_images:,} crops" if training.epoch_images else "one crop per image"
    views = len(first.inference.flips) * len(first.inference.shifts) * len(first.inference.scales)
    return {
        "network": each([part.model.architecture for part in parts]),
        "encoder": each([part.model.encoder_name for part in parts]),
        "encoder weights": each([part.model.encoder_weights for part in parts]),
        "pictures": f"1/{first.data.scale} of the size" if first.data.scale > 1 else "full size",
        "crop": each([f"{part.augment.crop[0]} x {part.augment.crop[1]} pixels" for part in parts]),
        "crops with a defect": f"at least {augment.non_empty:.0%}",
        "epochs": f"{training.epochs} of {crops}",
        "batch": f"{training.batch_size} crops",
        "loss": " + ".join(f"{weight:g} {name}" for name, weight in first.loss.masks.items()),
        "optimizer": f"{training.optimizer}, learning rate {training.learning_rate:g}",
        "folds": f"{first.data.train_folds} of {first.data.folds} trained",
        "views per picture": f"{views}",
    }
