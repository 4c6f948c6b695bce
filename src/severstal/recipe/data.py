"""Which pictures a recipe trains on, which it draws more often, and how a crop is drawn and changed."""

from dataclasses import dataclass
from typing import Literal

from severstal.settings import within


@dataclass(frozen=True)
class DataSettings:
    """Which pictures are trained on, and how large the network sees them.

    Attributes:
        folds: number of folds the labelled images are dealt into.
        train_folds: how many of them are trained, from fold 0.
        max_images: at most so many labelled images are used, drawn with every class in proportion; 0 is all.
        fold_seed: of the folds and of that draw; the recipe's seed where it is not named. Runs of one
            `fold_seed` and several seeds tell how far chance alone moves a training.
        scale: pictures are shrunk by this factor before the network sees them.
        mean: of the pictures, 0 to 1; taken off before the network. The real train pictures have 0.344.
        std: the pictures are divided by this after that.
        local_contrast: side of a window in pixels that the network sees, rounded up to an odd number: each
            pixel is then centred and scaled by the mean and the deviation of the window around it, so that
            light and rolls of steel differ less. 0 is off.
    """

    folds: int = within(5, 2, 50)
    train_folds: int = within(5, 1, 50)
    max_images: int = within(0, 0, 10**9)
    fold_seed: int | None = within(None, 0, 2**31 - 1)
    scale: int = within(1, 1, 8)
    mean: float = within(0.344, 0.0, 1.0)
    std: float = within(0.18, 0.001, 1.0)
    local_contrast: int = within(0, 0, 1001)


@dataclass(frozen=True)
class SamplingSettings:
    """Which pictures the draws of an epoch go to.

    Attributes:
        balance: "none" draws every picture once a round; "classes" draws a picture without a defect, one with
            class 1, one with class 2 and so on in turn (14th place).
        hard: share of the draws that go to the pictures without a defect on which the loss was highest when
            they were last drawn (hard-negative mining).
    """

    balance: Literal["none", "classes"] = "none"
    hard: float = within(0.0, 0.0, 0.9)


@dataclass(frozen=True)
class AugmentSettings:
    """How a training crop is drawn and changed.

    Attributes:
        crop: height and width in pixels of the picture on disk; a larger one is cut to the picture.
        non_empty: share of the crops of a picture with a defect that are made to hold some of it.
        black_aware: never a crop without steel: where a crop would be black, it is drawn where steel is.
        horizontal_flip: chance of mirroring left and right.
        vertical_flip: chance of mirroring top and bottom.
        brightness: largest change, as a share of full white.
        contrast: largest change, as a share of the contrast.
        blackout: chance of each piece of a mask to be erased, picture and mask, with the steel around it
            (1st place).
        copy_paste: chance that a piece of a rare class is copied into the crop from another picture.
        cyclic_shift: chance that the picture is rolled along its length before it is cropped (10th place).
        roll_shift: strength, 0 to 1, of a change of brightness, contrast and gamma as between rolls of steel.
        jpeg: chance of another JPEG compression's noise.
        multi_scale: a crop shows the picture larger or smaller by up to this share.
        mixup: of the beta distribution from which two crops are mixed (Zhang 2018); 0 is off.
    """

    crop: tuple[int, int] = within((256, 512), 32, 100_000)
    non_empty: float = within(0.5, 0.0, 1.0)
    black_aware: bool = False
    horizontal_flip: float = within(0.5, 0.0, 1.0)
    vertical_flip: float = within(0.5, 0.0, 1.0)
    brightness: float = within(0.2, 0.0, 1.0)
    contrast: float = within(0.2, 0.0, 1.0)
    blackout: float = within(0.0, 0.0, 1.0)
    copy_paste: float = within(0.0, 0.0, 1.0)
    cyclic_shift: float = within(0.0, 0.0, 1.0)
    roll_shift: float = within(0.0, 0.0, 1.0)
    jpeg: float = within(0.0, 0.0, 1.0)
    multi_scale: float = within(0.0, 0.0, 0.9)
    mixup: float = within(0.0, 0.0, 10.0)


@dataclass(frozen=True)
class PseudoSettings:
    """Training on test pictures with the labels that earlier networks gave them.

    Attributes:
        rounds: how often the folds are trained again with pseudo-labels; 0 is off.
        share: at most this share of each batch are such pictures.
        sure: a picture is taken only where each class probability is above this or below 1 minus it, and the
            masks say the same.
        sure_pixels: and where this share of its pixels, away from the edges of its masks, is so sure.
        edge: pixels nearer than this to the edge of a mask may be unsure.
    """

    rounds: int = within(0, 0, 10)
    share: float = within(0.25, 0.01, 0.9)
    sure: float = within(0.95, 0.5, 1.0)
    sure_pixels: float = within(0.99, 0.0, 1.0)
    edge: int = within(5, 0, 1000)
