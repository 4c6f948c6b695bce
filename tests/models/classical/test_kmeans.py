import numpy as np
import pytest
import torch
from sklearn.cluster import KMeans

from severstal.models.classical.counts import COARSE_BINS, JOINT, Counts
from severstal.models.classical.features import RANGES, pixel_features
from severstal.models.classical.kmeans import cluster, first_centres, k_means

WIDTHS = [(high - low) / COARSE_BINS for low, high in (list(RANGES.values())[feature] for feature in JOINT)]


@pytest.fixture(scope="module")
def seen(steel):
    """Counts of some pictures, and the features and masks that were counted."""
    torch.manual_seed(0)
    counts, parts = Counts(classes=3), []
    for seed in range(3):
        pictures, truth = steel(2, seed)
        features = pixel_features(pictures, 7, 63)
        counts.add(features, truth, counts.evidence(features))
        parts.append((features, truth))
    features, truth = (torch.cat(part) for part in zip(*parts, strict=True))
    return counts, features, truth


def test_clusters_are_those_of_the_pixels_themselves(seen):
    counts, features, truth = seen
    pixels = features[:, list(JOINT)].movedim(1, -1).reshape(-1, 3).numpy()
    filled = counts.coarse[0] > 1
    first = first_centres(counts.centres()[filled], counts.coarse[0, filled], 4)
    reference = KMeans(4, init=first.numpy(), n_init=1).fit(pixels)
    centres, shares = cluster(counts, 4)
    # A counted pixel stands in the middle of its interval.
    assert (np.abs(centres.numpy() - reference.cluster_centers_) < np.array(WIDTHS) / 2).all()
    expected = [truth[:, number].flatten().numpy() for number in range(3)]
    for number in range(4):
        member = reference.labels_ == number
        of_class = [values[member].mean() for values in expected]
        np.testing.assert_allclose(shares[number].numpy(), of_class, atol=0.05)


def test_an_interval_counts_as_often_as_its_pixels():
    counts = Counts(classes=1)
    random = np.random.default_rng(0)
    chosen = random.choice(COARSE_BINS**3, 40, replace=False)
    times = random.integers(2, 30, 40)
    counts.coarse.zero_()
    counts.coarse[0, chosen] = torch.tensor(times, dtype=torch.float64)
    points = counts.centres()[np.sort(chosen)].numpy()
    repeated = points.repeat(times[chosen.argsort()], axis=0)
    first = first_centres(torch.tensor(points), torch.tensor(times[chosen.argsort()]).double(), 5)
    reference = KMeans(5, init=first.numpy(), n_init=1).fit(repeated)
    centres, _ = cluster(counts, 5)
    np.testing.assert_allclose(centres.numpy(), reference.cluster_centers_, atol=1e-5)


def test_pixels_go_where_scikit_learn_puts_them(seen):
    counts, features, _ = seen
    centres, shares = cluster(counts, 6)
    reference = KMeans(6, init=centres.numpy(), n_init=1, max_iter=1).fit(centres.numpy())
    pixels = features[:, list(JOINT)].movedim(1, -1).reshape(-1, 3).numpy()
    expected = shares[torch.from_numpy(reference.predict(pixels)).long()]
    given = k_means(features, counts, 6).movedim(1, -1).reshape(-1, 3)
    assert (given == expected).all(1).float().mean() > 0.9999


def test_first_centres_are_apart():
    torch.manual_seed(0)
    points = torch.randn(200, 3)
    first = first_centres(points, torch.ones(200), 10)
    assert len(first.unique(dim=0)) == 10
    every = [torch.cdist(first[:number], points).amin(0).max() for number in range(1, 10)]
    for number, farthest in enumerate(every, start=1):
        assert torch.cdist(first[number : number + 1], first[:number]).min() == pytest.approx(farthest.item())
    assert len(first_centres(points[:3], torch.ones(3), 10)) == 3
