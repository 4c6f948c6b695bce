"""Find the pictures that show the same steel twice, and the groups that they form."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache

import cv2
import numpy as np
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from severstal.data.duplicates.compare import align
from severstal.data.duplicates.fingerprint import alike, fingerprint, relief, shrinking
from severstal.data.duplicates.table import COLUMNS
from severstal.data.images import Pictures
from severstal.progress import progress

# No two of 70 real pictures have more than 0.15; brightened, noisy, re-encoded copies of them, moved by up to
# 40 pixels, have 0.25 to 1; at 60 pixels one in thirty falls below the line.
LEAST_LIKENESS = 0.18
LEAST_AGREEMENT = 0.6  # see align: different steel reaches 0.5, copies start above that
CANDIDATES = 12  # a picture
BLOCK = 512  # pictures in work at a time
ENOUGH = 50_000  # pixels to measure gain and difference on
KEPT = 256  # reliefs in memory: 100 MB of the real size


def find_duplicates(pictures: Pictures) -> pd.DataFrame:
    """Find near-duplicates: copies that are shifted, brightened, noisy, re-encoded, or several of these.

    Fingerprints (a perceptual hash, see `fingerprint`) name the candidates; a comparison of their pixels (see
    `align`) decides. A picture without texture, such as a black one, never counts as a duplicate: nothing in
    it could prove it. In memory are one fingerprint per picture (6 KB at 256 x 1600) and a few hundred
    pictures, whatever their number.

    Args:
        pictures: all of one shape; all that is asked of it is `names` and `picture(name)`.

    Returns:
        One row per pair, in the order of the pictures: `first` and `second` (ImageIds); `shift_y` and
        `shift_x` (int, pixels): what is at p in the first is at p + shift in the second; `gain`: the grey of
        the second is that of the first times gain, plus an offset; `difference`: what is left then, mean
        absolute grey levels where both show steel; `agreement`: the median correlation of small pieces, 0.6
        to 1.

    Example:
        >>> from types import SimpleNamespace
        >>> grey = np.random.default_rng(0).integers(80, 120, (64, 96)).astype(np.uint8)
        >>> other = np.random.default_rng(1).integers(80, 120, (64, 96)).astype(np.uint8)
        >>> held = {"a.jpg": grey, "b.jpg": other, "c.jpg": np.roll(grey, 7, 1) + 10}
        >>> pairs = find_duplicates(SimpleNamespace(names=list(held), picture=held.get))
        >>> pairs[["first", "second", "shift_x"]].to_numpy().tolist()
        [['a.jpg', 'c.jpg', 7]]
    """
    names = list(pictures.names)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        marks = _in_parallel(
            pool, lambda name: fingerprint(relief(pictures.picture(name))), names, "fingerprints"
        )
        candidates = list(alike(np.array(marks), LEAST_LIKENESS, CANDIDATES)) if names else []
        engraved = lru_cache(KEPT)(lambda row: relief(pictures.picture(names[row])))

        def judge(pair: tuple[int, int]) -> tuple | None:
            found = align(engraved(pair[0]), engraved(pair[1]))
            if found.agreement < LEAST_AGREEMENT:
                return None
            first, second = (pictures.picture(names[row]) for row in pair)
            step = shrinking(first.shape)
            shift = found.shift[0] * step, found.shift[1] * step
            return (names[pair[0]], names[pair[1]], *_refine(first, second, shift, step), found.agreement)

        rows = _in_parallel(pool, judge, candidates, "compare pairs", "pair")
    return pd.DataFrame([row for row in rows if row], columns=list(COLUMNS)).astype(COLUMNS)


def duplicate_groups(names: Sequence[str], pairs: pd.DataFrame) -> pd.Series:
    """Put pictures that are duplicates, or duplicates of duplicates, into one group.

    Args:
        names: of all pictures, each once.
        pairs: columns `first` and `second`; pairs with a picture that is not in `names` are left out.

    Returns:
        The group of each name (int64 from 0, in the order of their first pictures), indexed by `ImageId`.

    Example:
        >>> pairs = pd.DataFrame({"first": ["a", "c"], "second": ["c", "d"]})
        >>> duplicate_groups(["a", "b", "c", "d"], pairs).to_dict()
        {'a': 0, 'b': 1, 'c': 0, 'd': 0}
    """
    row = {name: index for index, name in enumerate(names)}
    pairs = pairs[pairs["first"].isin(row) & pairs["second"].isin(row)]
    ends = pairs["first"].map(row).to_numpy(int), pairs["second"].map(row).to_numpy(int)
    graph = coo_array((np.ones(len(pairs)), ends), shape=(len(row), len(row)))
    _, label = connected_components(graph, directed=False)
    return pd.Series(
        pd.factorize(label)[0].astype("int64"), index=pd.Index(names, name="ImageId"), name="group"
    )


def _in_parallel(
    pool: ThreadPoolExecutor, work: Callable, items: Sequence, description: str, unit: str = "image"
) -> list:
    """Work on the items in order, a block at a time; OpenCV and SciPy let go of the interpreter meanwhile."""
    done = []
    with progress(items, description, unit=unit) as bar:
        for start in range(0, len(items), BLOCK):
            for result in pool.map(work, items[start : start + BLOCK]):
                done.append(result)
                bar.update()
    return done


def _refine(
    first: np.ndarray, second: np.ndarray, shift: tuple[int, int], step: int
) -> tuple[int, int, float, float]:
    """Find the shift to the pixel: shift_y, shift_x, gain and difference of the best one near `shift`."""
    fits = []
    for y in range(shift[0] - step + 1, shift[0] + step):
        for x in range(shift[1] - step + 1, shift[1] + step):
            fits.append((y, x, *_fit(*overlap(first, second, (y, x)))))
    return min(fits, key=lambda fit: fit[3])


def overlap(first: np.ndarray, second: np.ndarray, shift: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Cut from two pictures, or two bitmasks, what lies on each other under a shift.

    Args:
        first: (H, W).
        second: (H, W).
        shift: (y, x) in pixels: what is at p in the first is at p + shift in the second.

    Returns:
        Two views of one shape.

    Example:
        >>> overlap(np.arange(4)[None], np.arange(4)[None] + 10, (0, 1))
        (array([[0, 1, 2]]), array([[11, 12, 13]]))
    """
    height, width = first.shape
    y, x = shift
    here = np.s_[max(0, -y) : height - max(0, y), max(0, -x) : width - max(0, x)]
    there = np.s_[max(0, y) : height - max(0, -y), max(0, x) : width - max(0, -x)]
    return first[here], second[there]


def _fit(first: np.ndarray, second: np.ndarray) -> tuple[float, float]:
    """Gain and mean absolute difference of two pictures of one place, where neither is black nor white."""
    skip = max(1, round((first.size / ENOUGH) ** 0.5))
    first, second = (np.ascontiguousarray(picture[::skip, ::skip]) for picture in (first, second))
    seen = (cv2.min(first, second) > 12) & (cv2.max(first, second) < 250)
    a, b = first[seen].astype(np.float32), second[seen].astype(np.float32)
    if len(a) < 2:
        return 1.0, 0.0
    spread = float(a.std())
    gain = float(((a - a.mean()) * (b - b.mean())).mean()) / spread**2 if spread else 1.0
    return gain, float(np.abs(b - b.mean() - gain * (a - a.mean())).mean())
