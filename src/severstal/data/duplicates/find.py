"""Find the pictures that show the same steel twice."""

import logging
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache

import cv2
import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from severstal.data.arrays import to_luma
from severstal.data.duplicates.align import LARGEST_PIECE, PlacedRelief, align
from severstal.data.duplicates.candidates import CandidatePair, candidate_pairs
from severstal.data.duplicates.common import CommonPicture
from severstal.data.duplicates.fingerprint import Fingerprints
from severstal.data.duplicates.frame import Frame
from severstal.data.duplicates.overlay import lay_on, overlap, overlay_of
from severstal.data.duplicates.relief import relief, shrink_picture, shrink_step
from severstal.data.duplicates.table import DUPLICATE_COLUMNS
from severstal.data.images import Pictures
from severstal.progress import progress

logger = logging.getLogger("severstal")

# Different steel reaches an agreement of 0.5, copies start above 0.6. Smaller pieces agree by chance more
# often: narrow tiles of striped steel, in pieces of 12 pixels, reach 0.7. So do remains of a common picture.
_LEAST_AGREEMENT, _SMALL_PIECES, _BESIDE_COMMON = 0.6, 0.2, 0.1
# Standard deviations, see Alignment. Unlike noise of 32 to 200 pixels reaches 5.3; in a small picture one
# defect or print fills a larger share: 8.5 and 9.4 at 64 pixels. Copies that share half their area have 7.5.
_LEAST_EVIDENCE, _TRUSTED_SIDE, _DISTRUST = 6.5, 128, 0.6
_LEAST_EVIDENCE_BESIDE_COMMON = 10.0
_SAMPLED = 64  # pictures that frame and common picture are estimated from
_BLOCK = 512  # pictures in work at a time
_FIT_PIXELS = 50_000  # to measure gain and difference on
_KEPT = 256  # reliefs in memory: 100 MB of the real size
_DARKEST, _BRIGHTEST = 12, 250  # grey levels between which gain and difference are measured


def find_duplicates(pictures: Pictures, test: Pictures | None = None) -> pd.DataFrame:
    """Find near-duplicates: rotated, mirrored, scaled, shifted, brightened, noisy or re-encoded copies.

    All eight orientations are searched: quarter turns and their mirror images; of elongated pictures the
    four that keep the long side, whichever way the file lies. So are scales of 0.85 to 1.18, shifts up to a
    quarter of the height, and all of these together. Fingerprints (see `Fingerprints`) name candidates, a
    comparison of their pixels (see `align`) decides. What most pictures share, such as the background of a
    fixed camera or a printed product, is subtracted first (see `CommonPicture`). The smaller the pictures,
    the more evidence is asked for; one without texture, such as a black one, is nobody's duplicate: nothing
    in it would show that it is. In memory are the fingerprints (17 KB per picture at 256 x 1600) and a few
    hundred pictures, whatever their number.

    Args:
        pictures: pictures, compared by their luma where they keep colours; all that is asked of it is `names`
            and `picture(name)`.
        test: other pictures; then only pairs of one of `pictures` and one of these are looked for.

    Returns:
        One row per pair, in the order of the pictures: `first` and `second` (ImageIds); `orientation` (a key
        of `ORIENTATIONS`), `scale`, `shift_y` and `shift_x` (int, pixels): the first, turned and scaled about
        its centre, laid on the second centre on centre and moved by the shift, shows the same; `gain`: the
        grey of the second is that of the first times gain, plus an offset; `difference`: what is left then,
        mean absolute grey levels where both show steel; `agreement`: the median correlation of small pieces,
        0.6 to 1.

    Example:
        >>> from types import SimpleNamespace
        >>> grey = np.random.default_rng(0).integers(80, 120, (128, 128)).astype(np.uint8)
        >>> other = np.random.default_rng(1).integers(80, 120, (128, 128)).astype(np.uint8)
        >>> held = {"a.jpg": grey, "b.jpg": other, "c.jpg": np.rot90(np.roll(grey, 7, 1)) + 10}
        >>> pairs = find_duplicates(SimpleNamespace(names=list(held), picture=held.get))
        >>> pairs[["first", "second", "orientation", "shift_y"]].to_numpy().tolist()
        [['a.jpg', 'c.jpg', 'rotated 90', -7]]
    """
    names = list(pictures.names)
    begin = None if test is None else len(names)
    names += [] if test is None else test.names

    def picture(row: int) -> np.ndarray:
        return to_luma((pictures if begin is None or row < begin else test).picture(names[row]))

    rows: list[tuple | None] = []
    if names:
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            rows = _search(picture, names, begin, pool)
    return pd.DataFrame([row for row in rows if row], columns=list(DUPLICATE_COLUMNS)).astype(
        DUPLICATE_COLUMNS
    )


def _search(
    picture: Callable[[int], np.ndarray], names: Sequence[str], begin: int | None, pool: ThreadPoolExecutor
) -> list[tuple | None]:
    sampled = np.unique(np.linspace(0, len(names) - 1, _SAMPLED).astype(int)).tolist()
    step = min(shrink_step(picture(row).shape) for row in sampled)
    reliefs = [relief(shrink_picture(picture(row), step)) for row in sampled]
    common = CommonPicture.estimate(reliefs)
    if common is not None:
        logger.info(
            "near-duplicates: the pictures share a background; they are compared by what differs from it"
        )

    def engrave(row: int) -> np.ndarray:
        engraved = relief(shrink_picture(picture(row), step))
        return engraved if common is None else common.remove(engraved)

    frame = Frame.for_reliefs(reliefs, step)
    largest = max(picture(row).size for row in sampled)
    fingerprints = Fingerprints(frame)
    scales = [float(scale) for scale in frame.scales]

    def mark(row: int) -> list[np.ndarray]:
        canvas, _ = frame.place(engrave(row), picture(row).shape)
        return [fingerprints.of(canvas, scale).astype(np.float16) for scale in scales]

    # Each thread multiplies small matrices; threads of the library's own under them only wait for each other.
    with threadpool_limits(1, "blas"):
        marks = _in_parallel(pool, mark, range(len(names)), "fingerprints")
    by_scale = {scale: np.array([row[number] for row in marks]) for number, scale in enumerate(scales)}
    candidates = candidate_pairs(by_scale, fingerprints, begin)

    least = _LEAST_AGREEMENT + (0.0 if common is None else _BESIDE_COMMON)
    evidence = _LEAST_EVIDENCE if common is None else _LEAST_EVIDENCE_BESIDE_COMMON

    @lru_cache(_KEPT)
    def placed(row: int) -> tuple[PlacedRelief, np.ndarray]:
        canvas, to_frame = frame.place(engrave(row), picture(row).shape)
        return PlacedRelief(canvas, frame), np.vstack([to_frame, [0, 0, 1]])

    def compare(pair: CandidatePair) -> tuple | None:
        (first, to_first), (second, to_second) = placed(pair.first), placed(pair.second)
        found = align(first, second, pair.orientations, pair.scale)
        least_agreement = least + _SMALL_PIECES * (1 - found.piece / LARGEST_PIECE)
        side = min(*first.content.shape, *second.content.shape)
        least_evidence = evidence * max(1.0, _TRUSTED_SIDE / side) ** _DISTRUST
        if found.agreement < least_agreement:
            return None
        here, there = picture(pair.first), picture(pair.second)
        # Evidence is measured over the frame, most of which small pictures of many sizes leave empty.
        filled = min(1.0, min(here.size, there.size) / largest)
        if found.evidence * filled**0.5 < least_evidence:
            return None
        whole = np.linalg.inv(to_second) @ np.vstack([found.matrix, [0, 0, 1]]) @ to_first
        laid = overlay_of(whole[:2], here.shape, there.shape)
        y, x, gain, difference = _refine(lay_on(here, laid, there.shape), there, step)
        placing = laid.orientation, laid.scale, laid.shift_y + y, laid.shift_x + x
        return (names[pair.first], names[pair.second], *placing, gain, difference, found.agreement)

    return _in_parallel(pool, compare, candidates, "compare pairs", "pair")


def _in_parallel(
    pool: ThreadPoolExecutor, work: Callable, items: Sequence, description: str, unit: str = "image"
) -> list:
    """Work on the items in order, one block at a time; OpenCV and SciPy release the interpreter meanwhile."""
    done = []
    with progress(items, description, unit=unit) as bar:
        for start in range(0, len(items), _BLOCK):
            for result in pool.map(work, items[start : start + _BLOCK]):
                done.append(result)
                bar.update()
    return done


def _refine(first: np.ndarray, second: np.ndarray, step: int) -> tuple[int, int, float, float]:
    """Find the shift to the pixel: shift_y, shift_x, gain and difference of the best one near 0."""
    reach = range(-step, step + 1)
    fits = [(y, x, *_fit(*overlap(first, second, (y, x)))) for y in reach for x in reach]
    return min(fits, key=lambda fit: fit[3])


def _fit(first: np.ndarray, second: np.ndarray) -> tuple[float, float]:
    """Gain and mean absolute difference of two pictures of one place, where neither is black nor white."""
    skip = max(1, round((first.size / _FIT_PIXELS) ** 0.5))
    first, second = (np.ascontiguousarray(picture[::skip, ::skip]) for picture in (first, second))
    seen = (cv2.min(first, second) > _DARKEST) & (cv2.max(first, second) < _BRIGHTEST)
    a, b = first[seen].astype(np.float32), second[seen].astype(np.float32)
    if len(a) < 2:
        return 1.0, 0.0
    deviation = float(a.std())
    gain = float(((a - a.mean()) * (b - b.mean())).mean()) / deviation**2 if deviation else 1.0
    return gain, float(np.abs(b - b.mean() - gain * (a - a.mean())).mean())
