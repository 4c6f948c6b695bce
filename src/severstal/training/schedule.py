"""The learning rate schedule."""

import math


def learning_rate_factor(step: int, steps: int, warmup: float, flat: float = 0.0) -> float:
    """Return the factor to the peak learning rate: linear warm-up, constant, then cosine decay (Loshchilov
    2017).

    A function of the step alone, so that a resumed training needs no state of a scheduler.

    Args:
        step: number of the step, from 0.
        steps: number of steps of the whole training.
        warmup: share of the steps in which the rate rises, 0 to below 1.
        flat: share of the steps, after the warm-up, in which it is constant; if both add up to 1 or more, it
            never decays.

    Returns:
        Above 0 and at most 1.

    Example:
        >>> [round(learning_rate_factor(step, 10, 0.2), 2) for step in (0, 1, 2, 6, 9)]
        [0.5, 1.0, 1.0, 0.5, 0.04]
        >>> [round(learning_rate_factor(step, 10, 0.2, 0.4), 2) for step in (0, 1, 5, 6, 8, 9)]
        [0.5, 1.0, 1.0, 1.0, 0.5, 0.15]
    """
    rising = round(steps * warmup)
    falling = min(steps, rising + round(steps * flat))
    if step < rising:
        return (step + 1) / rising
    if step < falling:
        return 1.0
    return 0.5 * (1 + math.cos(math.pi * (step - falling) / (steps - falling)))
