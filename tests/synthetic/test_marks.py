"""Paint marks are white, ragged, and only where there is room."""

import numpy as np

from severstal.synthetic.marks import paint_mark


def test_marks_are_white_and_leave_most_steel_alone() -> None:
    shares = []
    for seed in range(20):
        grey = np.full((256, 1600), 90, np.float32)
        paint_mark(np.random.default_rng(seed), grey)
        assert grey.min() >= 89
        shares.append((grey > 200).mean())
        touched = np.flatnonzero((grey > 120).any(0))
        assert touched.size == 0 or np.ptp(touched) < 600
    assert np.median(shares) > 0.005
    assert max(shares) < 0.2


def test_narrow_steel_is_left_bare() -> None:
    grey = np.full((256, 60), 90, np.float32)
    paint_mark(np.random.default_rng(0), grey)
    assert (grey == 90).all()
