"""The search for rules at full size, and how many times faster it is than reading maps for each candidate.

    python benchmarks/search.py [--images N] [--subset N]

Summaries of 12,568 images and 4 classes are made up, with the competition's number of defects and more false
alarms than a trained network raises. The search over 20 gates x 50 high x all minimum areas x 50 low
thresholds runs in a process of its own, so that the memory it reports is its own.

Beside it, maps of a few images are written to disk, and candidates are scored the plain way: read the map,
threshold it, compare it with the truth. That is measured on the subset alone, and by multiplication extended
to all images and all candidates. It is counted in favour of the plain way: a candidate is a gate, a high and
a low threshold, as if every minimum area came for free; the maps lie in the page cache; and the truth is
decoded once. The scores of the candidates tried must equal those of the search.
"""

import argparse
import multiprocessing
import resource
import tempfile
import time
from multiprocessing.connection import Connection
from pathlib import Path

import cv2
import numpy as np

from severstal.competition.metric import class_areas, pair_dice
from severstal.competition.spec import SEVERSTAL
from severstal.decision.crossfit import CrossFit
from severstal.decision.draw import apply
from severstal.decision.rules import ClassRule, Rules
from severstal.decision.saved import load_cross_fit, save_cross_fit
from severstal.decision.score import pair_areas
from severstal.decision.search import (
    SearchResult,
    SearchSettings,
    search_any,
    search_rules,
    thresholds_between,
)
from severstal.decision.summary import Summary, summarise
from severstal.inference.maps import MapReader, MapWriter

IMAGES = 12_568
DEFECTS = (897, 247, 5150, 801)
STEPS = 50
SETTINGS = SearchSettings(thresholds=thresholds_between(0.05, 0.95, STEPS))
TRIED = 20


def make_summary(images: int, seed: int = 0) -> Summary:
    """Areas that fall with the level as those of real maps do, at any number of images."""
    random = np.random.default_rng(seed)
    shape = (images, len(SEVERSTAL.classes))
    levels = np.arange(256)
    areas = np.zeros((*shape, 256), np.int32)
    intersections = np.zeros_like(areas)
    true = np.zeros(shape, np.int32)
    probability = np.zeros(shape, np.uint8)
    for index, defects in enumerate(DEFECTS):
        count = max(1, round(defects * images / IMAGES))
        defect = np.zeros(images, bool)
        defect[random.permutation(images)[:count]] = True
        # The highest level of a map, its size there, and how fast it grows below; half of the clean ones stay
        # below every threshold.
        peak = np.where(defect, random.normal(220, 50, images), random.normal(20, 70, images)).clip(0, 255)
        size = np.exp(random.normal(np.where(defect, 8.5, 6.5), 1.2)).clip(1, SEVERSTAL.pixels / 4)
        steep = random.uniform(0.5, 4, images)
        fall = (1 - levels / np.maximum(peak, 1)[:, None]).clip(0) ** (1 / steep[:, None])
        area = (size[:, None] * fall * (1 + 2 * (1 - levels / 255))).astype(np.int32)
        area[:, 0] = SEVERSTAL.pixels
        true[:, index] = np.where(defect, size * random.uniform(0.5, 1.5, images), 0).astype(np.int32)
        quality = random.uniform(0.5, 1, images)[:, None]
        inside = (np.minimum(area, true[:, index, None]) * quality).astype(np.int32)
        inside[:, 0] = true[:, index]
        areas[:, index], intersections[:, index] = area, np.minimum.accumulate(inside, axis=1)
        sure = np.where(defect, random.normal(0.85, 0.2, images), random.normal(0.1, 0.25, images))
        probability[:, index] = (sure.clip(0, 1) * 255).round()
    names = tuple(f"{index:09x}.jpg" for index in range(images))
    return Summary(names, SEVERSTAL, areas, intersections, true, probability)


def search(images: int, reply: Connection) -> None:
    """Search once, and send seconds of wall clock and processor, peak memory in GB, and what was found."""
    summary = make_summary(images)
    wall, work = time.perf_counter(), time.process_time()
    result = search_rules(summary, SETTINGS)
    wall, work = time.perf_counter() - wall, time.process_time() - work
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    lines = [f"  {name}: {rule}" for name, rule in zip(result.rules.classes, result.rules.rules, strict=True)]
    lines.append(f"  score {result.found.score:.4f}, at plain 0.5 {result.plain.score:.4f}")
    lines.append(save_and_load(summary, result))
    reply.send((wall, work, memory, lines))


def save_and_load(summary: Summary, result: SearchResult) -> str:
    """Size of a saved search, and seconds to write and to read it; what is read must equal what was found."""
    areas = pair_areas(summary, result.rules)
    fold_rules = dict.fromkeys(range(5), result.rules)
    fitted = CrossFit(fold_rules, *areas, result.found, result.found, result.plain, None, result, [])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "search.npz"
        began = time.perf_counter()
        save_cross_fit(fitted, path)
        middle = time.perf_counter()
        again = load_cross_fit(path, SEVERSTAL)
        ended, size = time.perf_counter(), path.stat().st_size
    for one, other in zip(result.classes, again.result.classes, strict=True):
        assert one.landscape.scores.tobytes() == other.landscape.scores.tobytes()
    in_memory = sum(search.landscape.scores.nbytes for search in result.classes)
    return (
        f"  saved: {size / 1e6:.1f} MB, of {in_memory / 1e6:.0f} MB of landscapes; "
        f"written in {middle - began:.1f} s, read in {ended - middle:.1f} s"
    )


def write_maps(images: int, folder: str) -> tuple[MapReader, dict[str, np.ndarray]]:
    """Maps with blobs in them, and their truth."""
    random = np.random.default_rng(1)
    names = [f"{index}.jpg" for index in range(images)]
    writer = MapWriter(folder, names, SEVERSTAL, 1, "benchmark")
    truth = {}
    for shard, some in writer.missing_shards():
        maps = np.zeros((len(some), len(SEVERSTAL.classes), *SEVERSTAL.image_shape), np.uint8)
        for name, planes in zip(some, maps, strict=True):
            truth[name] = np.zeros(SEVERSTAL.image_shape, np.uint8)
            for index, plane in enumerate(planes):
                plane[:] = random.integers(0, 3, plane.shape)
                if random.random() < 0.3:
                    centre = (int(random.integers(0, 1600)), int(random.integers(0, 256)))
                    axes = (int(random.integers(20, 200)), int(random.integers(20, 100)))
                    cv2.ellipse(plane, centre, axes, 0, 0, 360, int(random.integers(60, 250)), cv2.FILLED)
                    plane[:] = cv2.GaussianBlur(plane, (0, 0), 8)
                    truth[name] |= (plane > 100).astype(np.uint8) << index
        writer.write(shard, maps)
    writer.close()
    return MapReader(folder), truth


def read_again(images: int, candidates: int) -> float:
    """Seconds that one candidate costs an image when the maps are read for it."""
    random, spent = np.random.default_rng(2), 0.0
    with tempfile.TemporaryDirectory() as folder:
        reader, truth = write_maps(images, folder)
        reader.verify()
        summary = summarise(reader, truth, SEVERSTAL)
        landscapes = [found.landscape for found in search_any(summary, SETTINGS).classes]
        grid = landscapes[0].grid
        for _ in range(candidates):
            low, high = np.sort(random.integers(0, STEPS, 2))
            gate, area = random.integers(len(grid.gates)), random.integers(len(grid.min_areas))
            thresholds = grid.thresholds[high], grid.thresholds[low]
            rule = ClassRule(*thresholds, int(grid.min_areas[area]), grid.gates[gate])
            rules = Rules(SEVERSTAL.classes, (rule,) * len(SEVERSTAL.classes))
            began = time.perf_counter()
            areas = [
                class_areas(apply(reader.full(row), rules, SEVERSTAL, sure), truth[name], len(rules.classes))
                for row, (name, sure) in enumerate(zip(reader.names, summary.class_probability, strict=True))
            ]
            spent += time.perf_counter() - began
            dice = pair_dice(*np.array(areas).transpose(1, 0, 2)).mean(axis=0)  # (C,)
            for landscape, score in zip(landscapes, dice, strict=True):
                assert abs(landscape.scores[gate, high, area, low] - score) < 1e-6
    return spent / candidates / images


def main() -> None:
    """Print both figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--images", type=int, default=IMAGES, help="in the summaries")
    parser.add_argument("--subset", type=int, default=16, help="images whose maps are read")
    options = parser.parse_args()
    here, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=search, args=(options.images, there))
    process.start()
    wall, work, memory, lines = here.recv()
    process.join()
    size = f"{options.images:,} images x {len(DEFECTS)} classes"
    gates = len(SETTINGS.gates)
    print(f"search of {size}, {gates} gates x {STEPS} high x all minimum areas x {STEPS} low thresholds:")
    print(
        f"  {wall:.2f} s on the clock, {work:.2f} s of processor, peak memory {memory:.2f} GB with summaries"
    )
    print(*lines, sep="\n")

    one, candidates = read_again(options.subset, TRIED), gates * STEPS * (STEPS + 1) // 2
    plain = one * options.images * candidates
    print(
        f"reading the maps for each candidate, {TRIED} candidates on {options.subset} images, scores equal:"
    )
    print(f"  {one * 1e3:.2f} ms per image and candidate, one process, maps in the page cache")
    print(f"  extended to {size} and {candidates:,} candidates: {plain / 3600:,.0f} h")
    print(f"  {plain / wall:,.0f} times the search, with every minimum area counted as one candidate")


if __name__ == "__main__":
    main()
