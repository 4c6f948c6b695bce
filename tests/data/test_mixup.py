"""Mixing a batch: one share for pictures and masks, drawn from the beta distribution, by the seed alone."""

import numpy as np
import pytest
import torch

from severstal.data.mixup import mix


def batch(n: int = 6) -> tuple[torch.Tensor, torch.Tensor]:
    """Each crop has one value of its own, which its mask repeats."""
    values = torch.arange(n, dtype=torch.float32) ** 2
    return values.reshape(n, 1, 1, 1).expand(n, 1, 4, 5), values.reshape(n, 1, 1, 1).expand(n, 3, 4, 5)


def test_pictures_and_masks_are_mixed_alike_and_softly() -> None:
    before, _ = batch()
    pictures, masks = mix(batch(), alpha=1.0, seed=2)
    assert pictures.shape == (6, 1, 4, 5)
    assert masks.shape == (6, 3, 4, 5)
    assert torch.equal(pictures.expand_as(masks), masks)
    assert not torch.equal(pictures, before)
    assert pictures.min() >= before.min()
    assert pictures.max() <= before.max()


def test_a_share_of_each_crop_and_the_rest_of_one_partner() -> None:
    eye = torch.eye(8)
    mixed, _ = mix([eye, eye], alpha=0.4, seed=1)
    assert torch.allclose(mixed.sum(0), torch.ones(8))  # each is a partner once
    assert torch.allclose(mixed.sum(1), torch.ones(8))
    assert int((mixed > 0).sum(1).max()) <= 2
    kept = {round(float(row[index]), 5) for index, row in enumerate(mixed)}
    assert len(kept - {1.0}) == 1  # one share a batch; a crop may be its own partner


def test_the_seed_alone_decides() -> None:
    torch.manual_seed(0)
    np.random.seed(0)  # noqa: NPY002 - that it makes no difference is what is tested
    first = mix(batch(), alpha=0.4, seed=5)[0]
    torch.rand(3)
    assert torch.equal(mix(batch(), alpha=0.4, seed=5)[0], first)
    assert not torch.equal(mix(batch(), alpha=0.4, seed=6)[0], first)


@pytest.mark.parametrize("alpha", [0.2, 1.0, 4.0])
def test_the_share_has_the_spread_of_the_beta_distribution(alpha: float) -> None:
    eye = torch.eye(2)
    seeds = range(1500)
    kept = [float(mix([eye, eye], alpha, seed)[0][0, 0]) for seed in seeds]
    shares = np.array([share for share in kept if share < 1])  # else the crop was its own partner
    # Of beta(a, a): mean 1/2, variance 1 / (4 (2 a + 1)).
    assert len(shares) > 600
    assert abs(shares.mean() - 0.5) < 0.05
    assert abs(shares.var() * 4 * (2 * alpha + 1) - 1) < 0.15


@pytest.mark.parametrize("processes", [2, 3, 7])
def test_processes_mix_their_parts_as_one_mixes_the_whole(processes: int) -> None:
    whole = mix(batch(7), alpha=0.4, seed=5)
    for process in range(processes):
        places = slice(process, None, processes)
        part = mix([tensor[places] for tensor in batch(7)], 0.4, 5, batch(7), places)
        assert all(torch.equal(mine, every[places]) for mine, every in zip(part, whole, strict=True))


def test_off_means_untouched() -> None:
    pictures, masks = batch()
    assert mix([pictures, masks], 0.0, seed=1)[0] is pictures
    assert mix([pictures, masks], 0.0, seed=1)[1] is masks


def test_one_crop_stays_itself() -> None:
    pictures, masks = batch(1)
    assert torch.equal(mix([pictures + 3, masks], 0.4, seed=1)[0], pictures + 3)
