"""A fully connected CRF's mean field on a map: outlines move to where the picture changes.

After Kraehenbuehl and Koltun, "Efficient inference in fully connected CRFs with Gaussian edge potentials"
(2011). Each class is a question of its own with two labels, as masks may overlap: every pixel has the map's
probability as its unary term, and each two pixels agree with a weight that falls with their distance, and
another that falls with distance and difference in brightness (Potts). The weights of a pixel's neighbours are
divided by their sum, itself among them, so that a large deviation does not by itself outvote the map. All
pixels are updated at once, a fixed number of times.
"""

from dataclasses import dataclass

import numpy as np
import torch

from severstal.data.arrays import to_luma
from severstal.decision.refine.filters import BilateralFilter, GaussianFilter

_HALF_STEP = 0.5 / 255  # probabilities are clipped to half a step of the map from 0 and 1


@dataclass(frozen=True)
class Crf:
    """The mean field of a fully connected CRF.

    Attributes:
        iterations: updates of all pixels.
        appearance: weight of the appearance kernel: log-odds that a pixel gains when all neighbours of
            similar brightness are in the class.
        appearance_distance: standard deviation of the weights over distance, in pixels.
        appearance_brightness: standard deviation of the weights over brightness, in grey levels.
        smoothness: weight of the smoothness kernel: log-odds that a pixel gains when all its neighbours are
            in the class, whatever their brightness.
        smoothness_distance: standard deviation of these weights over distance, in pixels.

    Example:
        >>> picture = np.repeat(np.uint8([[50, 200]]), 4, axis=1)
        >>> plane = np.uint8([[200, 200, 100, 200, 50, 150, 50, 50]])
        >>> (Crf(iterations=5).refine(plane, picture) >= 128).astype(int)
        array([[1, 1, 1, 1, 0, 0, 0, 0]])
    """

    iterations: int = 5
    appearance: float = 2.0
    appearance_distance: float = 20.0
    appearance_brightness: float = 10.0
    smoothness: float = 1.0
    smoothness_distance: float = 3.0

    def refine(
        self, plane: np.ndarray, picture: np.ndarray, device: torch.device | str = "cpu"
    ) -> np.ndarray:
        """Refine the map of a class.

        Args:
            plane: (H, W) uint8, 0 to 255 for 0 to 1.
            picture: (H, W) uint8 grey, of the same shape, or (H, W, 3) of colours, by its luma.
            device: torch device that computes it.

        Returns:
            (H, W) uint8, 0 to 255 for 0 to 1.

        Raises:
            ValueError: the picture is of another shape or type.
        """
        picture = to_luma(picture)
        if picture.shape != plane.shape or picture.dtype != np.uint8:
            raise ValueError(
                f"the picture is {picture.shape} of {picture.dtype}; it must be {plane.shape} of uint8"
            )
        device = torch.device(device)
        bilateral = BilateralFilter(picture, self.appearance_distance, self.appearance_brightness, device)
        gaussian = GaussianFilter(picture.shape, self.smoothness_distance, device)
        start = torch.from_numpy(plane / np.float32(255)).to(device)
        unary = torch.logit(start, eps=_HALF_STEP)
        agree = torch.tanh(unary / 2)  # 2 q - 1, from -1 to 1
        for _ in range(self.iterations):
            message = self.appearance * bilateral(agree) + self.smoothness * gaussian(agree)
            agree = torch.tanh((unary + message) / 2)
        return (127.5 * (agree + 1)).round().to(torch.uint8).cpu().numpy()
