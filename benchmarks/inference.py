"""Pictures a second from files to maps on disk, beside the plain loop.

    python benchmarks/inference.py
    python benchmarks/inference.py --recipe baseline --images 64

The plain loop is that of a first notebook: one model, fp32, one picture at a time, read in colour and turned
to grey, its probabilities brought back as floats. Ours keeps the maps too, with one view and with the
recipe's own; the pictures were decoded once before. The weights are random: they change nothing but the
numbers. Everything goes through once before it is timed.
"""

import argparse
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import torch

from severstal.competition.folder import open_input
from severstal.device import make_accelerator
from severstal.inference.predict import PredictionTask, predict_maps
from severstal.models.from_recipe import new_network
from severstal.models.network import Network
from severstal.recipe import Recipe
from severstal.runs.opening import open_job
from severstal.synthetic import draw_sample

REPEATS = 3


def plain_loop(paths: list[Path], network: Network, recipe: Recipe, device: torch.device) -> None:
    """Read, predict and fetch one picture after the other."""
    data = recipe.data
    with torch.no_grad():
        for path in paths:
            grey = cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2GRAY).astype(np.float32) / 255
            size = (grey.shape[1] // data.scale, grey.shape[0] // data.scale)
            small = cv2.resize(grey, size, interpolation=cv2.INTER_AREA) if data.scale > 1 else grey
            inputs = torch.from_numpy((small - data.mean) / data.std)[None, None].to(device)
            network(inputs).masks.sigmoid().cpu().numpy()


def per_second(work: Callable[[], object], pictures: int) -> float:
    """Median of several runs."""
    rates = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        work()
        rates.append(pictures / (time.perf_counter() - start))
    return statistics.median(rates)


def measure(recipe: str, images: int) -> dict[str, float]:
    """Pictures a second of each way of predicting."""
    with tempfile.TemporaryDirectory() as parent:
        draw_sample(Path(parent) / "sample", 8, images)
        job = open_job(recipe, Path(parent) / "sample")
        job = replace(job, folder=Path(parent) / "runs" / "benchmark")
        paths = [open_input(job.data.root).test_images / name for name in job.sample.images]
        accelerator = make_accelerator(job.recipe.training.precision)
        network = new_network(job.recipe, job.spec, "none").to(accelerator.device).eval()
        pictures = job.test_pictures
        maps = Path(parent) / "maps"

        def ours(recipe: Recipe) -> None:
            shutil.rmtree(maps, ignore_errors=True)
            part = PredictionTask(recipe, {0: network}, lambda name: [0], maps, "key", accelerator)
            predict_maps([part], pictures, job.sample.images, job.spec)

        def plain() -> None:
            plain_loop(paths, network, job.recipe, accelerator.device)

        one_view = replace(job.recipe, inference=replace(job.recipe.inference, flips=("none",)))
        plain()
        slow = per_second(plain, len(paths))
        ours(one_view)
        return {
            "plain loop, one view": slow,
            "ours, one view": per_second(lambda: ours(one_view), len(paths)),
            "ours, all views": per_second(lambda: ours(job.recipe), len(paths)),
        }


def main() -> None:
    """Print one line per way of predicting."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--recipe", default="smoke")
    parser.add_argument("--images", type=int, default=32)
    settings = parser.parse_args()
    rates = measure(settings.recipe, settings.images)
    gpu = torch.cuda.is_available()
    name = torch.cuda.get_device_name() if gpu else f"{torch.get_num_threads()} CPU threads"
    print(f"{settings.recipe} on {name}, {settings.images} pictures")
    for way, rate in rates.items():
        print(f"{way:22} {rate:8.1f} pictures per second")
    print(f"ours is {rates['ours, one view'] / rates['plain loop, one view']:.2f} times the plain loop")


if __name__ == "__main__":
    main()
