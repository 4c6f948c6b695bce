"""The probability from which a mask pays."""

import numpy as np

LIKELY_DICE = 0.65  # mean Dice of good networks on the defects of similar pictures


def break_even(dice: np.ndarray | float) -> np.ndarray | float:
    """Return the class probability from which the expected score of a mask exceeds that of an empty pair.

    A mask scores its Dice where the class is present and 0 where it is absent; an empty pair scores 1 where
    the class is absent. With probability p of presence they break even at `p * dice = 1 - p`.

    Args:
        dice: Dice of the mask if the class is present, from 0 to 1.

    Example:
        >>> break_even(1.0), round(break_even(0.65), 3)
        (0.5, 0.606)
    """
    return 1 / (1 + dice)
