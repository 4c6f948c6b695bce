import numpy as np
import pytest
import torch

from severstal.models.classical.counts import FINE_BINS, Counts
from severstal.models.classical.features import RANGES, pixel_features
from severstal.models.classical.threshold import best_limits, monotone_shares, thresholding


def brute(values, truth, edges):
    """The best Dice of `value >= edge` and `value < edge`."""
    best = 0.0
    for edge in edges:
        for chosen in (values >= edge, values < edge):
            best = max(best, 2 * (chosen & truth).sum() / (chosen.sum() + truth.sum()))
    return best


@pytest.mark.parametrize("seed", range(20))
def test_no_limit_on_the_counted_pixels_is_better(seed):
    random = np.random.default_rng(seed)
    values = random.integers(0, 12, (3, 500))  # three features of 500 pixels
    noise = random.normal(0, 3, (2, 500))
    truth = np.stack([values[seed % 3] + noise[0] > 8, values[(seed + 1) % 3] + noise[1] < 3])
    rows = [np.ones(500, bool), *truth]
    counts = [[np.bincount(value[row], minlength=12) for value in values] for row in rows]
    counts = torch.tensor(np.array(counts), dtype=torch.float64)
    best = best_limits(counts)
    for number, of_class in enumerate(truth):
        expected = max(brute(value, of_class, range(1, 12)) for value in values)
        assert best.dice[number].item() == pytest.approx(expected)
        side = values[best.feature[number]] >= best.limit[number].item()
        side = side if best.above[number] else ~side
        assert 2 * (side & of_class).sum() / (side.sum() + of_class.sum()) == pytest.approx(expected)
        shares = monotone_shares(counts, best)[number]
        assert (shares.diff() * (1 if best.above[number] else -1) >= 0).all()
        chosen = shares >= best.dice[number] / 2 - 1e-6
        assert torch.equal(chosen, (torch.arange(12) >= best.limit[number]) == best.above[number])


def test_on_pictures_it_is_the_best_of_all_fine_limits(steel):
    pictures, truth = steel(2, seed=0)
    features = pixel_features(pictures, 7, 63)
    counts = Counts(classes=3)
    counts.add(features, truth, counts.evidence(features))
    best = best_limits(counts.fine)
    for number in range(2):
        of_class = truth[:, number].bool().numpy()
        expected = max(
            brute(features[:, feature].numpy(), of_class, np.linspace(low, high, FINE_BINS + 1)[1:-1])
            for feature, (low, high) in enumerate(RANGES.values())
        )
        assert best.dice[number].item() == pytest.approx(expected, abs=2e-3)  # the beginning counts a little
        found = thresholding(features, counts)[:, number].numpy() >= best.dice[number].item() / 2
        dice = 2 * (found & of_class).sum() / (found.sum() + of_class.sum())
        assert dice == pytest.approx(expected, abs=2e-3)


def test_a_class_that_was_never_seen_has_no_side():
    counts = torch.zeros(2, 4, 8)
    counts[0] = 5
    best = best_limits(counts)
    assert best.dice.item() == 0
    assert (monotone_shares(counts, best) == 0).all()
    assert all(part.isfinite().all() for part in best_limits(torch.zeros(2, 4, 8)))
