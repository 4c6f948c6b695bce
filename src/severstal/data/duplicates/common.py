"""Content that all pictures of a set share, such as the background of a fixed camera or a printed product."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
import scipy.fft

from severstal.data.duplicates.orientation import ORIENTATIONS, orient
from severstal.data.duplicates.relief import wide_blur

_LEAST_PICTURES = 8  # fewer could be copies of one picture
_LEAST_SHARED = 0.25  # correlation of the median picture with another from which on they share something
_REACH = 0.1  # of the height and width: how far a product may be moved from picture to picture
_NEIGHBOURHOOD = 12.0  # standard deviation of the blur in which the common picture is fitted, in pixels
_NOISE = 0.15  # standard deviation of a remainder below which it counts as noise and stays small
_REFERENCES = 3  # pictures that are tried as the one that others are aligned with


@dataclass(frozen=True)
class CommonPicture:
    """The relief that the pictures of a set share.

    Attributes:
        shared: (h, w) float32.
    """

    shared: np.ndarray

    @classmethod
    def estimate(cls, reliefs: Sequence[np.ndarray]) -> "CommonPicture | None":
        """Estimate the content that pictures share: the median of their reliefs, each aligned to it.

        Args:
            reliefs: (h, w) float32 each; those of the most frequent shape are used.

        Returns:
            None where the pictures share nothing, or are fewer than 8.

        Example:
            >>> grain = np.random.default_rng(0).normal(size=(9, 32, 64)).astype(np.float32)
            >>> CommonPicture.estimate(grain) is None
            True
            >>> CommonPicture.estimate(grain + 3 * grain[:1]) is None
            False
        """
        shape, _ = Counter(engraved.shape for engraved in reliefs).most_common(1)[0]
        alike = [engraved for engraved in reliefs if engraved.shape == shape and engraved.any()]
        if len(alike) < _LEAST_PICTURES:
            return None
        spectra = [_spectrum(engraved) for engraved in alike]
        fits = []
        for reference in np.linspace(0, len(alike) - 1, _REFERENCES).astype(int):
            shifts, correlations = zip(
                *(
                    _best_shift(spectra[reference], spectrum, alike[reference], engraved)
                    for spectrum, engraved in zip(spectra, alike, strict=True)
                ),
                strict=True,
            )
            fits.append((float(np.median(correlations)), shifts))
        shared, shifts = max(fits, key=lambda fit: fit[0])
        if shared < _LEAST_SHARED:
            return None
        moved = [np.roll(engraved, (-y, -x), (0, 1)) for engraved, (y, x) in zip(alike, shifts, strict=True)]
        return cls(np.median(moved, axis=0).astype(np.float32))

    @cached_property
    def _turned(self) -> list[tuple[np.ndarray, np.ndarray]]:
        """The common picture in each orientation that keeps its shape, with its spectrum."""
        turned = [np.ascontiguousarray(orient(self.shared, name)) for name in ORIENTATIONS]
        return [(shared, _spectrum(shared)) for shared in turned if shared.shape == self.shared.shape]

    def remove(self, engraved: np.ndarray) -> np.ndarray:
        """Subtract the shared content from a relief, and normalise the contrast of the rest.

        The common picture is turned, mirrored and moved to where it fits best. What remains of a shift of
        less than a pixel is removed with it, to first order: its derivatives are fitted too, each in a
        neighbourhood.

        Args:
            engraved: (h, w) float32; one of another shape is returned as it is.
        """
        if engraved.shape != self.shared.shape:
            return engraved
        spectrum, fits = _spectrum(engraved), []
        for shared, shared_spectrum in self._turned:
            shift, correlation = _best_shift(shared_spectrum, spectrum, shared, engraved)
            fits.append((correlation, shift, shared))
        _, shift, shared = max(fits, key=lambda fit: fit[0])
        shared = np.roll(shared, shift, (0, 1))
        rest = engraved
        for part in (shared, cv2.Sobel(shared, cv2.CV_32F, 1, 0), cv2.Sobel(shared, cv2.CV_32F, 0, 1)):
            power = wide_blur(part * part, _NEIGHBOURHOOD)
            rest = rest - part * wide_blur(rest * part, _NEIGHBOURHOOD) / (power + 1e-3)
        rest = rest / (np.sqrt(np.maximum(wide_blur(rest * rest, _NEIGHBOURHOOD), 0)) + _NOISE)
        return np.where(engraved == 0, 0, rest).astype(np.float32)


def _spectrum(engraved: np.ndarray) -> np.ndarray:
    return scipy.fft.rfft2(engraved)


def _best_shift(
    first: np.ndarray, second: np.ndarray, first_relief: np.ndarray, second_relief: np.ndarray
) -> tuple[tuple[int, int], float]:
    """Shift (y, x) of the second relief against the first, and the correlation there, from their spectra."""
    match = scipy.fft.irfft2(np.conj(first) * second, first_relief.shape)
    energy = float(np.sqrt(np.sum(first_relief**2) * np.sum(second_relief**2))) + 1e-6
    down, across = (max(1, int(_REACH * side)) for side in match.shape)
    near = np.roll(match, (down, across), (0, 1))[: 2 * down + 1, : 2 * across + 1]
    y, x = np.unravel_index(near.argmax(), near.shape)
    return (int(y) - down, int(x) - across), float(near[y, x]) / energy
