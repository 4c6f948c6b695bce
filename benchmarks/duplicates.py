"""Times of the search for near-duplicates, of the likeness to the test set and of the split into folds.

    python benchmarks/duplicates.py --pictures 2000     so many pictures, drawn first
    python benchmarks/duplicates.py --input DIR         the labelled pictures of an input folder

Beside the pictures stand turned, scaled, shifted, brightened and re-encoded copies of one in fifty of them,
so that recall is measured too. The rendered pictures hold a few near-duplicates of their own. Only what is
measured is printed: nothing is extrapolated.
"""

import argparse
import os
import resource
import tempfile
import time
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
CANDIDATES = 1000  # pictures a set in the measurement of the likeness, at most


def copy(picture: np.ndarray, other: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A picture turned, scaled and moved by up to 40 pixels over another one, brightened, as a poor JPEG."""
    orientation = str(rng.choice([name for name in ORIENTATIONS if keeps_shape(name, picture)]))
    reach = 40 * min(picture.shape) // 256
    y, x = (int(shift) for shift in rng.integers(-reach, reach + 1, 2))
    overlay = Overlay(orientation, float(rng.uniform(0.85, 1.18)), y, x)
    there = lay_on(np.full_like(picture, 255), overlay, picture.shape) == 255
    moved = np.where(there, lay_on(picture, overlay, picture.shape), other)
    moved = np.clip(moved * rng.uniform(0.7, 1.3) + rng.uniform(-10, 10), 0, 255).astype(np.uint8)
    return cv2.imdecode(cv2.imencode(".jpg", moved, [cv2.IMWRITE_JPEG_QUALITY, 60])[1], cv2.IMREAD_GRAYSCALE)


def keeps_shape(orientation: str, picture: np.ndarray) -> bool:
    """Return whether a rotated picture keeps its shape."""
    return orient(picture, orientation).shape == picture.shape


def cpu_seconds() -> float:
    """Seconds of processor time of this process, which other work on the machine does not lengthen."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def with_copies(pictures: Pictures) -> tuple[SimpleNamespace, set[tuple[str, str]]]:
    """The pictures and copies of one in fifty of them; also the pairs that are copies."""
    rng, held = np.random.default_rng(0), {}
    for row in range(0, len(pictures.names) - 1, EVERY):
        original, other = pictures.names[row : row + 2]
        held[f"copy of {original}"] = copy(pictures.picture(original), pictures.picture(other), rng)
    names = [*pictures.names, *held]
    both = SimpleNamespace(
        names=names, picture=lambda name: held[name] if name in held else pictures.picture(name)
    )
    return both, {(name.removeprefix("copy of "), name) for name in held}


def measure(pictures: Pictures) -> None:
    """Print one line a figure."""
    pictures, copies = with_copies(pictures)
    size = f"{len(pictures.names):,} pictures, {os.cpu_count()} cores"
    start, used = time.perf_counter(), cpu_seconds()
    pairs = find_duplicates(pictures)
    seconds, used = time.perf_counter() - start, cpu_seconds() - used
    print(f"find near-duplicates, {size}: {seconds:.1f} s, {used:.1f} s of CPU, {len(pairs)} pairs")
    print(f"most memory so far: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.2f} GB")
    found = set(zip(pairs["first"], pairs["second"], strict=True))
    print(f"copies found: {len(found & copies)} of {len(copies)}; other pairs: {len(found - copies)}")
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
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if arguments.input is None:
            draw_sample(Path(folder) / "sample", arguments.pictures, 8)
        data = open_input(Path(arguments.input or f"{folder}/sample"))
        measure(open_pictures(data.train_images, data.train_names(), data.spec, Path(folder) / "store"))


if __name__ == "__main__":
    main()
