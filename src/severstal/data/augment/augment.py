"""One training crop from a picture and its mask: the order of the augmentations."""

import numpy as np

from severstal.data.arrays import pad_black
from severstal.data.augment.blackout import blackout
from severstal.data.augment.copy_paste import copy_paste
from severstal.data.augment.cyclic_shift import cyclic_shift
from severstal.data.augment.donors import Donors
from severstal.data.augment.flips import cut
from severstal.data.augment.jpeg import jpeg
from severstal.data.augment.light import brightness_contrast
from severstal.data.augment.roll_shift import roll_shift
from severstal.data.augment.window import sample_window
from severstal.recipe import AugmentSettings


class Augment:
    """Sample a crop of a picture and its mask, and augment both by the settings of a recipe.

    Steps that need more of the picture than the crop come first, on the whole picture: the cyclic shift, the
    transposition, the choice of the window, and the blackout of the components in the window, which copies
    steel from outside it too. Then the window is cut out, resized and flipped, and everything else works on
    the crop alone, a fifth of the pixels: pasted pieces before the change of brightness, so that they change
    with the steel around them, and JPEG last, as in a camera.

    The arithmetic of brightness, contrast and JPEG is albumentations'; windows and flips are sampled as its
    CropNonEmptyMaskIfExists, RandomCrop and flips sample them, in a tenth of the time.

    The same seed gives the same crop, so that a crop depends on nothing that came before it. Each of the
    switches that are off by default has its own random numbers, so that turning it on leaves the windows,
    flips and brightness of all crops unchanged.

    Args:
        settings: augmentation settings of the recipe; `mixup` works on whole batches, see
            `severstal.data.mixup`.
        image_shape: height and width of the pictures, the greatest where they differ; a crop larger than that
            is cut to it. A smaller picture is padded with black at the bottom and the right.
        donors: source of the pasted pieces of rare classes; needed where `settings.copy_paste` is above 0.

    Raises:
        ValueError: pieces are to be pasted and there are no donors.

    Example:
        >>> augment = Augment(AugmentSettings(crop=(32, 64)), (64, 128))
        >>> picture, bits = augment(np.zeros((64, 128), np.uint8), np.ones((64, 128), np.uint8), seed=7)
        >>> picture.shape, bits.shape
        ((32, 64), (32, 64))
    """

    def __init__(self, settings: AugmentSettings, image_shape: tuple[int, int], donors: Donors | None = None):
        if settings.copy_paste and donors is None:
            raise ValueError("copy_paste needs donors")
        self._settings, self._donors = settings, donors
        height, width = (min(side, whole) for side, whole in zip(settings.crop, image_shape, strict=True))
        self._size = (height, width)

    def __call__(self, picture: np.ndarray, bits: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
        """Sample a crop.

        Args:
            picture: (H, W) uint8, or (H, W, 3) of colours.
            bits: (H, W), bit k - 1 for class k.
            seed: random seed of this crop, from 0.

        Returns:
            The crop of the picture, (h, w) uint8 or (h, w, 3), and of the mask, (h, w) as it came; both new.
        """
        picture, bits, _ = self._crop(picture, bits, None, seed)
        return picture, bits

    def with_probabilities(
        self, picture: np.ndarray, bits: np.ndarray, soft: np.ndarray, seed: int
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Sample the same crop, and cut it out of probabilities, too.

        These follow the transposition, the window, its size and the flips alone: the settings must not have
        a cyclic shift, blackout or copy-paste.

        Args:
            picture: (H, W) uint8.
            bits: (H, W), bit k - 1 for class k.
            soft: (C, H, W) uint8, 0 to 255 for 0 to 1.
            seed: random seed of this crop, from 0.

        Returns:
            The crops of picture and mask as `__call__` gives them, and of the probabilities, (C, h, w) uint8.

        Raises:
            ValueError: the settings have one of these three.
        """
        if self._settings.cyclic_shift or self._settings.blackout or self._settings.copy_paste:
            raise ValueError("probabilities follow no cyclic shift, blackout or copy-paste")
        return self._crop(picture, bits, soft, seed)

    def _crop(
        self, picture: np.ndarray, bits: np.ndarray, soft: np.ndarray | None, seed: int
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
        settings, rng = self._settings, np.random.default_rng(seed)
        if settings.cyclic_shift:
            picture, bits = cyclic_shift(picture, bits, settings.cyclic_shift, _switch(seed, 1))
        if settings.transpose and _switch(seed, 7).random() < settings.transpose:
            picture, bits = _transposed(picture), _transposed(bits)
            soft = None if soft is None else soft.swapaxes(1, 2)
        picture, bits = pad_black(picture, self._size), pad_black(bits, self._size)
        window = sample_window(
            *(picture, bits, self._size, settings.non_empty, rng),
            black_aware=settings.black_aware,
            zoom=_zoom(settings.multi_scale, seed),
        )
        if settings.blackout:
            picture, bits = blackout(picture, bits, window, settings.blackout, _switch(seed, 2))
        flips = (rng.random() < settings.horizontal_flip, rng.random() < settings.vertical_flip)
        picture, bits = cut(picture, bits, window, self._size, *flips)
        if soft is not None:
            planes = [pad_black(plane, self._size) for plane in soft]
            soft = np.stack([cut(plane, plane, window, self._size, *flips)[0] for plane in planes])
        if settings.copy_paste:
            picture, bits = copy_paste(picture, bits, self._donors, settings.copy_paste, _switch(seed, 3))
        if settings.roll_shift:
            picture = roll_shift(picture, settings.roll_shift, _switch(seed, 4))
        picture = brightness_contrast(picture, settings.brightness, settings.contrast, rng)
        if settings.jpeg:
            picture = jpeg(picture, settings.jpeg, _switch(seed, 5))
        return picture, bits, soft


def _switch(seed: int, number: int) -> np.random.Generator:
    return np.random.default_rng([seed, number])


def _transposed(plane: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(plane.swapaxes(0, 1))


def _zoom(multi_scale: float, seed: int) -> float:
    return _switch(seed, 6).uniform(1 - multi_scale, 1 + multi_scale) if multi_scale else 1.0
