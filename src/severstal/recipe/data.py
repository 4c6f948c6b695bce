"""Settings of a recipe's data: choice of the pictures, sampling, crops and augmentation."""

from dataclasses import dataclass
from typing import Literal

from severstal.settings import renamed, within


@dataclass(frozen=True)
class DataSettings:
    """Settings of the training data: choice and scale of the pictures.

    Attributes:
        folds: number of folds that the labelled images are split into.
        train_folds: number of these folds that are trained, from fold 0.
        max_images: largest number of labelled images that are used, sampled with every class in proportion; 0
            uses all.
        fold_seed: random seed of the folds and of the sample of `max_images`; the recipe's seed where it is
            not given. Runs with one `fold_seed` and several seeds show how much the seed alone changes a
            result.
        group_duplicates: near-duplicate pictures stay in one fold; a group larger than a fold is split. False
            assigns every picture on its own, which leaks where one piece of steel was photographed twice.
        folds_file: path of the user's own table of folds, a CSV with the columns `ImageId` and `fold`, which
            takes the place of the split; relative to the working directory. `folds` is the number of folds in
            it then, and so is `train_folds` where it was equal to `folds` or is larger.
        scale: factor by which pictures are downscaled before the network sees them.
        mean: value that is subtracted from the pictures, whose values are 0 to 1. The real train pictures
            have 0.344. One value, or a list of three for red, green and blue in a data set of colours.
        std: value by which the pictures are divided after that; one or three, as `mean`.
        local_contrast: side in pixels of the window of local contrast normalisation, rounded up to an odd
            number: each pixel is centred and scaled by the mean and the standard deviation of the window
            around it, so that light and rolls of steel differ less. 0 is off.
    """

    folds: int = within(5, 2, 50)
    train_folds: int = within(5, 1, 50)
    max_images: int = within(0, 0, 10**9)
    fold_seed: int | None = within(None, 0, 2**31 - 1)
    group_duplicates: bool = True
    folds_file: str | None = None
    scale: int = within(1, 1, 8)
    mean: float | tuple[float, float, float] = within(0.344, 0.0, 1.0)
    std: float | tuple[float, float, float] = within(0.18, 0.001, 1.0)
    local_contrast: int = within(0, 0, 1001)


@dataclass(frozen=True)
class SamplingSettings:
    """Settings of the sampling of an epoch's pictures.

    Attributes:
        balance: "none" samples every picture once per round; "classes" cycles through a picture without a
            defect, one with class 1, one with class 2 and so on (14th place).
        hard_negatives: share of the samples that are taken from the defect-free pictures with the highest
            loss when they were last seen (hard-negative mining).
    """

    balance: Literal["none", "classes"] = "none"
    hard_negatives: float = renamed(within(0.0, 0.0, 0.9), "hard")


@dataclass(frozen=True)
class AugmentSettings:
    """Settings of crops and augmentations.

    Attributes:
        crop: height and width in pixels of the picture on disk; at most the picture's own size is used.
        non_empty: probability that a crop of a picture with a defect is made to contain some of the defect.
        black_aware: crops without steel are never used: where a crop would be black, another place with steel
            is chosen.
        horizontal_flip: probability of mirroring left and right.
        vertical_flip: probability of mirroring top and bottom.
        transpose: probability of exchanging rows and columns, which with both flips gives all eight
            orientations. It is meant for square crops: a longer one is padded with black where the
            transposed picture is too narrow.
        brightness: largest change, as a share of full white.
        contrast: largest change, as a share of the contrast.
        blackout: probability for each component of a mask to be erased from picture and mask (1st place).
        copy_paste: probability that a component of a rare class is copied into the crop from another picture.
        cyclic_shift: probability that the picture is shifted cyclically along its length before it is cropped
            (10th place).
        roll_shift: strength, 0 to 1, of a photometric change (brightness, contrast, gamma) as between rolls
            of steel.
        jpeg: probability of JPEG compression noise.
        multi_scale: a crop is zoomed in or out by up to this share.
        mixup: alpha of the beta distribution with which two crops are mixed (Zhang et al. 2018); 0 is off.
    """

    crop: tuple[int, int] = within((256, 512), 32, 100_000)
    non_empty: float = within(0.5, 0.0, 1.0)
    black_aware: bool = False
    horizontal_flip: float = within(0.5, 0.0, 1.0)
    vertical_flip: float = within(0.5, 0.0, 1.0)
    transpose: float = within(0.0, 0.0, 1.0)
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
    """Pseudo-labels: training on test pictures with the labels that earlier networks predicted.

    Attributes:
        rounds: number of times that the folds are trained again with pseudo-labels; 0 is off.
        share: largest share of pseudo-labelled crops in a batch.
        confidence: a picture is used only if each of its class probabilities is above this, or below 1 minus
            this, and its masks agree with them.
        confident_pixels: smallest share of the picture's pixels, away from the edges of its masks, with a
            probability above `confidence` or below 1 minus that.
        edge: distance in pixels from the edge of a mask within which pixels are not counted.
    """

    rounds: int = within(0, 0, 10)
    share: float = within(0.25, 0.01, 0.9)
    confidence: float = renamed(within(0.95, 0.5, 1.0), "sure")
    confident_pixels: float = renamed(within(0.99, 0.0, 1.0), "sure_pixels")
    edge: int = within(5, 0, 1000)


@dataclass(frozen=True)
class DistillSettings:
    """Distillation: training on the probabilities of an ensemble as well as on the labels.

    Attributes:
        weight: weight of the cross-entropy to the teacher's probabilities; the loss on the labels has the
            rest, 1 - weight. 0 is off.
        unlabelled: largest share of crops of test pictures in a batch, which have the teacher's masks, at
            0.5, as labels; 0 is off.
    """

    weight: float = within(0.0, 0.0, 1.0)
    unlabelled: float = within(0.0, 0.0, 0.9)
