"""The sample data set on disk."""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from severstal.competition import rle
from severstal.competition.folder import InputFolder
from severstal.competition.spec import SEVERSTAL
from severstal.errors import SeverstalError
from severstal.files import atomic_folder, write_text
from severstal.progress import progress
from severstal.synthetic.defects import paint
from severstal.synthetic.facts import SPLITS, Split
from severstal.synthetic.layout import lay_out
from severstal.synthetic.plan import Order, image_name, plan_pictures, stream
from severstal.synthetic.steel import ROLLS, draw_steel, steel_level
from severstal.synthetic.twins import alter

_FEWEST = 8  # smallest number of pictures that holds every class and clean pictures
_MOST = 20_000  # more than the real set has
_JPEG_QUALITY = 90  # as of the real files, about 110 KB each


def draw_image(seed: int, split: Split, index: int, order: Order) -> tuple[np.ndarray, np.ndarray]:
    """Draw one picture of steel with the defects that are ordered.

    Returns:
        The picture, (256, 1600) uint8, and its masks, (256, 1600) uint8, bit k - 1 for class k. Each class
        ordered has pixels, no other has any, and no pixel has two.

    Example:
        >>> from severstal.synthetic.plan import Wanted
        >>> picture, bits = draw_image(0, "train", 0, Order((Wanted(1, 900, 1), Wanted(3, 9000, 2))))
        >>> picture.shape, np.unique(bits).tolist()
        ((256, 1600), [0, 1, 4])
    """
    if order.twin_of is not None:
        picture, bits = draw_image(seed, split, order.twin_of, replace(order, twin_of=None))
        return alter(stream(seed, split, index, 2), picture, bits)
    layout = lay_out(seed, split, index, order)
    rng, roll = stream(seed, split, index, 1), ROLLS[split]
    level = steel_level(roll, order.classes, order.light)
    grey = draw_steel(rng, roll, layout.left, layout.right, level, marked=not order.masks)
    paint(rng, grey, layout)
    return grey.round().clip(0, 255).astype(np.uint8), layout.bits


def draw_sample(
    folder: str | Path, images: int = 480, test_images: int = 120, seed: int = 0, workers: int | None = None
) -> None:
    """Write a data set of synthetic steel in Kaggle's layout, with the truth of its test set.

    `train_images/`, `test_images/`, `train.csv` and `sample_submission.csv` look as Kaggle's do;
    `test_labels.csv` holds the labels of the test pictures in the form of `train.csv`. The folder is written
    atomically (see `atomic_folder`). Where it already holds this very sample, nothing is done. The test
    pictures come from another roll: darker, with a stronger texture, and with black beside the strip more
    often. Of the train pictures some are near-duplicates of others, from 40 pictures on at least one pair.

    Args:
        folder: folder to write.
        images: train pictures, 8 to 20,000.
        test_images: test pictures, 8 to 20,000.
        seed: random seed of the whole sample; the same seed gives the same bytes.
        workers: number of threads that draw, by default one per core; does not change what is drawn.

    Raises:
        SeverstalError: a number is impossible, the folder holds something else, or it may not be written.

    Example:
        >>> import tempfile
        >>> folder = Path(tempfile.mkdtemp()) / "sample"
        >>> draw_sample(folder, images=8, test_images=8)
        >>> sorted(path.name for path in folder.iterdir())
        ['sample_submission.csv', 'test_images', 'test_labels.csv', 'train.csv', 'train_images']
    """
    for name, number, least in (
        ("images", images, _FEWEST),
        ("test_images", test_images, _FEWEST),
        ("seed", seed, 0),
    ):
        if number < least:
            raise SeverstalError(f"{name} is {number}: give a whole number of at least {least}")
        if number > _MOST and name != "seed":
            raise SeverstalError(f"{name} is {number}: give a whole number of at most {_MOST}")
    folder = Path(folder)
    counts: dict[Split, int] = {"train": images, "test": test_images}
    names = {split: [image_name(seed, split, k) for k in range(counts[split])] for split in SPLITS}
    if _holds(InputFolder(folder, SEVERSTAL), names):
        return
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise SeverstalError(
            f"{folder}: holds something other than this sample: remove it or name another folder"
        )
    try:
        with atomic_folder(folder) as part:
            _write(InputFolder(part, SEVERSTAL), names, seed, workers)
    except SeverstalError:
        if not _holds(InputFolder(folder, SEVERSTAL), names):  # otherwise another process wrote it first
            raise


def _holds(target: InputFolder, names: dict[Split, list[str]]) -> bool:
    """Return whether a folder is complete and holds these pictures, whose names depend on seed and
    version."""
    if not all(table.is_file() for table in (target.train_csv, target.sample_csv, target.truth_csv)):
        return False
    folders = target.train_images, target.test_images
    there = [{path.name for path in folder.glob("[!.]*")} for folder in folders]
    return there == [set(names[split]) for split in SPLITS]


def _write(target: InputFolder, names: dict[Split, list[str]], seed: int, workers: int | None) -> None:
    jobs = []
    for split, folder in zip(SPLITS, (target.train_images, target.test_images), strict=True):
        folder.mkdir(parents=True)
        plan = plan_pictures(len(names[split]), seed, split)
        jobs += [(seed, split, index, plan[index], folder / name) for index, name in enumerate(names[split])]
    # Threads, not processes: NumPy and OpenCV release the GIL while they draw, and a thread needs
    # no guarded main module, which a notebook or a plain script does not have.
    pool = ThreadPoolExecutor(workers or min(os.cpu_count() or 1, 8))
    try:
        rows = list(progress(pool.map(_draw_file, jobs), "drawing steel", total=len(jobs)))
    finally:
        pool.shutdown(cancel_futures=True)
    train = len(names["train"])
    _write_labels(target.train_csv, rows[:train])
    _write_labels(target.truth_csv, rows[train:])
    sample = [f"{name},1 {SEVERSTAL.pixels},0\n" for name in sorted(names["test"])]
    write_text(target.sample_csv, "ImageId,EncodedPixels,ClassId\n" + "".join(sample))


def _draw_file(job: tuple[int, Split, int, Order, Path]) -> list[str]:
    """Draw one picture to its file, and return its rows of the labels."""
    seed, split, index, order, path = job
    picture, bits = draw_image(seed, split, index, order)
    colour = cv2.cvtColor(
        picture, cv2.COLOR_GRAY2BGR
    )  # the real files, too, hold grey as three equal channels
    path.write_bytes(cv2.imencode(".jpg", colour, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])[1].tobytes())
    return [
        f"{path.name},{class_id},{rle.encode(bits >> (class_id - 1) & 1)}\n" for class_id in order.classes
    ]


def _write_labels(path: Path, rows: Sequence[list[str]]) -> None:
    lines = sorted(line for lines in rows for line in lines)
    write_text(path, "ImageId,ClassId,EncodedPixels\n" + "".join(lines))
