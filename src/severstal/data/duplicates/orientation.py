"""The eight orientations of a picture: rotations by quarter turns, and their mirror images."""

import numpy as np

ORIENTATIONS = {
    "same": ((1, 0), (0, 1)),
    "rotated 90": ((0, 1), (-1, 0)),
    "rotated 180": ((-1, 0), (0, -1)),
    "rotated 270": ((0, -1), (1, 0)),
    "mirrored left-right": ((-1, 0), (0, 1)),
    "mirrored top-bottom": ((1, 0), (0, -1)),
    "transposed": ((0, 1), (1, 0)),
    "anti-transposed": ((0, -1), (-1, 0)),
}
"""Names, and the 2 x 2 matrix that each applies to (x, y), y downwards. Rotations are counterclockwise, as
in `numpy.rot90`; "transposed" swaps rows and columns."""


def orient(picture: np.ndarray, orientation: str) -> np.ndarray:
    """Rotate or mirror a picture.

    Args:
        picture: (H, W), any type.
        orientation: a key of `ORIENTATIONS`.

    Returns:
        (H, W) or (W, H), a view.

    Example:
        >>> orient(np.array([[1, 2], [3, 4]]), "rotated 90").tolist()
        [[2, 4], [1, 3]]
        >>> orient(np.array([[1, 2]]), "mirrored left-right").tolist()
        [[2, 1]]
    """
    (across, _), (down, _) = matrix = ORIENTATIONS[orientation]
    if not across:  # rows and columns change places
        picture = picture.T
        across, down = matrix[0][1], matrix[1][0]
    else:
        down = matrix[1][1]
    return picture[::down, ::across]


def nearest_orientation(linear: np.ndarray) -> tuple[str, float]:
    """Split a 2 x 2 matrix of (x, y) into the nearest orientation and a scale.

    Example:
        >>> nearest_orientation(np.array([[0.02, 1.1], [-1.1, 0.02]]))[0]
        'rotated 90'
    """
    fit = {name: float(np.sum(linear * np.array(matrix))) for name, matrix in ORIENTATIONS.items()}
    name = max(fit, key=fit.get)
    return name, float(np.sqrt(abs(np.linalg.det(linear))))
