"""The relief of a picture: texture that does not depend on brightness, lighting and encoding."""

import cv2
import numpy as np

_LEAST_SIDE = 128  # pixels that a picture keeps when it is shrunk: defects and grain stay, noise and JPEG go
_FINE, _COARSE = 1.0, 6.0  # standard deviations of the band-pass filter's two blurs, in shrunk pixels
_NEIGHBOURHOOD = 12.0  # standard deviation of the blur in which contrast is made even
_FAINT = 0.7  # grey levels: what is fainter counts as noise and stays small
_OUTLIER = 1.5  # times the median: what is stronger is clipped to that
_DARK = 12  # grey levels; darker, and the camera looked beside the steel


def relief(grey: np.ndarray) -> np.ndarray:
    """Keep the texture of a picture and remove properties that differ between copies.

    The picture is band-pass filtered, the mean of each column is subtracted (vertical lines run through many
    pictures of a roll without making them duplicates), and its local contrast is normalised, so that neither
    gain nor offset nor uneven light is left. Black bands are 0.

    Args:
        grey: (h, w) float32, 0 to 255, from `shrink_picture`.

    Returns:
        (h, w) float32; mean about 0, standard deviation about 1 where there is texture, near 0 where the
        steel is plain.

    Example:
        >>> grey = np.random.default_rng(0).integers(80, 120, (64, 96)).astype(np.float32)
        >>> bool(np.abs(relief(grey) - relief(grey + 50)).max() < 0.01)
        True
        >>> float(np.abs(relief(np.full((64, 96), 90, np.float32))).max())
        0.0
    """
    lit = (cv2.blur(grey, (9, 9)) > _DARK).astype(np.uint8)
    # The blur reaches 4 pixels into a band. At the border of the picture there is no edge to remove.
    lit = cv2.erode(lit, np.ones((11, 11), np.uint8), borderType=cv2.BORDER_REPLICATE).astype(np.float32)
    fine = (cv2.GaussianBlur(grey, (0, 0), _FINE) - wide_blur(grey, _COARSE)) * lit
    fine -= fine.sum(axis=0) / np.maximum(lit.sum(axis=0), 1) * lit
    # An edge of a defect must not outweigh all the grain around it: one edge in common makes no copy. Of so
    # many pixels a quarter has the same median, in a quarter of the time.
    strength = np.abs(fine[::2, ::2])[lit[::2, ::2] > 0]
    limit = _OUTLIER * (_FAINT + (float(np.median(strength)) if strength.size else 0.0))
    fine = np.clip(fine, -limit, limit, out=fine)
    share = np.maximum(wide_blur(lit, _NEIGHBOURHOOD), 0.05)
    deviation = np.sqrt(wide_blur(fine * fine, _NEIGHBOURHOOD) / share)
    deviation += _FAINT
    return np.divide(fine, deviation, out=fine)


def shrink_step(shape: tuple[int, ...]) -> int:
    """Return the downscaling of pictures of a shape: the whole number that leaves a side of at least 128.

    Example:
        >>> shrink_step((256, 1600)), shrink_step((64, 96))
        (2, 1)
    """
    return max(1, min(shape[:2]) // _LEAST_SIDE)


def shrink_picture(picture: np.ndarray, step: int) -> np.ndarray:
    """Shrink a uint8 picture by a whole number, by area: (H / step, W / step) float32.

    Example:
        >>> shrink_picture(np.full((4, 6), 9, np.uint8), 2).tolist()
        [[9.0, 9.0, 9.0], [9.0, 9.0, 9.0]]
    """
    size = max(1, picture.shape[1] // step), max(1, picture.shape[0] // step)
    return cv2.resize(picture, size, interpolation=cv2.INTER_AREA).astype(np.float32)


def wide_blur(plane: np.ndarray, sigma: float) -> np.ndarray:
    """A Gaussian blur of a wide kernel, computed on a shrunk plane where that is large enough."""
    height, width = plane.shape
    step = int(sigma // 3)
    if step < 2 or min(height, width) < 8 * step:
        return cv2.GaussianBlur(plane, (0, 0), sigma)
    small = cv2.resize(plane, (width // step, height // step), interpolation=cv2.INTER_AREA)
    return cv2.resize(cv2.GaussianBlur(small, (0, 0), sigma / step), (width, height))
