"""The significance of a difference over many masks or pictures."""

import math
from typing import NamedTuple

import numpy as np

SUSPECT, CERTAIN = 5.0, 7.0
"""Standard errors: by chance alone 3 in 10 million, and 1 in a million million."""


class Significance(NamedTuple):
    """The evidence for one explanation against another.

    Attributes:
        sigma: mean of the gains in standard errors; above 0 it supports the explanation.
        mean: mean of the gains.
        count: number of gains.
    """

    sigma: float
    mean: float
    count: int

    @property
    def certainty(self) -> float:
        """Probability that it is no chance: 1.0 from `CERTAIN` on, 0.0 below `SUSPECT`.

        Example:
            >>> [Significance(sigma, 1, 99).certainty for sigma in (4.9, 5.1, 7.1)]
            [0.0, 0.999999..., 1.0]
        """
        if self.sigma < SUSPECT:
            return 0.0
        return 1.0 if self.sigma >= CERTAIN else 1 - math.erfc(self.sigma / math.sqrt(2)) / 2


def measure_significance(gains: np.ndarray) -> Significance:
    """Measure the significance of independent gains, one per mask or picture: (n,).

    Gains count as spread by no less than their mean, so that it takes 25 to suspect and 49 to be certain:
    otherwise a few similar masks would count as much as many.

    Example:
        >>> measure_significance(np.array([1.0, 1.2, 0.8] * 30)).sigma > CERTAIN
        True
        >>> measure_significance(np.ones(4)).sigma > SUSPECT
        False
    """
    count = len(gains)
    if count < 2:
        return Significance(0.0, 0.0, count)
    mean = float(gains.mean())
    spread = max(float(gains.std(ddof=1)), abs(mean))
    if spread == 0:
        return Significance(0.0, 0.0, count)
    return Significance(mean / spread * math.sqrt(count), mean, count)
