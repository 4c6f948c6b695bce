"""Means over the regions of a picture."""

import numpy as np


def region_means(evidence: np.ndarray, regions: np.ndarray) -> np.ndarray:
    """Replace every pixel by the mean of its region.

    Args:
        evidence: (C, H, W), probability of each class.
        regions: (H, W) int, numbers from 0.

    Returns:
        (C, H, W) float32: the expected share of each class in the region.

    Example:
        >>> region_means(np.array([[[0.0, 1.0, 0.5]]]), np.array([[0, 0, 1]]))
        array([[[0.5, 0.5, 0.5]]], dtype=float32)
    """
    regions = regions.ravel()
    sizes = np.maximum(np.bincount(regions), 1)
    means = [np.bincount(regions, one.ravel())[: len(sizes)] / sizes for one in evidence]
    return np.stack([mean[regions] for mean in means]).reshape(evidence.shape).astype(np.float32)
