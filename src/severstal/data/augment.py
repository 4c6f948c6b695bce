"""Training crops: drawn and changed by albumentations, which nothing else in the project calls."""

import albumentations as A
import numpy as np

from severstal.recipe import AugmentSettings


class Augment:
    """Draw a crop of a picture and its mask, mirror it and change its brightness and contrast.

    The same seed gives the same crop, so that a crop depends on nothing that came before it.

    Args:
        settings: of the recipe.
        image_shape: height and width of the pictures.

    Example:
        >>> augment = Augment(AugmentSettings(crop=(32, 64)), (64, 128))
        >>> picture, bits = augment(np.zeros((64, 128), np.uint8), np.ones((64, 128), np.uint8), seed=7)
        >>> picture.shape, bits.shape
        ((32, 64), (32, 64))
    """

    def __init__(self, settings: AugmentSettings, image_shape: tuple[int, int]):
        height, width = (min(side, whole) for side, whole in zip(settings.crop, image_shape, strict=True))
        crop = [A.CropNonEmptyMaskIfExists(height, width, p=settings.non_empty), A.RandomCrop(height, width)]
        self._change = A.Compose(
            [
                *crop,  # after the first has cut its crop out, the second has nothing left to cut
                A.HorizontalFlip(p=settings.horizontal_flip),
                A.VerticalFlip(p=settings.vertical_flip),
                A.RandomBrightnessContrast(settings.brightness, settings.contrast, p=0.8),
            ]
        )

    def __call__(self, picture: np.ndarray, bits: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
        """Draw a crop.

        Args:
            picture: (H, W) uint8.
            bits: (H, W), bit k - 1 for class k.
            seed: of this crop.

        Returns:
            The crop of the picture, (h, w) uint8, and of the mask, (h, w) as it came.
        """
        self._change.set_random_seed(seed)
        changed = self._change(image=picture, mask=bits)
        return changed["image"], changed["mask"]
