"""A perceptual hash that can be compared in all eight orientations and at several scales."""

from functools import lru_cache

import cv2
import numpy as np

from severstal.data.duplicates.frame import Frame, content_box

_HIGHEST = 12 / 128  # periods per pixel up to which the spectrum is kept; beyond, a wrong scale blurs it
_LOWEST = 2  # periods per tile height: slower ones are light and the picture's border


class Fingerprints:
    """Fingerprints of reliefs in one frame.

    A shift changes the phases of a Fourier transform, not its amplitudes. Their logarithm less its local mean
    is as good as random from picture to picture, and the same for copies. A turn or a mirror image permutes
    the amplitudes; a change of scale stretches them. So a picture is described once as it is, and once per
    scale as it would look at that scale; all orientations come at the cost of one, since the fingerprint is
    stored as its four parts that a permutation either keeps or negates.

    Args:
        frame: frame of the reliefs.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> first, other = rng.normal(size=(2, 128, 128)).astype(np.float32)
        >>> fingerprints = Fingerprints(Frame((128, 128), 1, 128, 1))
        >>> turned, same, unlike = (
        ...     fingerprints.of(canvas) for canvas in (np.rot90(first).copy(), first, other)
        ... )
        >>> scores = fingerprints.correlate(same[None], np.stack([turned, unlike]))[:, 0]
        >>> bool(scores[:, 0].max() > 0.8), bool(scores[:, 1].max() < 0.3)
        (True, True)
        >>> fingerprints.orientations[scores[:, 0].argmax()]
        ('rotated 90', 'rotated 270')
    """

    def __init__(self, frame: Frame):
        self.frame = frame
        self._waves = max(4, int(_HIGHEST * frame.side))

    @property
    def orientations(self) -> list[tuple[str, ...]]:
        """The orientations that `correlate` distinguishes; those of one entry have the same amplitudes."""
        if self.frame.is_square:
            return [
                ("same", "rotated 180"),
                ("mirrored left-right", "mirrored top-bottom"),
                ("transposed", "anti-transposed"),
                ("rotated 90", "rotated 270"),
            ]
        return [("same",), ("mirrored top-bottom",), ("rotated 180",), ("mirrored left-right",)]

    def of(self, canvas: np.ndarray, scale: float = 1.0) -> np.ndarray:
        """Return the fingerprint of a relief as it would be at another scale.

        Args:
            canvas: relief in its frame, `frame.shape` float32.
            scale: scale; above 1 is larger.

        Returns:
            (K,) float32 of length 1, so that the product of two is their correlation; zeros for a picture
            without texture.
        """
        amplitude = self._amplitude(canvas, scale)  # (tiles, ky, kx)
        level = np.log(amplitude + 1e-3 * np.sqrt(canvas.size) + 0.02 * amplitude.mean())
        parts = _square_parts(level[0]) if self.frame.is_square else _tile_parts(level)
        mark = np.concatenate([part.ravel() for part in parts])
        length = np.linalg.norm(mark)  # 0 where all frequencies are equally strong, as of a single point
        return mark / length if canvas.any() and length else np.zeros_like(mark)

    def correlate(self, first: np.ndarray, second: np.ndarray) -> np.ndarray:
        """Correlate fingerprints: (4, N, M) float32, one plane for each entry of `orientations`.

        Args:
            first: (N, K) float32.
            second: (M, K) float32; what is compared is the first, turned, with the second.
        """
        even, second_odd, first_odd, odd = (
            a @ b.T for a, b in zip(np.split(first, 4, axis=1), np.split(second, 4, axis=1), strict=True)
        )
        return np.stack(
            [
                even + second_odd + first_odd + odd,
                even + second_odd - first_odd - odd,
                even - second_odd + first_odd - odd,
                even - second_odd - first_odd + odd,
            ]
        )

    def _amplitude(self, canvas: np.ndarray, scale: float) -> np.ndarray:
        """Fourier amplitudes, (tiles, ky from 0, kx from -waves to waves) float32."""
        height, width = self.frame.shape
        box = content_box(canvas) if self.frame.is_square else (0, height, 0, width)
        down = _kernel(height, (box[0] + box[1]) / 2, box[1] - box[0], self.frame.side, self._waves, scale)
        # numpy multiplies stacks of matrices without BLAS, thirty times slower than one matrix.
        rows = (down.reshape(-1, height) @ canvas).reshape(2, -1, width)  # (2, ky, width)
        tiles = []
        across = (box[3] - box[2]) / self.frame.tiles
        for tile in range(self.frame.tiles):
            centre = (box[2] + box[3]) / 2 + (tile - (self.frame.tiles - 1) / 2) * across / scale
            kernel = _kernel(width, centre, across, self.frame.side, self._waves, scale)
            used = np.flatnonzero(kernel[0, 0])
            part = np.s_[used[0] : used[-1] + 1]
            # e^(-i ky y) e^(-i kx x) for kx and -kx from four real products.
            (cos_cos, cos_sin), (sin_cos, sin_sin) = [
                [row[:, part] @ wave[:, part].T for wave in kernel] for row in rows
            ]
            right = np.hypot(cos_cos - sin_sin, cos_sin + sin_cos)
            left = np.hypot(cos_cos + sin_sin, cos_sin - sin_cos)
            tiles.append(np.hstack([left[:, :0:-1], right]))
        return np.stack(tiles)


@lru_cache(4096)
def _kernel(length: int, centre: float, window: float, side: int, waves: int, scale: float) -> np.ndarray:
    """Cosines and sines under a window, (2, waves + 1, length) float32."""
    place = (np.arange(length) + 0.5 - centre) * scale
    inside = np.abs(place) < window / 2
    taper = np.where(inside, np.cos(np.pi * place / window), 0.0)
    phase = 2 * np.pi / side * np.outer(np.arange(waves + 1), place)
    return (np.stack([np.cos(phase), np.sin(phase)]) * taper).astype(np.float32)


def _square_parts(level: np.ndarray) -> list[np.ndarray]:
    """Split into the parts that a mirror image (kx to -kx) and a transposition keep or negate."""
    waves = len(level) - 1
    whole = np.vstack([level[:0:-1, ::-1], level])  # ky from -waves
    whole = whole - cv2.blur(whole, (9, 9))
    right = whole[waves + _LOWEST :, waves + _LOWEST :]
    left = whole[waves + _LOWEST :, waves - _LOWEST :: -1]
    corner = np.triu_indices(len(right))
    weight = np.where(corner[0] == corner[1], 0.5, np.sqrt(0.5)).astype(np.float32)
    return [
        (plane[corner] + sign * plane.T[corner]) * weight
        for plane in (right + left, right - left)
        for sign in (1, -1)
    ]


def _tile_parts(level: np.ndarray) -> list[np.ndarray]:
    """Split into the parts that a reversal of kx and a reversal of the tiles keep or negate."""
    waves = level.shape[1] - 1
    level = np.stack([plane - cv2.blur(plane, (9, 9)) for plane in level[:, _LOWEST:]])
    right, left = level[..., waves:], level[..., waves::-1]
    weight = np.full(waves + 1, np.sqrt(0.5), np.float32)
    weight[0] = 0.5
    half = (len(level) + 1) // 2
    fold = np.full((half, 1, 1), np.sqrt(0.5), np.float32)
    if len(level) % 2:
        fold[-1] = 0.5
    return [
        (plane[:half] + sign * plane[::-1][:half]) * fold
        for plane in ((right + left) * weight, (right - left) * weight)
        for sign in (1, -1)
    ]
