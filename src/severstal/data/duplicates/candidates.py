"""The pairs of pictures whose fingerprints correlate."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from severstal.data.duplicates.fingerprint import Fingerprints

# One in a hundred pairs of unlike real pictures has more; copies have 0.17, where half of a plain picture is
# left, to 1.
_LEAST_CORRELATION = 0.16
_MOST_CANDIDATES = 12  # per picture, so that pictures without a texture of their own do not bring N * N pairs
# Of all candidates the best so many are compared: unlike pairs grow with N * N, copies stand before them.
_MOST_PAIRS, _MOST_PAIRS_PER_PICTURE = 20_000, 1.5
_CHUNK = 256  # rows compared at a time


@dataclass(frozen=True)
class CandidatePair:
    """Two pictures that may be copies.

    Attributes:
        first: row of the first picture.
        second: row of the second.
        orientations: orientations of the first; it may be a copy in any one of them.
        scale: approximate scale of the first.
        correlation: correlation of their fingerprints.
    """

    first: int
    second: int
    orientations: tuple[str, ...]
    scale: float
    correlation: float


def candidate_pairs(
    marks: dict[float, np.ndarray], fingerprints: Fingerprints, begin: int | None = None
) -> list[CandidatePair]:
    """Find the pairs whose fingerprints correlate, best first for each picture.

    Args:
        marks: (N, K) fingerprints of all pictures, by scale; 1.0 is among the scales.
        fingerprints: object that computed them.
        begin: first row of the second set: pairs are formed of a row before this one and a row from it on;
            None forms pairs of all rows.

    Returns:
        Each pair once, in the orientation and scale in which its pictures correlate best; of very many pairs
        the best.
    """
    pairs = list(_correlated_pairs(marks, fingerprints, begin))
    most = max(_MOST_PAIRS, int(_MOST_PAIRS_PER_PICTURE * len(marks[1.0])))
    if len(pairs) > most:
        least = np.sort([pair.correlation for pair in pairs])[-most]
        pairs = [pair for pair in pairs if pair.correlation >= least]
    return pairs


def _correlated_pairs(
    marks: dict[float, np.ndarray], fingerprints: Fingerprints, begin: int | None
) -> Iterator[CandidatePair]:
    """Return the pairs above the least correlation, at most a given number per first picture."""
    plain = marks[1.0].astype(np.float32)
    rows = len(plain) if begin is None else begin
    scales = list(marks)
    for start in range(0, rows, _CHUNK):
        stop = min(start + _CHUNK, rows)
        offset = start if begin is None else begin
        best = np.full((stop - start, len(plain) - offset), -1, np.float32)
        kind = np.zeros(best.shape, np.uint8)
        for number, scale in enumerate(scales):
            planes = fingerprints.correlate(marks[scale][start:stop].astype(np.float32), plain[offset:])
            for turn, plane in enumerate(planes):
                better = plane > best
                best[better] = plane[better]
                kind[better] = 4 * number + turn
        for row, line in enumerate(best):
            near = np.flatnonzero(line >= _LEAST_CORRELATION)
            near = near[near > row] if begin is None else near
            for column in near[np.argsort(-line[near], kind="stable")[:_MOST_CANDIDATES]].tolist():
                number, turn = divmod(int(kind[row, column]), 4)
                yield CandidatePair(
                    start + row,
                    offset + column,
                    fingerprints.orientations[turn],
                    scales[number],
                    float(line[column]),
                )
