"""How long the predictor takes: from load to the first answer, over many pictures, and on a long strip.

    python benchmarks/predictor.py first RUN PICTURE
    python benchmarks/predictor.py many RUN PICTURE... [--pictures 1000] [--format overlay csv]
    python benchmarks/predictor.py stages RUN PICTURE...
    python benchmarks/predictor.py strip RUN PICTURE [--length 200000]

`first` starts a fresh Python: importing, loading and predicting one picture. `many` segments copies of the
pictures, in turn, into a folder and compares with the bare network on the same pictures; it prints the
resident memory at a quarter of the pictures and at the end. `stages` prints what each step takes per picture.
`strip` repeats the picture along its width, predicts it in tiles, and prints the most memory that was
resident. Beside the seconds of a clock stand those of the processor, which other programs on the machine
change less.
"""

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
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


def many(run: str, pictures: list[Path], count: int, formats: list[str]) -> None:
    """Compare `segment_files` with the bare network."""
    import severstal
    from severstal.deploy.segment.run import segment_files

    predictor = severstal.load(run, device="cpu")
    size = predictor.model.batch_size
    grey = [cv2.imread(str(path), cv2.IMREAD_GRAYSCALE) for path in pictures[: max(size, 32)]]
    batches = [np.stack(grey[start : start + size]) for start in range(0, len(grey) - size + 1, size)]
    predictor.model.probabilities(batches[0])
    start, used = time.perf_counter(), processor()
    for batch in batches:
        predictor.model.probabilities(batch)
    bare = (processor() - used) / (len(batches) * size)
    clock = (time.perf_counter() - start) / (len(batches) * size)
    print(f"network alone: {bare * 1000:.0f} ms of processor time, {clock * 1000:.0f} ms by the clock")
    with tempfile.TemporaryDirectory() as folder:
        sources = Path(folder, "in")
        sources.mkdir()
        for number in range(count):
            picture = pictures[number % len(pictures)]
            shutil.copy(picture, sources / f"{number:06d}{picture.suffix}")
        memory, original, networks = [], predictor.model.probabilities, [0.0]

        def watched(given: np.ndarray) -> object:
            memory.append(resident())
            begun = time.thread_time()
            said = original(given)
            networks[0] += time.thread_time() - begun
            return said

        predictor.model.probabilities = watched
        start, used = time.perf_counter(), processor()
        done = segment_files(predictor, [str(sources)], Path(folder, "out"), formats)
        whole = (processor() - used) / count
        clock_whole = (time.perf_counter() - start) / count
    inside = networks[0] / count
    print(f"segment: {whole * 1000:.0f} ms of processor time, {clock_whole * 1000:.0f} ms by the clock")
    print(f"of the bare rate: {bare / whole:.0%} by processor time, {clock / clock_whole:.0%} by the clock")
    print(f"of its processor time the network took {inside * 1000:.0f} ms: {inside / whole:.0%}")
    print(f"resident: {memory[len(memory) // 4]:.0f} MB at a quarter, {memory[-1]:.0f} MB at the end")
    print(f"{done.pictures} pictures, {done.defective} with a defect, {done.defects} defects; {formats}")
    print(f"load average {os.getloadavg()[0]:.1f}, {torch_threads()} thread(s) for the network")


def torch_threads() -> int:
    """Threads that torch computes with."""
    import torch

    return torch.get_num_threads()


def stages(run: str, pictures: list[Path]) -> None:
    """Time each step on one picture at a time."""
    import severstal
    from severstal.deploy.formats.plain import result_to_json
    from severstal.deploy.formats.save import write_png
    from severstal.deploy.result import Result

    cv2.setNumThreads(1)
    predictor, spent = severstal.load(run, device="cpu"), dict[str, float]()

    def timed(step: str, do: Callable[..., object], *given: object) -> object:
        begun = processor()
        made = do(*given)
        spent[step] = spent.get(step, 0.0) + processor() - begun
        return made

    def record(result: Result) -> str:
        return json.dumps([result_to_json(result, False), result.to_rle()])

    original = predictor.model.probabilities
    predictor.model.probabilities = lambda given: timed("network", original, given)
    found, defects = 0, 0
    predictor(pictures[0])
    spent.clear()
    with tempfile.TemporaryDirectory() as folder:
        for path in pictures:
            result = timed("reading, network, rules and defects", predictor, path)
            overlay = timed("overlay", result.overlay)
            timed("overlay as PNG", write_png, overlay, Path(folder, "overlay.png"))
            labels = timed("label map", getattr, result, "label_map")
            timed("label map as PNG", write_png, labels, Path(folder, "mask.png"))
            timed("record", record, result)
            found, defects = found + (not result.ok), defects + len(result.defects)
    spent["reading, rules and defects"] = spent.pop("reading, network, rules and defects") - spent["network"]
    for step, seconds in sorted(spent.items(), key=lambda item: -item[1]):
        print(f"{step:28s} {seconds / len(pictures) * 1000:7.2f} ms of processor time per picture")
    print(f"{len(pictures)} pictures, {found} with a defect, {defects} defects")


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
    """Run one of the four."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=["first", "many", "stages", "strip"])
    parser.add_argument("run")
    parser.add_argument("picture", nargs="+", type=Path)
    parser.add_argument("--pictures", type=int, default=1000)
    parser.add_argument("--format", nargs="+", default=["overlay", "csv"])
    parser.add_argument("--length", type=int, default=200_000)
    given = parser.parse_args()
    if given.what == "first":
        first(given.run, given.picture[0])
    elif given.what == "many":
        many(given.run, given.picture, given.pictures, given.format)
    elif given.what == "stages":
        stages(given.run, given.picture)
    else:
        strip(given.run, given.picture[0], given.length)


if __name__ == "__main__":
    main()
