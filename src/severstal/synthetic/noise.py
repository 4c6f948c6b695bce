"""Random fields for grain, rolling texture, oxide and scale."""

import math

import cv2
import numpy as np


def cloud(rng: np.random.Generator, shape: tuple[int, int], sigma_y: float, sigma_x: float) -> np.ndarray:
    """Draw a smooth random field: white noise blurred by a Gaussian, mean 0 and standard deviation 1.

    Wide blurs are computed on a coarse grid and enlarged, so that they cost no more than narrow ones.

    Args:
        rng: random numbers.
        shape: height and width.
        sigma_y: vertical standard deviation of the blur in pixels, at least 0.5.
        sigma_x: horizontal one.

    Returns:
        (H, W) float32.

    Example:
        >>> field = cloud(np.random.default_rng(0), (256, 1600), 3, 9)
        >>> field.shape, field.dtype, bool(0.9 < field.std() < 1.1)
        ((256, 1600), dtype('float32'), True)
    """
    step_y, step_x = max(1.0, sigma_y / 2), max(1.0, sigma_x / 2)
    kernel_y, kernel_x = _kernel(sigma_y / step_y), _kernel(sigma_x / step_x)
    edge_y, edge_x = len(kernel_y) // 2, len(kernel_x) // 2
    height, width = math.ceil(shape[0] / step_y) + 1, math.ceil(shape[1] / step_x) + 1
    white = rng.standard_normal((height + 2 * edge_y, width + 2 * edge_x), dtype=np.float32)
    field = cv2.sepFilter2D(white, cv2.CV_32F, kernel_x, kernel_y)
    field = field[edge_y : edge_y + height, edge_x : edge_x + width]
    if (step_y, step_x) == (1.0, 1.0):
        return field[: shape[0], : shape[1]]
    whole = round(width * step_x), round(height * step_y)
    return cv2.resize(field, whole, interpolation=cv2.INTER_CUBIC)[: shape[0], : shape[1]]


def _kernel(sigma: float) -> np.ndarray:
    """A Gaussian whose squares sum to 1, which leaves white noise at standard deviation 1."""
    kernel = cv2.getGaussianKernel(2 * math.ceil(3 * sigma) + 1, sigma, cv2.CV_32F)
    return kernel / np.sqrt((kernel**2).sum())


def step(field: np.ndarray, softness: float = 1.0) -> np.ndarray:
    """Map a field to a soft step: 0 well below zero, 1 well above, half-way across over `softness`.

    Example:
        >>> step(np.array([-9.0, 0.0, 9.0])).round(2).tolist()
        [0.0, 0.5, 1.0]
    """
    return 0.5 + 0.5 * np.tanh(field / softness)
