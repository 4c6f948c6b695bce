"""How long the predictor takes: from load to the first answer, over many pictures, and on a long strip.

    python benchmarks/predictor.py first RUN PICTURE
    python benchmarks/predictor.py many RUN PICTURE [--pictures 1000]
    python benchmarks/predictor.py strip RUN PICTURE [--length 200000]

`first` starts a fresh Python: importing, loading and predicting one picture. `many` segments copies of a
picture into a folder (overlays and tables) and compares with the bare network on the same batches; it prints
the resident memory at a quarter of the pictures and at the end. `strip` repeats the picture along its width,
predicts it in tiles, and prints the most memory that was resident. Beside the seconds of a clock stand those
of the processor, which other programs on the machine change less.
"""

import argparse
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np

FIRST = """
import resource, sys, time
start = time.perf_counter()
import severstal
predictor = severstal.load(sys.argv[1], device="cpu")
predictor(sys.argv[2])
used = resource.getrusage(resource.RUSAGE_SELF)
print(time.perf_counter() - start, used.ru_utime + used.ru_stime)
heavy = ("torch._dynamo", "accelerate", "albumentations", "matplotlib", "pandas", "severstal.training")
print(*[name for name in heavy if name in sys.modules] or ["none"])
"""


def processor() -> float:
    """Seconds of processor time that this process has used."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def resident() -> float:
    """Megabytes of resident memory."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def first(run: str, picture: Path) -> None:
    """Time a fresh process."""
    words = [sys.executable, "-c", FIRST, run, str(picture)]
    ran = subprocess.run(words, capture_output=True, text=True, check=True)
    seconds, heavy = ran.stdout.strip().splitlines()[-2:]
    wall, used = map(float, seconds.split())
    print(f"from import to first answer: {wall:.2f} s by the clock, {used:.2f} s of processor time")
    print(f"load average {os.getloadavg()[0]:.1f}; imported of what prediction does without: {heavy}")


def many(run: str, picture: Path, count: int) -> None:
    """Compare `segment_files` with the bare network."""
    import severstal
    from severstal.deploy.segment.run import segment_files

    predictor = severstal.load(run, device="cpu")
    grey = cv2.imread(str(picture), cv2.IMREAD_GRAYSCALE)
    size = predictor.model.batch_size
    predictor.model.probabilities(np.stack([grey] * size))
    start, used = time.perf_counter(), processor()
    batches = max(2, min(count, 64) // size)
    for _ in range(batches):
        predictor.model.probabilities(np.stack([grey] * size))
    bare = (processor() - used) / (batches * size)
    clock = (time.perf_counter() - start) / (batches * size)
    print(f"network alone: {bare * 1000:.0f} ms of processor time, {clock * 1000:.0f} ms by the clock")
    with tempfile.TemporaryDirectory() as folder:
        sources = Path(folder, "in")
        sources.mkdir()
        for number in range(count):
            shutil.copy(picture, sources / f"{number:06d}{picture.suffix}")
        memory, original = [], predictor.model.probabilities

        def watched(pictures: np.ndarray) -> object:
            memory.append(resident())
            return original(pictures)

        predictor.model.probabilities = watched
        start, used = time.perf_counter(), processor()
        done = segment_files(predictor, [str(sources)], Path(folder, "out"))
        whole = (processor() - used) / count
        clock_whole = (time.perf_counter() - start) / count
    print(f"segment: {whole * 1000:.0f} ms of processor time, {clock_whole * 1000:.0f} ms by the clock")
    print(f"of the bare rate: {bare / whole:.0%} by processor time, {clock / clock_whole:.0%} by the clock")
    print(f"resident: {memory[len(memory) // 4]:.0f} MB at a quarter, {memory[-1]:.0f} MB at the end")
    print(f"{done.pictures} pictures, {done.defects} defects; load average {os.getloadavg()[0]:.1f}")


def strip(run: str, picture: Path, length: int) -> None:
    """Predict one long strip."""
    import severstal

    predictor = severstal.load(run, device="cpu")
    grey = cv2.imread(str(picture), cv2.IMREAD_GRAYSCALE)
    long = np.tile(grey, (1, -(-length // grey.shape[1])))[:, :length]
    before, used = resident(), processor()
    result = predictor(np.ascontiguousarray(long))
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    print(f"{result.image_shape[0]} x {result.image_shape[1]}: {len(result.defects)} defects")
    print(f"resident: {before:.0f} MB before, {most:.0f} MB at most; {processor() - used:.0f} s of processor")


def main() -> None:
    """Run one of the three."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=["first", "many", "strip"])
    parser.add_argument("run")
    parser.add_argument("picture", type=Path)
    parser.add_argument("--pictures", type=int, default=1000)
    parser.add_argument("--length", type=int, default=200_000)
    given = parser.parse_args()
    if given.what == "first":
        first(given.run, given.picture)
    elif given.what == "many":
        many(given.run, given.picture, given.pictures)
    else:
        strip(given.run, given.picture, given.length)


if __name__ == "__main__":
    main()
