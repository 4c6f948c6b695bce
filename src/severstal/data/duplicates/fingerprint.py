"""Fingerprints of pictures, invariant to shift, brightness and encoding: from relief and spectrum."""

from collections.abc import Iterator

import cv2
import numpy as np
import scipy.fft

LEAST_HEIGHT = 128  # pixels that a picture keeps when it is shrunk: defects and grain stay, noise and JPEG go
FINE, COARSE = 1.0, 6.0  # standard deviations of the blurs whose difference is looked at, shrunk pixels
NEIGHBOURHOOD = 12.0  # standard deviation of the blur in which contrast is made even
FAINT = 0.7  # grey levels: what is fainter counts as noise and stays small
OUTLIER = 1.5  # times the median: what is stronger is cut to that
DARK = 12  # grey levels; darker, and the camera looked beside the steel
WAVES = 12  # periods a height up to which the spectrum is kept; beyond, a scale of 1.03 would blur it
CHUNK = 1024  # fingerprints compared at a time


def relief(picture: np.ndarray) -> np.ndarray:
    """Keep of a picture what is engraved on the steel, and take off what changes from copy to copy.

    The picture is shrunk, held between two blurs, freed of what stands in the whole column (vertical lines
    run on over many pictures of a roll, which are no duplicates for that), and its contrast made even, so
    that neither gain nor offset nor uneven light is left. What lies in black bands is 0.

    Args:
        picture: (H, W) uint8.

    Returns:
        (H / n, W / n) float32, n the whole number that leaves at least 128 rows; mean about 0, standard
        deviation about 1 where there is texture, near 0 where the steel is plain.

    Example:
        >>> grey = np.random.default_rng(0).integers(80, 120, (64, 96)).astype(np.uint8)
        >>> bool(np.abs(relief(grey) - relief(grey + 50)).max() < 0.01)
        True
        >>> float(np.abs(relief(np.full((64, 96), 90, np.uint8))).max())
        0.0
    """
    shrink = shrinking(picture.shape)
    size = picture.shape[1] // shrink, picture.shape[0] // shrink
    grey = cv2.resize(picture, size, interpolation=cv2.INTER_AREA).astype(np.float32)
    lit = (cv2.blur(grey, (9, 9)) > DARK).astype(np.uint8)
    # The blur reaches 4 pixels into a band. Where the frame ends, there is no edge to be taken off.
    lit = cv2.erode(lit, np.ones((11, 11), np.uint8), borderType=cv2.BORDER_REPLICATE).astype(np.float32)
    fine = (cv2.GaussianBlur(grey, (0, 0), FINE) - cv2.GaussianBlur(grey, (0, 0), COARSE)) * lit
    fine -= fine.sum(axis=0) / np.maximum(lit.sum(axis=0), 1) * lit
    # An edge of a defect must not outweigh all grain around it: two such edges alike are no copy.
    limit = OUTLIER * (FAINT + float(np.median(np.abs(fine[lit > 0]))) if lit.any() else 0.0)
    fine = fine.clip(-limit, limit)
    power = cv2.GaussianBlur(fine * fine, (0, 0), NEIGHBOURHOOD)
    share = np.maximum(cv2.GaussianBlur(lit, (0, 0), NEIGHBOURHOOD), 0.05)
    return fine / (np.sqrt(power / share) + FAINT)


def shrinking(shape: tuple[int, ...]) -> int:
    """By how much `relief` shrinks a picture of that shape.

    Example:
        >>> shrinking((256, 1600)), shrinking((64, 96))
        (2, 1)
    """
    return max(1, min(shape[:2]) // LEAST_HEIGHT)


def fingerprint(engraved: np.ndarray) -> np.ndarray:
    """Compute a perceptual hash of a relief, nearly invariant to shifts.

    A shift changes the phases of the Fourier transform, not its amplitudes. Their logarithm, less its
    neighbourhood's mean, is nearly random from picture to picture, but the same for copies.

    Args:
        engraved: what `relief` made.

    Returns:
        (K,) float32 of length 1, so that a product of two is their correlation; zeros for a picture without
        texture.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> grey, other = (rng.integers(80, 120, (64, 96)).astype(np.uint8) for _ in range(2))
        >>> marks = [fingerprint(relief(picture)) for picture in (grey, np.roll(grey, 5, 1), other)]
        >>> bool(marks[0] @ marks[1] > 0.8), bool(abs(marks[0] @ marks[2]) < 0.3)
        (True, True)
    """
    height, width = engraved.shape
    spectrum = scipy.fft.fft2(engraved)
    waves = min(WAVES, height // 2)
    across = min(waves * width // height, width // 2 - 1)
    # From 2 waves up: slower ones are light and the picture's frame.
    part = np.abs(spectrum[np.ix_(np.arange(2, waves), np.arange(-across, across + 1))])
    if not part.any():
        return np.zeros(part.size, np.float32)
    part = np.log(part + 1e-3 * np.sqrt(engraved.size)).astype(np.float32)
    part -= cv2.blur(part, (15, 9))
    return (part / np.linalg.norm(part)).ravel()


def alike(marks: np.ndarray, least: float, most: int) -> Iterator[tuple[int, int]]:
    """Find the pairs whose fingerprints correlate, best first for each picture.

    Args:
        marks: (N, K) float32, one fingerprint per row.
        least: correlation from which on a pair counts.
        most: pairs that one picture may begin at most, so that pictures without distinctive features do not
            bring N * N pairs.

    Yields:
        Pairs of rows, the smaller first, each once.

    Example:
        >>> marks = np.array([[1, 0], [0, 1], [1, 0], [0, 0]], np.float32)
        >>> list(alike(marks, 0.5, 4))
        [(0, 2)]
    """
    for start in range(0, len(marks), CHUNK):
        likeness = marks[start : start + CHUNK] @ marks[start:].T  # (chunk, N - start)
        for row, line in enumerate(likeness):
            near = row + 1 + np.flatnonzero(line[row + 1 :] >= least)
            best = near[np.argsort(-line[near], kind="stable")[:most]]
            yield from ((start + row, start + int(other)) for other in best)
