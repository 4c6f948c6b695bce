"""Training crops per second of our loader beside the plain dataset of the public kernels, on two cores.

    python benchmarks/loader.py
    python benchmarks/loader.py --input sample_data

The plain dataset is that of the competition's starter kernels: `cv2.imread` in colour, a mask of floats a
class from run-length text split at the spaces, flips and brightness on the whole picture, then the crop,
then normalised floats. Ours is the feed that trains: pictures decoded once before, crops cut first and
changed after, a byte a pixel up to the device, where `to_tensors` makes floats of them: beside a GPU the
cores are done with the bytes, beside a CPU they make the floats too, and both rates are printed. Both have
two worker processes, batches of 24 crops of 256 x 512, every picture once a round, files in the system's
cache. Without `--input` both kinds of pictures are taken: a drawn sample, and the real ones of
`../shared/data/severstal` where they are.

Then both sample from pictures whose grey levels encode column and row, to show that they crop and flip
equally: how often each eighth of a picture is shown, how many crops hold a defect, how many are mirrored; and
from the pictures themselves, how bright crops are.
"""

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import albumentations as A
import cv2
import numpy as np
import pandas as pd
import torch
from albumentations.pytorch import ToTensorV2
from torch.utils.data import DataLoader, Dataset

from severstal.competition.folder import open_input
from severstal.competition.masks import Masks
from severstal.competition.tables import read_labels
from severstal.data.build import open_pictures
from severstal.device import make_accelerator
from severstal.recipe import AugmentSettings, Recipe, TrainingSettings
from severstal.synthetic import draw_sample
from severstal.training.loader import FoldData, TrainLoader
from severstal.training.phases import Plan

REAL = Path(__file__).parents[1] / "../shared/data/severstal"
BATCH, CROP, WORKERS = 24, (256, 512), 2
PLAIN_BATCHES, OUR_BATCHES = 6, 120  # of a run: about as many seconds each
RUNS = 5
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # ImageNet's, as the kernels had them
EIGHTHS = 8
COLUMNS_A_LEVEL, LOWER_HALF = 8, 50  # how grey levels encode column and row


class KernelDataset(Dataset):
    """The plain dataset of the public kernels, with the changes and crops that our recipe draws.

    Args:
        images: folder of picture files.
        train_csv: the annotations.
        names: of the pictures.
        settings: of the crops.
        classes: how many.
    """

    def __init__(
        self, images: Path, train_csv: Path, names: Sequence[str], settings: AugmentSettings, classes: int
    ):
        table = pd.read_csv(train_csv)
        wide = table.set_index(["ImageId", "ClassId"])["EncodedPixels"].unstack()  # noqa: PD010

        self.table = wide.reindex(index=list(names), columns=range(1, classes + 1))
        self.images = images
        self.transforms = A.Compose(
            [
                A.HorizontalFlip(p=settings.horizontal_flip),
                A.VerticalFlip(p=settings.vertical_flip),
                A.RandomBrightnessContrast(settings.brightness, settings.contrast, p=0.8),
                A.CropNonEmptyMaskIfExists(*settings.crop, p=settings.non_empty),
                A.RandomCrop(*settings.crop),
                A.Normalize(mean=MEAN, std=STD),
                ToTensorV2(),
            ]
        )

    def __len__(self) -> int:
        return len(self.table)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Give (3, h, w) float32 and (C, h, w) float32."""
        name, labels = self.table.index[index], self.table.iloc[index]
        image = cv2.imread(str(self.images / name))
        height, width = image.shape[:2]
        masks = np.zeros((height, width, len(labels)), dtype=np.float32)
        for channel, label in enumerate(labels.values):
            if isinstance(label, str):
                label = label.split(" ")
                positions = map(int, label[0::2])
                length = map(int, label[1::2])
                mask = np.zeros(height * width, dtype=np.uint8)
                for position, run in zip(positions, length, strict=True):
                    mask[position - 1 : position - 1 + run] = 1
                masks[:, :, channel] = mask.reshape(height, width, order="F")
        augmented = self.transforms(image=image, mask=masks)
        return augmented["image"], augmented["mask"].permute(2, 0, 1)


class Loaders:
    """Both loaders over the same pictures.

    Args:
        root: the input folder.
        cache: where decoded pictures are kept.
        settings: of the crops.
        crops: of ours in an epoch.
    """

    def __init__(self, root: Path, cache: Path, settings: AugmentSettings, crops: int):
        data = open_input(root)
        names = data.train_names()
        labels = read_labels(data.train_csv, data.spec, names)
        store = open_pictures(data.train_images, names, data.spec, cache)
        self.recipe = Recipe(
            augment=settings,
            training=TrainingSettings(batch_size=BATCH, epoch_images=crops, workers=WORKERS),
        )
        fold = FoldData(store, Masks(labels, data.spec), data.spec, names, [])
        phase = Plan(self.recipe, crops).phase(0)
        self.feed = TrainLoader(fold, self.recipe, phase, 0, make_accelerator())
        kernel = KernelDataset(data.train_images, data.train_csv, names, settings, len(data.spec.classes))
        self.kernel = DataLoader(
            kernel,
            BATCH,
            sampler=Rounds(len(names), PLAIN_BATCHES * BATCH),
            num_workers=WORKERS,
            persistent_workers=True,
        )
        self.epoch = 0

    def bytes_of_ours(self) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        """The next epoch of ours, as a GPU takes it over."""
        for batch in self.feed.host_batches(self.epoch):
            yield batch.pictures, batch.bits
        self.epoch += 1

    def ours(self) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        """The next epoch of ours, as floats."""
        for crops in self.feed.batches(self.epoch):
            yield crops.pictures, crops.masks
        self.epoch += 1


class Rounds:
    """A number of draws from rounds of shuffled pictures.

    Args:
        images: in a round.
        draws: how many.
    """

    def __init__(self, images: int, draws: int):
        self.images, self.draws, self.left = images, draws, []
        self.random = np.random.default_rng(0)

    def __len__(self) -> int:
        return self.draws

    def __iter__(self) -> Iterator[int]:
        for _ in range(self.draws):
            self.left = self.left or self.random.permutation(self.images).tolist()
            yield self.left.pop()


def rate(batches: Iterable[tuple[torch.Tensor, torch.Tensor]]) -> float:
    """Crops a second."""
    started = time.perf_counter()
    count = sum(len(pictures) for pictures, _ in batches)
    return count / (time.perf_counter() - started)


def compare_rates(title: str, loaders: Loaders) -> None:
    """Print the medians of several runs side by side."""
    rates: dict[str, list[float]] = {"kernel": [], "bytes": [], "floats": []}
    rate(loaders.kernel), rate(loaders.ours())  # starts the workers and fills the system's cache
    for _ in range(RUNS):
        rates["kernel"].append(rate(loaders.kernel))
        rates["bytes"].append(rate(loaders.bytes_of_ours()))
        rates["floats"].append(rate(loaders.ours()))
    kernel, of_bytes, of_floats = (statistics.median(values) for values in rates.values())
    print(f"{title}, median of {RUNS} runs on {len(os.sched_getaffinity(0))} cores")
    print(f"plain dataset of the kernels {kernel:9,.0f} crops per second")
    for name, ours in (("ours, bytes to a GPU", of_bytes), ("ours, floats on the CPU", of_floats)):
        print(f"{name:28} {ours:9,.0f} crops per second, {ours / kernel:.1f} times as many")


def tell_places(root: Path, folder: Path) -> Path:
    """A copy of an input folder whose pictures encode column and row by their grey level."""
    data = open_input(root)
    (folder / "train_images").mkdir(parents=True)
    (folder / "test_images").mkdir()
    height, width = data.spec.image_shape
    told = np.tile(np.arange(width) // COLUMNS_A_LEVEL, (height, 1))
    told[height // 2 :] += LOWER_HALF
    _, file = cv2.imencode(".png", told.astype(np.uint8))
    names = data.train_names()
    for name in names:
        (folder / "train_images" / name).write_bytes(file.tobytes())
    (folder / "test_images" / names[0]).write_bytes(file.tobytes())
    (folder / "sample_submission.csv").write_text(f"ImageId,EncodedPixels,ClassId\n{names[0]},,1\n")
    (folder / "train.csv").write_bytes(data.train_csv.read_bytes())
    return folder


def places(levels: np.ndarray, masks: np.ndarray, width: int) -> np.ndarray:
    """Return statistics of crops, (N, 8 + 3): each eighth's share, non-empty, flipped left-right, top-bottom.

    Args:
        levels: (N, h, w) grey levels of pictures that encode their positions.
        masks: (N, C, h, w).
        width: of the pictures.
    """
    found = []
    for level, mask in zip(levels, masks, strict=True):
        mirrored, upside_down = level[0, 0] > level[0, -1], level[0, 0] > level[-1, 0]
        columns = np.sort(level.min(0)) * COLUMNS_A_LEVEL  # of the upper half, to within a level
        eighths = np.histogram(columns, EIGHTHS, (0, width))[0] / (width / EIGHTHS)
        found.append([*eighths, mask.any(), mirrored, upside_down])
    return np.array(found, float)


def collect(
    batches: Callable[[], Iterable], crops: int, measure: Callable[[np.ndarray, np.ndarray], np.ndarray]
) -> np.ndarray:
    """Measures of so many crops."""
    found: list[np.ndarray] = []
    while sum(map(len, found)) < crops:
        found += [measure(pictures.numpy(), masks.numpy()) for pictures, masks in batches()]
    return np.concatenate(found)[:crops]


def compare_crops(root: Path, parent: Path, settings: AugmentSettings, crops: int) -> None:
    """Print how crops of both loaders are distributed."""
    width = open_input(root).spec.image_shape[1]
    told = tell_places(root, parent / "told")
    still = replace(settings, brightness=0.0, contrast=0.0)
    loaders = Loaders(told, parent / "cache_told", still, PLAIN_BATCHES * BATCH)
    data = loaders.recipe.data
    mean, std = (np.array(values)[:, None, None] for values in (MEAN, STD))

    def ours_as_levels(pictures: np.ndarray) -> np.ndarray:
        return ((pictures * data.std + data.mean) * 255).round()[:, 0]

    def kernels_as_levels(pictures: np.ndarray) -> np.ndarray:
        return ((pictures * std + mean) * 255).round()[:, 0]

    kernel = collect(lambda: loaders.kernel, crops, lambda p, m: places(kernels_as_levels(p), m, width))
    ours = collect(loaders.ours, crops, lambda p, m: places(ours_as_levels(p), m, width))
    loaders = Loaders(root, parent / "cache", settings, PLAIN_BATCHES * BATCH)
    kernel_light = collect(lambda: loaders.kernel, crops, lambda p, _: kernels_as_levels(p).mean((1, 2)))
    our_light = collect(loaders.ours, crops, lambda p, _: ours_as_levels(p).mean((1, 2)))
    kernel, ours = np.c_[kernel, kernel_light], np.c_[ours, our_light]

    names = [f"eighth {number} shown" for number in range(1, EIGHTHS + 1)]
    names += ["holds a defect", "mirrored left-right", "mirrored top-bottom", "mean grey level"]
    print(f"{crops} crops of each      the kernels'      ours   difference in standard errors")
    for name, theirs, mine in zip(names, kernel.T, ours.T, strict=True):
        error = np.sqrt((theirs.var() + mine.var()) / crops)
        difference = (mine.mean() - theirs.mean()) / max(error, 1e-9)
        print(f"{name:24} {theirs.mean():9.3f} {mine.mean():9.3f} {difference:9.1f}")


def main() -> None:
    """Print the rates of each kind of pictures, then how crops are distributed on the last kind."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--input", type=Path)
    parser.add_argument("--crops", type=int, default=1500, help="drawn of each to compare their distribution")
    arguments = parser.parse_args()
    if len(os.sched_getaffinity(0)) > WORKERS:
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:WORKERS])
    torch.set_num_threads(WORKERS)
    settings = AugmentSettings(crop=CROP)
    with tempfile.TemporaryDirectory() as folder:
        parent = Path(folder)
        roots = {str(arguments.input): arguments.input}
        if arguments.input is None:
            draw_sample(parent / "drawn", 120, 8)
            roots = {"drawn pictures": parent / "drawn"}
            if REAL.is_dir():
                roots["real pictures"] = REAL
            else:
                print(f"no real pictures: {REAL} is not there")
        for number, (title, root) in enumerate(roots.items()):
            loaders = Loaders(root, parent / f"cache{number}", settings, OUR_BATCHES * BATCH)
            compare_rates(title, loaders)
            del loaders
        compare_crops(root, parent, settings, arguments.crops)


if __name__ == "__main__":
    main()
