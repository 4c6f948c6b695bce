"""Comparison of two pictures: align them, then correlate them piece by piece."""

from dataclasses import dataclass

import cv2
import numpy as np
import scipy.fft

REACH = 0.25  # of the height: the largest shift
PIECE = 32  # pixels of a relief; a quarter of a smaller one
SLACK = 5  # pixels that a piece may lie off the common shift: copies of another crop are scaled a little
COVER = 0.8  # share of a piece that must lie on steel
PLAIN = 0.4  # standard deviation below which a piece of a relief has nothing to tell
FEWEST, PIECES = 4, 60  # pieces to judge by, at least and at most


@dataclass(frozen=True)
class Alignment:
    """How the second of two reliefs lies on the first.

    Attributes:
        shift: (y, x) in pixels of the relief: what is at p in the first is at p + shift in the second.
        agreement: median over the pieces of their correlation, -1 to 1; 0 where there are too few pieces.
        pieces: how many had texture and lay in both.
    """

    shift: tuple[int, int]
    agreement: float
    pieces: int


def align(first: np.ndarray, second: np.ndarray) -> Alignment:
    """Align two reliefs and measure how well they agree.

    The shift is the maximum of the cross-correlation. Then each piece of the first is looked for within a few
    pixels of its place in the second. Pictures of different steel reach an agreement of up to 0.5, since the
    best place is taken; of the exposures of one tile in the magnetic tile data, 99 in 100 have 0.75 or more.

    Args:
        first: (h, w) float32, a relief.
        second: another of the same shape.

    Example:
        >>> grey = cv2.GaussianBlur(np.random.default_rng(0).normal(0, 3, (100, 200)), (0, 0), 1.5)
        >>> grey = grey.astype(np.float32)
        >>> found = align(grey, np.roll(grey, (3, -8), (0, 1)))
        >>> found.shift, round(found.agreement, 2)
        ((3, -8), 1.0)
    """
    shift = best_shift(first, second)
    scores = _piece_scores(first, second, shift)
    agreement = float(np.median(scores)) if len(scores) >= FEWEST else 0.0
    return Alignment(shift, agreement, len(scores))


def best_shift(first: np.ndarray, second: np.ndarray) -> tuple[int, int]:
    """The shift (y, x) within a quarter of the height at which two reliefs correlate best.

    Example:
        >>> relief = np.random.default_rng(0).normal(size=(64, 96)).astype(np.float32)
        >>> best_shift(relief, np.roll(relief, (-6, 10), (0, 1)))
        (-6, 10)
    """
    reach = max(1, int(REACH * min(first.shape)))
    size = [scipy.fft.next_fast_len(side + reach, real=True) for side in first.shape]
    product = np.conj(scipy.fft.rfft2(first, size)) * scipy.fft.rfft2(second, size)
    match = scipy.fft.irfft2(product, size)
    near = np.roll(match, (reach, reach), (0, 1))[: 2 * reach + 1, : 2 * reach + 1]
    y, x = np.unravel_index(near.argmax(), near.shape)
    return int(y) - reach, int(x) - reach


def _piece_scores(first: np.ndarray, second: np.ndarray, shift: tuple[int, int]) -> np.ndarray:
    """The best correlation of each piece of `first` near its place in `second`."""
    height, width = first.shape
    piece = max(1, min(PIECE, height // 4, width // 4))
    stride = -(-piece // 2)
    top, left = max(0, -shift[0]), max(0, -shift[1])
    ys = np.arange(top, height - piece - max(0, shift[0]) + 1, stride)
    xs = np.arange(left, width - piece - max(0, shift[1]) + 1, stride)
    y, x = (places.ravel() for places in np.meshgrid(ys, xs, indexing="ij"))
    useful = _tells(first, piece)[y, x] & _tells(second, piece)[y + shift[0], x + shift[1]]
    places = np.column_stack([y, x])[useful]
    places = places[np.linspace(0, len(places) - 1, min(len(places), PIECES)).astype(int)]
    second = cv2.copyMakeBorder(second, SLACK, SLACK, SLACK, SLACK, cv2.BORDER_CONSTANT)
    scores = []
    for y, x in places:
        around = np.s_[y + shift[0] :, x + shift[1] :]
        search = second[around][: piece + 2 * SLACK, : piece + 2 * SLACK]
        scores.append(
            cv2.matchTemplate(search, first[y : y + piece, x : x + piece], cv2.TM_CCOEFF_NORMED).max()
        )
    return np.array(scores)


def _tells(relief: np.ndarray, piece: int) -> np.ndarray:
    """Whether the piece below and right of each pixel lies on steel and has texture: (h, w) bool."""
    mean, power, cover = (
        cv2.boxFilter(plane, cv2.CV_32F, (piece, piece), anchor=(0, 0), borderType=cv2.BORDER_CONSTANT)
        for plane in (relief, relief * relief, (relief != 0).astype(np.float32))
    )
    return (cover >= COVER) & (power - mean * mean >= PLAIN**2)
