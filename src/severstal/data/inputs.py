"""Pictures as networks take them: shrunk, as floats, normalised."""

import numpy as np
import torch
from torch import Tensor

from severstal.data.arrays import shrink
from severstal.data.normalize import normalize
from severstal.recipe import DataSettings


def to_inputs(pictures: np.ndarray, settings: DataSettings, device: torch.device | str) -> Tensor:
    """Downscale pictures, and normalise their values on the device.

    They are moved to the device as bytes, a quarter of what floats would take.

    Args:
        pictures: (N, H, W) uint8, or (N, H, W, 3) of colours.
        settings: settings of the data; `scale`, and those that `normalize` takes.
        device: device of the network.

    Returns:
        (N, 1, H / scale, W / scale) float32, or with 3 channels; sizes rounded up, channels-last layout.

    Example:
        >>> white = np.full((1, 5, 8), 255, np.uint8)
        >>> to_inputs(white, DataSettings(scale=2, mean=0.5, std=0.25), "cpu")[0, 0, 0]
        tensor([2., 2., 2., 2.])
    """
    small = torch.from_numpy(np.stack([shrink(picture, settings.scale) for picture in pictures]))
    return normalize_bytes(small, settings, device).contiguous(memory_format=torch.channels_last)


def normalize_bytes(pictures: Tensor, settings: DataSettings, device: torch.device | str) -> Tensor:
    """Move downscaled pictures to the device and normalise their values there.

    Args:
        pictures: (N, h, w) uint8, or (N, h, w, 3) of colours.
        settings: settings of the data, as for `normalize`.
        device: device of the network.

    Returns:
        (N, 1, h, w) float32, or (N, 3, h, w).

    Example:
        >>> grey = torch.tensor([[[0, 51], [102, 255]]], dtype=torch.uint8)
        >>> normalize_bytes(grey, DataSettings(mean=0.2, std=0.2), "cpu").round().tolist()
        [[[[-1.0, 0.0], [1.0, 4.0]]]]
    """
    moved = pictures.to(device, non_blocking=True)
    planes = moved[:, None] if moved.ndim == 3 else moved.permute(0, 3, 1, 2)
    return normalize(planes.float() / 255, settings)
