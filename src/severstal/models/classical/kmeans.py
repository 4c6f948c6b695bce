"""K-means: clusters of pixels, each with the share of every class in it."""

import torch
from torch import Tensor

from severstal.models.classical.counts import JOINT, Counts


def first_centres(points: Tensor, weights: Tensor, count: int) -> Tensor:
    """Choose initial centres: the heaviest point, then heavy points far from those chosen.

    Each next centre is the point whose weight times squared distance is largest: the seeding of k-means++
    (Arthur & Vassilvitskii 2007) with its most likely sample in place of a random one, so that the same
    counts always give the same clusters.

    Args:
        points: (P, D).
        weights: (P,), 0 or more.
        count: number of centres; fewer where there are fewer points.

    Returns:
        (centres, D).

    Example:
        >>> first_centres(torch.tensor([[0.0], [1.0], [5.0]]), torch.tensor([3.0, 2.0, 1.0]), 2)
        tensor([[0.],
                [5.]])
    """
    chosen = [int(weights.argmax())]
    distance = (points - points[chosen[0]]).square().sum(1)
    while len(chosen) < min(count, len(points)):
        chosen.append(int((weights * distance).argmax()))
        distance = torch.minimum(distance, (points - points[chosen[-1]]).square().sum(1))
    return points[chosen]


def cluster(counts: Counts, clusters: int) -> tuple[Tensor, Tensor]:
    """Cluster the counted pixels (Lloyd 1982, Least Squares Quantization in PCM), by scikit-learn.

    Each interval of the counts is a point that stands for its pixels, so that the clusters depend neither on
    the order of the crops nor on how they were batched, as those of mini-batches (Sculley 2010) do.

    Args:
        counts: fitted.
        clusters: K.

    Returns:
        Centres (K, 3), grey, tone and roughness, and the share of each class in each cluster (K, C), float32.
    """
    from sklearn.cluster import KMeans  # here, for it takes a second to import

    filled = counts.coarse[0] > 1.0  # beyond the initial counts
    if not filled.any():
        filled = torch.ones_like(filled)
    points, weights = counts.centres()[filled], counts.coarse[0, filled]
    first = first_centres(points, weights, clusters)
    method = KMeans(len(first), init=first.cpu().numpy(), n_init=1)
    labels = method.fit_predict(points.cpu().numpy(), sample_weight=weights.cpu().numpy())
    member = torch.nn.functional.one_hot(torch.from_numpy(labels).long(), len(first)).to(counts.coarse)
    sums = counts.coarse[:, filled] @ member  # (1 + C, K)
    shares = (sums[1:] / sums[:1].clamp(min=torch.finfo(sums.dtype).tiny)).T
    return torch.from_numpy(method.cluster_centers_).to(points), shares.float()


def k_means(features: Tensor, counts: Counts, clusters: int) -> Tensor:
    """Assign every pixel to the nearest centre.

    Args:
        features: (N, 4, H, W).
        counts: fitted.
        clusters: K.

    Returns:
        (N, C, H, W) float32: the share of each class among the counted pixels of the cluster.

    Example:
        >>> k_means(torch.zeros(1, 4, 5, 7), Counts(classes=2), clusters=3).shape
        torch.Size([1, 2, 5, 7])
    """
    centres, shares = cluster(counts, clusters)
    squares, nearest = centres.square().sum(1), []
    for picture in features[:, list(JOINT)].flatten(2):  # (3, H * W); those of a batch would need much memory
        # Without the pixel's own square, which is the same for every centre.
        distance = torch.addmm(squares, picture.T, centres.T, alpha=-2)  # (H * W, K)
        nearest.append(distance.argmin(1))  # (H * W,)
    shape = (len(features), *features.shape[2:])
    return shares[torch.stack(nearest)].view(*shape, -1).movedim(-1, 1)
