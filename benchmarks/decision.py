"""Times of going from maps to summaries, and from maps to the CSV.

    python benchmarks/decision.py [--images N] [--shards N]

A few shards of maps are drawn and written: clean planes of 0 to 2, defects as blurred blobs, and the noise of
a network that is not sure. The CSV is that of 5,506 images, with rules that use every step: gate, two
thresholds, minimum area, holes, exclusivity and components. Its maps are those shards over and over, linked
rather than copied, so that they come from the page cache; each is checked against its checksum all the same.
"""

import argparse
import os
import statistics
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np

from severstal.competition.spec import SEVERSTAL
from severstal.competition.submission import write_submission
from severstal.competition.tables import Sample
from severstal.decision.gate import Gate
from severstal.decision.mask_table import draw_masks
from severstal.decision.rules import ClassRule, Rules
from severstal.decision.summary import summarise
from severstal.files import checksum, read_json, write_json
from severstal.inference.maps import MapReader, MapWriter
from severstal.inference.maps.layout import MANIFEST, classes_path, maps_path

IMAGES = 5506
SHARD = 64
SHARES = (0.07, 0.02, 0.41, 0.06)  # of the images in which a class is found
RULES = Rules(
    SEVERSTAL.classes,
    tuple(ClassRule(0.6, 0.4, 600, Gate("area", 5.0), 150, True) for _ in SHARES),
    exclusive=True,
)


def draw_plane(random: np.random.Generator, present: bool) -> np.ndarray:
    """A map of one class, as a trained network gives it."""
    unsure = random.normal(-6, 0.5, SEVERSTAL.image_shape).astype(np.float32)
    if present:
        blobs = np.zeros(SEVERSTAL.image_shape, np.float32)
        for _ in range(random.integers(1, 6)):
            centre = (int(random.integers(0, 1600)), int(random.integers(0, 256)))
            axes = (int(random.integers(8, 120)), int(random.integers(8, 60)))
            cv2.ellipse(blobs, centre, axes, 0, 0, 360, float(random.uniform(6, 12)), cv2.FILLED)
        unsure += cv2.GaussianBlur(blobs, (0, 0), 5)
    return (255 / (1 + np.exp(-unsure))).astype(np.uint8)


def write_maps(shards: int, folder: Path) -> tuple[MapReader, dict[str, np.ndarray]]:
    """Shards of maps, and their truth: what is above 0.5, moved by four pixels."""
    random = np.random.default_rng(0)
    names = [f"{index:09x}.jpg" for index in range(shards * SHARD)]
    writer = MapWriter(folder, names, SEVERSTAL, 1, "benchmark", SHARD)
    truth = {}
    for shard, some in writer.missing_shards():
        maps = np.stack([[draw_plane(random, random.random() < share) for share in SHARES] for _ in some])
        for name, planes in zip(some, maps, strict=True):
            bits = (planes > 127) << np.arange(len(SHARES))[:, None, None]
            truth[name] = np.roll(bits.sum(axis=0).astype(np.uint8), 4, axis=1)
        writer.write(shard, maps)
    writer.close()
    return MapReader(folder), truth


def repeat(reader: MapReader, images: int, folder: Path) -> MapReader:
    """The same shards over and over, up to so many images."""
    folder.mkdir()
    shards = -(-images // SHARD)
    for shard in range(shards):
        for path in maps_path, classes_path:
            source, target = path(reader.folder, shard % len(reader.layout.shards)), path(folder, shard)
            if (shard + 1) * SHARD <= images:
                os.link(source, target)
            else:
                np.save(target, np.load(source)[: images - shard * SHARD])
    manifest = read_json(reader.folder / MANIFEST)
    manifest["names"] = [f"{index:09x}.jpg" for index in range(images)]
    manifest["sha256"] = [
        [checksum(path(folder, shard)) for path in (maps_path, classes_path)] for shard in range(shards)
    ]
    write_json(folder / MANIFEST, manifest)
    return MapReader(folder)


def main() -> None:
    """Print one line a figure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--images", type=int, default=IMAGES, help="in the CSV")
    parser.add_argument("--shards", type=int, default=4, help="of 64 different images")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        reader, truth = write_maps(options.shards, folder / "maps")
        reader.verify()
        times = []
        for _ in range(5):
            began = time.process_time()
            summarise(reader, truth, SEVERSTAL)
            times.append((time.process_time() - began) / len(reader) * 1e3)
        print(
            f"summary, {len(reader)} images of {len(SHARES)} classes, median of 5: "
            f"{statistics.median(times):.2f} ms per image on one core"
        )

        reader = repeat(reader, options.images, folder / "many")
        began, work = time.perf_counter(), time.process_time()
        table = draw_masks(reader, RULES, SEVERSTAL)
        write_submission(folder / "submission.csv", table, Sample(tuple(reader.names), "today"), SEVERSTAL)
        wall, work = time.perf_counter() - began, time.process_time() - work
        print(
            f"maps to CSV, {len(reader):,} images, {len(table):,} masks, checksums and submission check "
            f"included: {wall:.1f} s on the clock, {work:.1f} s of processor, {os.cpu_count()} cores"
        )


if __name__ == "__main__":
    main()
