"""The learning rate rises in a line, falls as a cosine and never leaves 0 to 1."""

from itertools import pairwise

import pytest
import torch

from severstal.training.schedule import learning_rate_factor


def test_without_warm_up_it_is_torch_s_cosine() -> None:
    optimizer = torch.optim.SGD([torch.zeros(1)], lr=1.0)
    cosine = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 50)
    for step in range(50):
        assert learning_rate_factor(step, 50, 0.0) == pytest.approx(optimizer.param_groups[0]["lr"])
        optimizer.step()
        cosine.step()


def test_it_rises_then_falls() -> None:
    factors = [learning_rate_factor(step, 100, 0.1) for step in range(100)]
    assert factors[:10] == pytest.approx([0.1 * step for step in range(1, 11)])
    assert all(later < earlier for earlier, later in pairwise(factors[10:]))
    assert 0 < factors[-1] < 0.001


@pytest.mark.parametrize("steps", [1, 2, 3])
def test_the_shortest_trainings_have_a_rate(steps: int) -> None:
    assert all(0 < learning_rate_factor(step, steps, 0.9) <= 1 for step in range(steps))


def test_it_stays_before_it_falls() -> None:
    factors = [learning_rate_factor(step, 100, 0.1, 0.5) for step in range(100)]
    assert factors[9:61] == [1.0] * 52
    assert all(later < earlier for earlier, later in pairwise(factors[60:]))
    assert factors[80] == pytest.approx(0.5)


def test_it_never_falls_where_the_flat_part_reaches_the_end() -> None:
    assert [learning_rate_factor(step, 10, 0.2, 1.0) for step in range(10)] == [0.5] + [1.0] * 9
