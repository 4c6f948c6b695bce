"""Settings of inference, of the decision from maps to masks, and of ensembles."""

from dataclasses import dataclass
from typing import Literal

from severstal.settings import renamed, within


@dataclass(frozen=True)
class InferenceSettings:
    """Settings of inference.

    The test-time augmentations `flips`, `shifts` and `scales` are combined with each other; every view is
    predicted, transformed back and averaged.

    Attributes:
        batch_size: pictures in a batch.
        flips: mirrored views.
        shifts: views shifted right, cyclically, by this share of the width.
        scales: views with height and width multiplied by this.
        weights: "best", those of the epoch with the best validation; "last", those of the last epoch, which
            are not selected on a few held-out images and seldom worse after a cosine schedule; "swa", the
            average over the last part of the training; or "soup", the average of the best epochs.
        map_scale: maps are stored downscaled by this factor, a multiple of `data.scale`.
    """

    batch_size: int = within(8, 1, 4096)
    flips: tuple[Literal["none", "horizontal", "vertical", "both"], ...] = ("none", "horizontal", "vertical")
    shifts: tuple[float, ...] = within((0.0,), 0.0, 1.0)
    scales: tuple[float, ...] = within((1.0,), 0.25, 4.0)
    weights: Literal["best", "last", "swa", "soup"] = "best"
    map_scale: int = within(2, 1, 8)


@dataclass(frozen=True)
class DecisionSettings:
    """Settings of the decision: how the rules are searched, and which parts are fixed.

    Attributes:
        choice: "flattest" takes, of the rules that score within one standard error of the best, the one in
            the flattest region of the search, and drops a class whose gain is not significant; "best" takes
            the best rule; "plain" uses the threshold 0.5 whatever a search finds.
        gates: kinds of gate to search, of which each class gets the one that suits it; "none" is always among
            them.
        test_like_weight: weight in the search of the fifth of the images that is most like the test set.
        min_component: connected components of fewer pixels are removed from every mask.
        fill_holes: holes in masks are filled.
        crf: iterations of a fully connected CRF that aligns the outlines of masks with edges in the picture;
            0 is off.
        opening: radius in pixels of the disc of a morphological opening of each mask; 0 is off.
        closing: radius in pixels of the disc of a morphological closing of each mask; 0 is off.
        smooth_edges: standard deviation in pixels of the Gaussian that smooths the outlines; 0 is off.
        exclusive: a pixel in several masks is given to the class with the highest map; "auto" does so where
            no two classes share a pixel in the labels.
    """

    choice: Literal["flattest", "best", "plain"] = "flattest"
    gates: tuple[Literal["none", "veto", "soft", "area"], ...] = ("none", "veto", "soft", "area")
    test_like_weight: float = within(1.0, 0.0, 1000.0)
    min_component: int = within(0, 0, 10**9)
    fill_holes: bool = False
    crf: int = within(0, 0, 1000)
    opening: int = within(0, 0, 1000)
    closing: int = within(0, 0, 1000)
    smooth_edges: float = within(0.0, 0.0, 1000.0)
    exclusive: Literal["auto", "on", "off"] = "auto"


@dataclass(frozen=True)
class EnsembleSettings:
    """Settings of the average over a recipe's members.

    Attributes:
        mode: averaging mode: arithmetic mean of the probabilities, of their logits, of their powers, or of
            their ranks.
        weights: "uniform", or "selected" by forward selection on the out-of-fold maps.
        power: exponent of the power mean.
    """

    mode: Literal["mean", "logit", "power", "rank"] = renamed("mean", "sense")
    weights: Literal["uniform", "selected"] = "uniform"
    power: float = within(1.0, 0.01, 100.0)
