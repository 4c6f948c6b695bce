"""Class weights for a loss, from the pixel counts."""

from collections.abc import Sequence
from typing import Literal

import numpy as np

from severstal.competition.masks import Masks
from severstal.competition.spec import Spec


def rarity_weights(
    masks: Masks,
    names: Sequence[str],
    spec: Spec,
    kind: Literal["balanced", "proportional"] = "balanced",
) -> np.ndarray:
    """Weight classes inversely to their number of pixels.

    "balanced" is one over the square root of the pixels, "proportional" one over the pixels themselves, so
    that every class has the same part in a sum over pixels. The rarest class of the competition has 150 times
    fewer pixels than the most common one: its proportional weight is four fifths of all weights, and a loss
    that is a mean over pairs, as every mask loss here, is then hardly about the other classes.

    Args:
        masks: masks of the labelled pictures.
        names: names of the pictures whose pixels count.
        spec: specification of the data set.
        kind: kind of weighting.

    Returns:
        (C,) float64, above 0, with mean 1. A class without a pixel weighs as much as the rarest that has one,
        as one over 0 is not finite.

    Example:
        >>> import pandas as pd
        >>> rows = [("a.jpg", 1, "1 1"), ("b.jpg", 2, "1 4")]
        >>> table = pd.DataFrame(rows, columns=["ImageId", "ClassId", "EncodedPixels"])
        >>> spec = Spec("tiny", (2, 2), ("hole", "crack", "dent"))
        >>> rarity_weights(Masks(table, spec), ["a.jpg", "b.jpg"], spec)
        array([1.2, 0.6, 1.2])
        >>> rarity_weights(Masks(table, spec), ["a.jpg", "b.jpg"], spec, "proportional").round(3)
        array([1.333, 0.333, 1.333])
    """
    pixels = np.zeros(len(spec.classes))
    for row in masks.presence(names).any(1).nonzero()[0]:
        bits = masks[names[row]]
        pixels += [np.count_nonzero(bits >> index & 1) for index in range(len(pixels))]
    if not pixels.any():
        return np.ones(len(pixels))
    pixels[pixels == 0] = pixels[pixels > 0].min()
    weights = pixels ** {"balanced": -0.5, "proportional": -1.0}[kind]
    return weights / weights.mean()
