"""Comparison of two reliefs: align them, then correlate them piece by piece."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
import scipy.fft

from severstal.data.duplicates.frame import Frame, content_box
from severstal.data.duplicates.orientation import ORIENTATIONS, orient

_REACH = 0.25  # of the height: the largest shift
# Of the scale, looked for around the one of the fingerprint; of equal ones the least counts.
_STRETCH = (0.0, 0.01, -0.01, 0.02, -0.02, 0.03, -0.03, 0.04, -0.04)
_LEAST_MATCH = 0.12  # of the whole: most unlike pictures have less, copies have 0.2 and more
LARGEST_PIECE = 32  # pixels of a relief; a quarter of a smaller one
_LEAST_PIECE = 4
_ROUNDS = (5, 30), (3, 60)  # pixels that a piece may lie off its place, and pieces at most, in two rounds
_COVER = 0.8  # share of a piece that must lie on steel
_LEAST_TEXTURE = 0.4  # standard deviation below which a piece of a relief has nothing to tell
_LEAST_PIECES = 4
_SIMILAR = 0.5  # correlation from which on a piece takes part in the estimate of the transformation


_COMPRESSION = 0.3  # of the relief, in which 1 is the standard deviation of grain


@dataclass(frozen=True)
class Alignment:
    """The alignment of the first of two reliefs with the second.

    Attributes:
        matrix: (2, 3) float64, maps a position (x, y) of the first frame to the second, both measured from
            the corner of the corner pixel.
        agreement: median over the pieces of their correlation, -1 to 1; 0 where there are too few pieces.
        pieces: number of pieces with texture that are in both.
        piece: side of a piece, in pixels of the relief.
        evidence: correlation of the whole, in standard deviations of the correlation of unlike pictures with
            these spectra.
    """

    matrix: np.ndarray
    agreement: float
    pieces: int
    piece: int
    evidence: float


class PlacedRelief:
    """A relief in its frame, with values that are computed once and used for all its candidates.

    Args:
        canvas: relief in its frame, `frame.shape` float32.
        frame: frame of all reliefs.
    """

    def __init__(self, canvas: np.ndarray, frame: Frame):
        height, width = frame.shape
        self.canvas, self.frame = canvas, frame
        self.half = cv2.resize(
            canvas, (max(1, width // 2), max(1, height // 2)), interpolation=cv2.INTER_AREA
        )
        self.spectra = _tile_spectra(self.half, frame)
        self.energy = float(np.sum(self.half**2))
        self.box = top, bottom, left, right = content_box(canvas)
        self.content = np.ascontiguousarray(canvas[top:bottom, left:right])
        self.piece = max(_LEAST_PIECE, min(LARGEST_PIECE, (bottom - top) // 4, (right - left) // 4))

    @cached_property
    def has_texture(self) -> np.ndarray:
        """Return whether the piece below and right of each pixel of the content has texture: (h, w) bool."""
        return _has_texture(self.content, self.piece)


def align(
    first: PlacedRelief, second: PlacedRelief, orientations: Sequence[str] = ("same",), scale: float = 1.0
) -> Alignment:
    """Align one relief with the other and measure how well they agree.

    The shift is the maximum of the cross-correlation. Then each piece of the first is searched within a few
    pixels of its place in the second; the transformation is fitted again to the places found, and the pieces
    are compared once more. Pictures of different steel reach an agreement of up to 0.5, since the best place
    is taken; copies have 0.6 to 1.

    Args:
        first: a relief.
        second: another relief in the same frame.
        orientations: orientations of the first to try.
        scale: scale of the first, within 4 % (from the fingerprints).

    Example:
        >>> frame = Frame((100, 200), 2, 100, 1)
        >>> grey = cv2.GaussianBlur(np.random.default_rng(0).normal(0, 3, (100, 200)), (0, 0), 1.5)
        >>> grey = grey.astype(np.float32)
        >>> moved = np.roll(grey, (4, -8), (0, 1))
        >>> found = align(PlacedRelief(grey, frame), PlacedRelief(moved, frame))
        >>> found.matrix[:, 2].round().tolist(), round(found.agreement, 2)
        ([-8.0, 4.0], 1.0)
    """
    matrix, match = _match_whole(first, second, orientations, scale)
    best = Alignment(matrix, 0.0, 0, second.piece, 0.0)
    if match < _LEAST_MATCH:
        return best
    corner = np.array(second.box[2::-2], float)
    for slack, most in _ROUNDS:
        moved = np.column_stack([matrix[:, :2], matrix[:, 2] - corner])
        warped = warp(first.canvas, moved, second.content.shape)
        places, offsets, scores = _match_pieces(warped, second, slack, most)
        if len(scores) < _LEAST_PIECES:
            break
        agreement = float(np.median(scores))
        if agreement >= best.agreement:
            evidence = _evidence(warped, second.content, first.frame.shape) if agreement > _SIMILAR else 0.0
            best = Alignment(matrix, agreement, len(scores), second.piece, evidence)
        similar = scores > _SIMILAR
        if np.count_nonzero(similar) < max(_LEAST_PIECES, len(scores) / 4):
            break
        places = places + corner
        change, _ = cv2.estimateAffinePartial2D(
            places[similar], (places + offsets)[similar], method=cv2.RANSAC, ransacReprojThreshold=1.5
        )
        if change is None:
            break
        matrix = change @ np.vstack([matrix, [0, 0, 1]])
    return best


def warp(
    picture: np.ndarray, matrix: np.ndarray, shape: tuple[int, ...], interpolation: int = cv2.INTER_LINEAR
) -> np.ndarray:
    """Apply an affine transformation; pixels from outside the picture are 0.

    Args:
        picture: (h, w), uint8, uint16 or float32.
        matrix: (2, 3), maps a position (x, y) to another, both measured from the corner of the corner pixel.
        shape: height and width of the result.
        interpolation: OpenCV's flag of the interpolation.

    Example:
        >>> warp(np.array([[1, 2]], np.uint8), np.array([[-1, 0, 2], [0, 1, 0]]), (1, 2)).tolist()
        [[2, 1]]
    """
    linear = np.asarray(matrix, float)[:, :2]
    offset = np.asarray(matrix, float)[:, 2] + linear @ [0.5, 0.5] - 0.5
    return cv2.warpAffine(picture, np.column_stack([linear, offset]), shape[1::-1], flags=interpolation)


def _match_whole(
    first: PlacedRelief, second: PlacedRelief, orientations: Sequence[str], scale: float
) -> tuple[np.ndarray, float]:
    """The best transformation among the orientations, and the correlation of the whole under it."""
    frame, shape = first.frame, second.half.shape
    reach, size = _reach(frame), _padded(frame)
    centres = (np.arange(frame.tiles) - (frame.tiles - 1) / 2) * shape[1] / frame.tiles
    stretches = _STRETCH if frame.tiles > 1 else (0.0,)
    furthest = max(abs(round(stretch * centre)) for stretch in stretches for centre in centres)
    best = (-1.0, orientations[0], 0.0, 0, 0)
    for orientation in orientations:
        # "same" about its centre, in half the resolution; a turned square frame keeps its shape.
        turned = np.ascontiguousarray(orient(first.half, orientation))
        if scale != 1:
            turned = warp(turned, _about_centre(scale * np.eye(2), shape), shape)
        maps = scipy.fft.irfft2(np.conj(_tile_spectra(turned, frame)) * second.spectra, size)
        near = np.roll(maps, (reach, reach), (1, 2))[:, : 2 * reach + 1, : 2 * reach + 1]
        energy = np.sqrt(float(np.sum(turned**2)) * second.energy) + 1e-6
        # A scale that is off moves each tile by another distance: added up along it, all tiles count.
        around = np.pad(near, ((0, 0), (0, 0), (furthest, furthest)), "wrap")
        for stretch in stretches:
            total = np.zeros(near.shape[1:])
            for plane, centre in zip(around, centres, strict=True):
                start = furthest + round(stretch * centre)
                total += plane[:, start : start + total.shape[1]]
            y, x = np.unravel_index(total.argmax(), total.shape)
            if (match := float(total[y, x]) / energy) > best[0]:
                best = (match, orientation, stretch, int(y) - reach, int(x) - reach)
    match, orientation, stretch, y, x = best
    matrix = _about_centre(np.array(ORIENTATIONS[orientation]) * scale * (1 + stretch), frame.shape)
    matrix[:, 2] += 2 * np.array([x, y])
    return matrix, match


def _about_centre(linear: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    centre = np.array([shape[1], shape[0]]) / 2
    return np.column_stack([linear, centre - linear @ centre])


def _reach(frame: Frame) -> int:
    return max(1, int(_REACH * frame.side / 2))


def _padded(frame: Frame) -> tuple[int, ...]:
    """Height and width of a tile's transform in half the resolution, with room for the largest shift."""
    sides = max(1, frame.shape[0] // 2), -(-max(1, frame.shape[1] // 2) // frame.tiles)
    return tuple(scipy.fft.next_fast_len(side + _reach(frame), real=True) for side in sides)


def _tile_spectra(half: np.ndarray, frame: Frame) -> np.ndarray:
    """Fourier transforms of the tiles, side by side in the frame: (tiles, ...) complex64."""
    height, width = half.shape
    across = -(-width // frame.tiles)
    padded = np.pad(half, ((0, 0), (0, across * frame.tiles - width)))
    return scipy.fft.rfft2(padded.reshape(height, frame.tiles, across).transpose(1, 0, 2), _padded(frame))


def _match_pieces(
    first: np.ndarray, second: PlacedRelief, slack: int, most: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Search each piece of `first` near its place in `second`.

    Returns:
        Centres (x, y) of the pieces in the content of the second, offsets (x, y) at which they fit best, and
        their correlation there.
    """
    piece, (height, width) = second.piece, first.shape
    stride = -(-piece // 2)
    ys, xs = np.arange(0, height - piece + 1, stride), np.arange(0, width - piece + 1, stride)
    y, x = (places.ravel() for places in np.meshgrid(ys, xs, indexing="ij"))
    useful = _has_texture(first, piece)[y, x] & second.has_texture[y, x]
    corners = np.column_stack([x, y])[useful]
    corners = corners[np.linspace(0, len(corners) - 1, min(len(corners), most)).astype(int)]
    around = cv2.copyMakeBorder(second.content, slack, slack, slack, slack, cv2.BORDER_CONSTANT)
    scores, offsets = np.zeros(len(corners)), np.zeros((len(corners), 2))
    for row, (x, y) in enumerate(corners):
        search = around[y : y + piece + 2 * slack, x : x + piece + 2 * slack]
        match = cv2.matchTemplate(search, first[y : y + piece, x : x + piece], cv2.TM_CCOEFF_NORMED)
        _, scores[row], _, place = cv2.minMaxLoc(match)
        offsets[row] = np.array(place) - slack
    return corners + piece / 2, offsets, scores


def _evidence(first: np.ndarray, second: np.ndarray, shape: tuple[int, int]) -> float:
    """Return the correlation of two reliefs where they overlap, in standard deviations of chance.

    Over all shifts, the mean square of the correlation of two planes is the product of their power spectra,
    each normalised to 1, summed up: smooth or small pictures correlate by chance, fine grain over a large
    picture does not.
    """
    both = (first != 0) & (second != 0)
    # Compressed, so that one strong defect in both does not outweigh the grain around it.
    first, second = (plane * both / (np.abs(plane) + _COMPRESSION) for plane in (first, second))
    power = [np.abs(scipy.fft.rfft2(plane, shape)) ** 2 for plane in (first, second)]  # half of the spectrum
    product = float(np.sum(power[0] * power[1]))
    energy = 2 * float(np.sum(power[0])) * float(np.sum(power[1]))
    if not product:
        return 0.0
    correlation = float(np.sum(first * second)) / np.sqrt(float(np.sum(first**2) * np.sum(second**2)))
    return correlation * np.sqrt(energy / product)


def _has_texture(canvas: np.ndarray, piece: int) -> np.ndarray:
    """Return whether the piece below and right of each pixel is on steel and has texture: (h, w) bool."""
    mean, power, cover = (
        cv2.boxFilter(plane, cv2.CV_32F, (piece, piece), anchor=(0, 0), borderType=cv2.BORDER_CONSTANT)
        for plane in (canvas, canvas * canvas, (canvas != 0).astype(np.float32))
    )
    return (cover >= _COVER) & (power - mean * mean >= _LEAST_TEXTURE**2)
