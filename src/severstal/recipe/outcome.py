"""How a recipe's networks become maps, maps become masks, and several runs one."""

from dataclasses import dataclass
from typing import Literal

from severstal.settings import renamed, within


@dataclass(frozen=True)
class InferenceSettings:
    """How maps are made.

    Attributes:
        batch_size: pictures in a batch.
        flips: the picture is also predicted so mirrored, mirrored back and averaged.
        shifts: and moved right by this share of its width, cyclically, with each of the flips.
        scales: and with height and width times this, with each of the flips and shifts.
        weights: of each fold, those of the epoch with the best validation; those of the last epoch, which are
            no choice made on a few held-out images and after a cosine seldom worse; "swa", the average over
            the last part of the training; or "soup", that of the best epochs.
        map_scale: maps are kept this much smaller than the picture; a multiple of `data.scale`.
    """

    batch_size: int = within(8, 1, 4096)
    flips: tuple[Literal["none", "horizontal", "vertical", "both"], ...] = ("none", "horizontal", "vertical")
    shifts: tuple[float, ...] = within((0.0,), 0.0, 1.0)
    scales: tuple[float, ...] = within((1.0,), 0.25, 4.0)
    weights: Literal["best", "last", "swa", "soup"] = "best"
    map_scale: int = within(2, 1, 8)


@dataclass(frozen=True)
class DecisionSettings:
    """How maps become masks: what is searched for the rules, and what is set by hand.

    Attributes:
        choice: of the rules within the noise of the best, the one whose neighbours score best, and none for a
            class that it gains with by chance alone; or the best; or plain 0.5, whatever a search finds.
        gates: ways in which a class probability may count, of which each class takes the one that suits it;
            "none" is always among them.
        test_like_weight: in the search, the fifth of the images most like the test set counts so many times.
        min_component: components of fewer pixels are left out of every mask.
        fill_holes: what a mask encloses becomes part of it.
        crf: iterations of a fully connected CRF, which moves the outlines of masks to where the picture
            changes; 0 does without.
        opening: parts of a mask go that are thinner than a disc of this radius in pixels.
        closing: gaps in and between masks close that are thinner than a disc of this radius in pixels.
        smooth_edges: outlines are rounded with a bell curve of this standard deviation in pixels.
        exclusive: where two masks meet, a pixel stays with the class whose map is higher; "auto" where no two
            classes share a pixel in the labels.
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
    """How the maps of a recipe's members are averaged.

    Attributes:
        mode: averaging mode.
        weights: "uniform", or "selected" on the out-of-fold maps.
        power: the exponent of the power mean.
    """

    mode: Literal["mean", "logit", "power", "rank"] = renamed("mean", "sense")
    weights: Literal["uniform", "selected"] = "uniform"
    power: float = within(1.0, 0.01, 100.0)
