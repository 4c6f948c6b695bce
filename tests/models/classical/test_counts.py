import numpy as np
import pytest
import torch
from safetensors.torch import load, save

from severstal.models.classical.counts import COARSE_BINS, FINE_BINS, JOINT, PRIOR_COUNT, Counts
from severstal.models.classical.features import RANGES, pixel_features


def fit(steel, seeds, batch=4):
    torch.manual_seed(0)
    counts = Counts(classes=3)
    for seed in seeds:
        pictures, truth = steel(4, seed)
        for part in range(0, 4, batch):
            features = pixel_features(pictures[part : part + batch], 7, 63)
            counts.add(features, truth[part : part + batch], counts.evidence(features))
    return counts


@pytest.fixture(scope="module")
def fitted(steel):
    return fit(steel, range(5))


def test_counts_are_numpys_histograms(steel):
    pictures, truth = steel(2, seed=3)
    features = pixel_features(pictures, 7, 63)
    counts = Counts(classes=3)
    before = {name: tensor.clone() for name, tensor in counts.state_dict().items()}
    counts.add(features, truth, counts.evidence(features))
    fine, coarse = counts.fine - before["fine"], counts.coarse - before["coarse"]
    ranges = list(RANGES.values())
    for row, chosen in enumerate([torch.ones_like(truth[:, 0]), *truth.unbind(1)]):
        pixels = features.movedim(1, -1)[chosen.bool()].double().numpy()
        for number, (low, high) in enumerate(ranges):
            expected, _ = np.histogram(pixels[:, number].clip(low, high), FINE_BINS, (low, high))
            # A value on an edge may be rounded into its neighbour.
            assert np.abs(fine[row, number].numpy() - expected).sum() <= 4
        together = [ranges[feature] for feature in JOINT]
        inside = pixels[:, list(JOINT)].clip(*np.array(together).T)
        expected, _ = np.histogramdd(inside, [COARSE_BINS] * 3, together)
        assert np.abs(coarse[row].numpy() - expected.ravel()).sum() <= 4


@pytest.mark.parametrize("batch", [1, 2])
def test_pixels_are_counted_alike_however_a_batch_is_split(steel, fitted, batch):
    split = fit(steel, range(5), batch)
    torch.testing.assert_close(split.fine, fitted.fine, rtol=1e-12, atol=0)
    torch.testing.assert_close(split.coarse, fitted.coarse, rtol=1e-12, atol=0)
    # By which share pictures are sorted depends on what was counted before them; their number does not.
    torch.testing.assert_close(split.pictures.sum(2), fitted.pictures.sum(2), rtol=0.01, atol=0)


def test_evidence_is_a_share_of_what_was_counted(steel, fitted):
    pictures, truth = steel(4, seed=99)
    evidence = fitted.evidence(pixel_features(pictures, 7, 63))
    assert evidence.shape == truth.shape
    for number in range(2):
        assert evidence[:, number][truth[:, number] == 1].mean() > 0.8
        assert evidence[:, number][truth[:, number] == 0].mean() < 0.02
    # It is calibrated on the pixels that were counted: where it says p, p of them are of the class.
    shares = fitted.coarse[1:] / fitted.coarse[0]
    predicted, seen = (shares * fitted.coarse[0]).sum(1), fitted.coarse[1:].sum(1)
    torch.testing.assert_close(predicted, seen)


def test_scaled_counts_give_the_same_probabilities(steel, fitted):
    part = Counts(classes=3)
    part.load_state_dict({name: 0.37 * tensor for name, tensor in fitted.state_dict().items()})
    features = pixel_features(steel(2, seed=5)[0], 7, 63)
    torch.testing.assert_close(part.evidence(features), fitted.evidence(features))
    evidence = fitted.evidence(features)
    torch.testing.assert_close(part.present(evidence), fitted.present(evidence))


def test_the_class_head_separates_pictures_with_and_without_a_class(steel):
    torch.manual_seed(0)
    counts, answers = Counts(classes=3), []
    for seed in range(30):
        pictures, truth = steel(4, seed)
        clean = torch.arange(4) % 2 == 0
        plain = pictures - 1.2 * truth[:, 1:2] + 1.2 * truth[:, :1]
        pictures[clean], truth[clean] = plain[clean], 0
        features = pixel_features(pictures, 7, 63)
        evidence = counts.evidence(features)
        answers.append((counts.present(evidence), truth.flatten(2).amax(2)))
        counts.add(features, truth, evidence)
    predicted, present = (torch.cat(part) for part in zip(*answers[-8:], strict=True))
    assert predicted[present == 1].min() > 0.8
    assert predicted[present == 0].max() < 0.2


def test_it_begins_with_little_and_with_chance():
    torch.manual_seed(0)
    first = Counts(classes=2)
    assert first.coarse[0].unique().tolist() == [PRIOR_COUNT]
    assert (first.coarse[1:] / first.coarse[0]).max() < 0.02
    torch.manual_seed(1)
    second = Counts(classes=2)
    assert not torch.equal(first.coarse, second.coarse)
    second.load_state_dict(load(save(first.state_dict())))
    assert all(torch.equal(tensor, second.state_dict()[name]) for name, tensor in first.state_dict().items())
