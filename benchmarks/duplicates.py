"""Times of the search for near-duplicates, of the likeness to the test set and of the split into folds.

    python benchmarks/duplicates.py --pictures 2000     so many pictures, drawn first
    python benchmarks/duplicates.py --input DIR         the labelled pictures of an input folder
    python benchmarks/duplicates.py --every 4           more copies: recall by orientation and by scale

Beside the pictures stand turned, scaled, shifted, brightened and re-encoded copies of one in fifty of them,
so that recall is measured too. The rendered pictures hold a few near-duplicates of their own. Only what is
measured is printed: nothing is extrapolated. `--save DIR` keeps the pictures and copies as files, for another
search to be tried on.
"""

import argparse
import os
import resource
import tempfile
import time
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np

from severstal.competition.folder import open_input
from severstal.data.build import open_pictures
from severstal.data.duplicates import duplicate_groups, find_duplicates
from severstal.data.duplicates.orientation import ORIENTATIONS, orient
from severstal.data.duplicates.overlay import Overlay, lay_on
from severstal.data.features import picture_features
from severstal.data.folds import split_folds
from severstal.data.images import Pictures
from severstal.data.likeness import measure_likeness
from severstal.synthetic import draw_sample

EVERY = 50  # pictures, one of which has a copy
SCALES = (0.85, 0.95, 1.05, 1.18)  # limits of the groups of scales
CANDIDATES = 1000  # pictures a set in the measurement of the likeness, at most


def copy(picture: np.ndarray, other: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, str, float]:
    """A picture turned, scaled and moved by up to 40 pixels over another one, brightened, as a poor JPEG.

    Returns:
        The copy, its orientation and its scale.
    """
    orientation = str(rng.choice([name for name in ORIENTATIONS if keeps_shape(name, picture)]))
    reach = 40 * min(picture.shape) // 256
    y, x = (int(shift) for shift in rng.integers(-reach, reach + 1, 2))
    overlay = Overlay(orientation, float(rng.uniform(0.85, 1.18)), y, x)
    there = lay_on(np.full_like(picture, 255), overlay, picture.shape) == 255
    moved = np.where(there, lay_on(picture, overlay, picture.shape), other)
    moved = np.clip(moved * rng.uniform(0.7, 1.3) + rng.uniform(-10, 10), 0, 255).astype(np.uint8)
    coded = cv2.imencode(".jpg", moved, [cv2.IMWRITE_JPEG_QUALITY, 60])[1]
    return cv2.imdecode(coded, cv2.IMREAD_GRAYSCALE), orientation, overlay.scale


def keeps_shape(orientation: str, picture: np.ndarray) -> bool:
    """Return whether a rotated picture keeps its shape."""
    return orient(picture, orientation).shape == picture.shape


def cpu_seconds() -> float:
    """Seconds of processor time of this process, which other work on the machine does not lengthen."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def with_copies(
    pictures: Pictures, every: int
) -> tuple[SimpleNamespace, dict[tuple[str, str], tuple[str, float]]]:
    """The pictures and copies of one in so many; also the pairs that are copies, by orientation and scale."""
    rng, held, known = np.random.default_rng(0), {}, {}
    for row in range(0, len(pictures.names) - 1, every):
        original, other = pictures.names[row : row + 2]
        name = f"copy of {original}"
        held[name], *placed = copy(pictures.picture(original), pictures.picture(other), rng)
        known[original, name] = tuple(placed)
    names = [*pictures.names, *held]
    both = SimpleNamespace(
        names=names, picture=lambda name: held[name] if name in held else pictures.picture(name)
    )
    return both, known


def print_recall(found: set[tuple[str, str]], copies: dict[tuple[str, str], tuple[str, float]]) -> None:
    """Print how many of the copies were found: in all, by orientation and by scale."""
    print(f"copies found: {len(found & copies.keys())} of {len(copies)}; other: {len(found - copies.keys())}")
    for orientation in sorted({placed[0] for placed in copies.values()}):
        own = {pair for pair, placed in copies.items() if placed[0] == orientation}
        print(f"  {orientation}: {len(found & own)} of {len(own)}")
    for low, high in pairwise(SCALES):
        own = {pair for pair, placed in copies.items() if low <= placed[1] < high}
        print(f"  scaled by {low:g} to {high:g}: {len(found & own)} of {len(own)}")


def measure(pictures: Pictures, every: int, save: Path | None) -> None:
    """Print one line a figure."""
    pictures, copies = with_copies(pictures, every)
    if save is not None:
        save.mkdir(parents=True, exist_ok=True)
        for name in pictures.names:
            cv2.imwrite(str(save / f"{Path(name).stem}.png"), pictures.picture(name))
    size = f"{len(pictures.names):,} pictures, {os.cpu_count()} cores"
    start, used = time.perf_counter(), cpu_seconds()
    pairs = find_duplicates(pictures)
    seconds, used = time.perf_counter() - start, cpu_seconds() - used
    print(f"find near-duplicates, {size}: {seconds:.1f} s, {used:.1f} s of CPU, {len(pairs)} pairs")
    print(f"most memory so far: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.2f} GB")
    print_recall(set(zip(pairs["first"], pairs["second"], strict=True)), copies)
    start = time.perf_counter()
    features = picture_features(pictures)
    print(f"describe, {size}: {time.perf_counter() - start:.1f} s")
    order = np.random.default_rng(0).permutation(len(features))
    first, second = (features.iloc[half[:CANDIDATES]] for half in np.array_split(order, 2))
    start = time.perf_counter()
    auc = measure_likeness(first, second).auc
    print(
        f"AUC of two random halves ({len(first)} + {len(second)}): {auc:.3f} (chance: 0.5), "
        f"{time.perf_counter() - start:.1f} s"
    )
    presence = np.random.default_rng(0).random((len(features), 4)) < (0.07, 0.02, 0.41, 0.06)
    start = time.perf_counter()
    split_folds(pictures.names, presence, 5, groups=duplicate_groups(pictures.names, pairs))
    print(f"split {len(features):,} pictures into 5 folds: {time.perf_counter() - start:.1f} s")


def main() -> None:
    """Measure on drawn pictures or on those of an input folder."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pictures", type=int, default=1000, help="to draw")
    parser.add_argument("--input", help="take the labelled pictures of this input folder instead")
    parser.add_argument("--every", type=int, default=EVERY, help="one of so many pictures has a copy")
    parser.add_argument("--save", type=Path, help="keep the pictures and copies in this folder")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if arguments.input is None:
            draw_sample(Path(folder) / "sample", arguments.pictures, 8)
        data = open_input(Path(arguments.input or f"{folder}/sample"))
        pictures = open_pictures(data.train_images, data.train_names(), data.spec, Path(folder) / "store")
        measure(pictures, arguments.every, arguments.save)


if __name__ == "__main__":
    main()
