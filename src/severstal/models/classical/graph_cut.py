"""Graph cut: normalised cuts of a graph of superpixels."""

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from severstal.models.classical.counts import Counts
from severstal.models.classical.features import CONTRAST, ROUGHNESS, TONE
from severstal.models.classical.regions import region_means

_SIDE = 4  # downscaling of the picture before the cut
_COMPACTNESS = 0.3  # weight of distance beside similarity of features, in a superpixel
_LIKENESS = 0.02  # squared difference of features at which similarity falls to 1 / e


def graph_cut(features: Tensor, counts: Counts, superpixels: int) -> Tensor:
    """Cut each picture into regions, and return the mean evidence of each.

    Superpixels (Achanta 2012, SLIC) of contrast, tone and roughness are the nodes of a graph, which is cut in
    two, and its parts again, for as long as the normalised cut is cheap (Shi & Malik 2000, Normalized Cuts
    and Image Segmentation), by scikit-image, on pictures a quarter as wide and high.

    Args:
        features: (N, 4, H, W).
        counts: fitted.
        superpixels: about how many in a picture of 256 x 1600; in proportion fewer in a smaller one.

    Returns:
        (N, C, H, W) float32: the mean evidence of the region.

    Example:
        >>> graph_cut(torch.zeros(1, 4, 5, 7), Counts(classes=2), superpixels=1000).shape
        torch.Size([1, 2, 5, 7])
    """
    evidence = counts.evidence(features).cpu().numpy()
    height, width = features.shape[-2:]
    wanted = max(1, round(superpixels * height * width / (256 * 1600)))
    small = functional.avg_pool2d(
        features[:, [CONTRAST, TONE, ROUGHNESS]],
        _SIDE,
        ceil_mode=True,
        count_include_pad=False,
    )
    seen = []
    for one, picture in zip(evidence, small.cpu().numpy(), strict=True):
        regions = _cut(np.moveaxis(picture, 0, -1).astype(np.float64), wanted)
        seen.append(region_means(one, regions.repeat(_SIDE, 0).repeat(_SIDE, 1)[:height, :width]))
    return torch.from_numpy(np.stack(seen)).to(features.device)


def _cut(picture: np.ndarray, superpixels: int) -> np.ndarray:
    """The regions of a picture (h, w, 3): numbers from 0, (h, w)."""
    from skimage.graph import cut_normalized, rag_mean_color
    from skimage.segmentation import slic

    parts = slic(picture, superpixels, _COMPACTNESS, convert2lab=False, start_label=0, channel_axis=-1)
    if parts.max() < 2:  # too few to cut
        return parts
    graph = rag_mean_color(picture, parts, mode="similarity", sigma=_LIKENESS)
    return cut_normalized(parts, graph, rng=0)
