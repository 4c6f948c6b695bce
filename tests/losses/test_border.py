import math

import numpy as np
import pytest
import torch
from scipy import ndimage
from torch.nn import functional

from severstal.losses.bce import pixel_cross_entropy
from severstal.losses.border import border_cross_entropy, border_weights


def reference(mask):
    """The paper's equation 2 by scipy, over the whole picture."""
    pieces, count = ndimage.label(mask, np.ones((3, 3)))
    if count < 2:
        return np.zeros(mask.shape)
    distances = np.sort([ndimage.distance_transform_edt(pieces != i + 1) for i in range(count)], axis=0)
    return np.where(mask, 0, 10 * np.exp(-((distances[0] + distances[1]) ** 2) / (2 * 5.0**2)))


@pytest.mark.parametrize(("shape", "share"), [((40, 60), 0.7), ((101, 203), 0.9), ((30, 400), 0.98)])
def test_weights_are_the_papers(shape, share):
    noise = ndimage.gaussian_filter(np.random.default_rng(0).random((2, 3, *shape)), (0, 0, 2, 2))
    masks = noise > np.quantile(noise, share)
    masks[0, 1] = False
    weights = border_weights(torch.as_tensor(masks))
    assert weights.dtype == torch.float32
    for pair in np.ndindex(2, 3):
        np.testing.assert_allclose(weights[pair], reference(masks[pair]), atol=1e-4)
    assert weights.max() > 5


def test_far_pieces_have_no_border():
    masks = torch.zeros(1, 1, 4, 200, dtype=torch.bool)
    masks[..., :3], masks[..., 190:] = True, True
    assert (border_weights(masks) == 0).all()


def test_loss_by_hand():
    # Between two pixels two apart d1 + d2 = 2: each of the three pixels ln 2, the middle one 1 + w times.
    target = torch.tensor([[[[1.0, 0.0, 1.0]]]])
    expected = math.log(2) * (3 + 10 * math.exp(-4 / 50)) / 3
    loss = border_cross_entropy(torch.zeros(1, 1, 1, 3), target)
    assert loss.item() == pytest.approx(expected)


def test_one_piece_is_the_plain_cross_entropy():
    masks, target = torch.randn(2, 3, 20, 30), torch.zeros(2, 3, 20, 30)
    target[:, 1, 4:9, 5:20] = 1
    weights = [2.0, 3.0, 1.0]
    torch.testing.assert_close(
        border_cross_entropy(masks, target, weights), pixel_cross_entropy(masks, target, weights)
    )


def test_the_border_is_of_the_truth_and_the_cross_entropy_of_the_target():
    truth = torch.zeros(2, 1, 6, 40)
    truth[..., 5:12], truth[..., 14:25] = 1, 1
    target, masks = torch.rand_like(truth), torch.randn_like(truth)
    plain = functional.binary_cross_entropy_with_logits(masks, target, reduction="none")
    weights = torch.as_tensor(np.stack([reference(mask[0].numpy() > 0) for mask in truth]))[:, None]
    expected = (plain * (1 + weights)).mean((2, 3)).float()
    torch.testing.assert_close(border_cross_entropy(masks, target, truth=truth), expected)


def test_smooth_labels_have_the_borders_of_hard_ones():
    target = torch.zeros(1, 1, 5, 30)
    target[..., :10], target[..., 14:] = 1, 1
    loss = border_cross_entropy(torch.zeros_like(target), 0.8 * target + 0.1)
    torch.testing.assert_close(loss, border_cross_entropy(torch.zeros_like(target), target))
