"""The run-length codec beside the plain NumPy idiom and pycocotools' C codec, on the same masks in one run.

    python benchmarks/rle.py [TRAIN_CSV]

TRAIN_CSV holds real masks of the competition's shape; without it, the table beside the checkout, if any. Each
figure is the median over several masks and many rounds. In a round the codecs take turns in random order, so
that noise hits all equally; before it their results are compared. Only ours checks the text that it decodes.
"""

import gc
import sys
import time
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from pycocotools import mask as coco

from severstal.competition.rle import decode, encode, faults
from severstal.competition.spec import SEVERSTAL

SHAPE = SEVERSTAL.image_shape
RUNS = (0, 1, 4, 16, 40, 64, 100, 200, 400)
MASKS, ROUNDS = 8, 40
REAL_MASKS = 300
REAL_TABLE = Path(__file__).parents[1] / "../shared/data/severstal/reference/train_rle.csv"
TABLE_ROWS = 7095  # of the competition's train.csv


def idiom_encode(mask: np.ndarray) -> str:
    """The encoder that nearly every public notebook of the competition holds."""
    pixels = np.concatenate([[0], mask.T.flatten(), [0]])
    runs = np.where(pixels[1:] != pixels[:-1])[0] + 1
    runs[1::2] -= runs[::2]
    return " ".join(str(number) for number in runs)


def idiom_decode(text: str, shape: tuple[int, int]) -> np.ndarray:
    """The decoder that nearly every public notebook of the competition holds."""
    words = text.split()
    starts, lengths = (np.asarray(numbers, dtype=int) for numbers in (words[::2], words[1::2]))
    starts -= 1
    ends = starts + lengths
    mask = np.zeros(shape[0] * shape[1], dtype=np.uint8)
    for start, end in zip(starts, ends):  # noqa: B905
        mask[start:end] = 1
    return mask.reshape(shape[1], shape[0]).T


def draw_mask(runs: int, random: np.random.Generator) -> np.ndarray:
    """A mask of so many runs: blobs of 20 to 120 columns with wavering outlines, as real defects have."""
    height, width = SHAPE
    mask = np.zeros(SHAPE, np.uint8)
    columns = []
    while len(columns) < runs:
        left = int(random.integers(0, width - 120))
        blob = range(left, left + int(random.integers(20, 120)))
        columns += [column for column in blob if column not in columns]
    centre, half = random.integers(60, height - 60), 20.0
    for column in sorted(columns[:runs]):
        centre = np.clip(centre + random.integers(-2, 3), 60, height - 60)
        half = np.clip(half + random.integers(-3, 4), 2, 55)
        mask[int(centre - half) : int(centre + half), column] = 1
    return mask


def coco_encode(mask: np.ndarray) -> dict:
    """Pycocotools takes masks laid out by columns only."""
    return coco.encode(np.asfortranarray(mask))


def measure(
    masks: list[np.ndarray], rounds: int, random: np.random.Generator
) -> dict[str, tuple[float, ...]]:
    """Median microseconds of ours, the idiom and pycocotools, by task."""
    spent: dict[str, list[list[int]]] = {}
    for mask in masks:
        text, by_rows, by_columns = idiom_encode(mask), np.ascontiguousarray(mask), np.asfortranarray(mask)
        counts = coco.encode(by_columns)
        assert encode(by_rows) == encode(by_columns) == text
        for decoded in (decode(text, SHAPE), idiom_decode(text, SHAPE), coco.decode(counts)):
            np.testing.assert_array_equal(decoded, mask)

        tasks = {
            "encode a mask laid out by rows, as a network gives it": [
                partial(f, by_rows) for f in (encode, idiom_encode, coco_encode)
            ],
            "encode a mask laid out by columns": [
                partial(f, by_columns) for f in (encode, idiom_encode, coco_encode)
            ],
            "decode": [
                *(partial(f, text, SHAPE) for f in (decode, idiom_decode)),
                partial(coco.decode, counts),
            ],
        }
        for task, codecs in tasks.items():
            rounds_of_task = spent.setdefault(task, [])
            for _ in range(rounds):
                times = [0] * len(codecs)
                for turn in random.permutation(len(codecs)):
                    began = time.perf_counter_ns()
                    codecs[turn]()
                    times[turn] = time.perf_counter_ns() - began
                rounds_of_task.append(times)
    return {task: tuple(np.median(times, axis=0) / 1000) for task, times in spent.items()}


def main(table: Path) -> None:
    """Print one table a task, a line each number of runs, and the time to check a whole train.csv."""
    random = np.random.default_rng(0)
    texts = pd.read_csv(table, dtype=str)["EncodedPixels"].tolist() if table.is_file() else []
    gc.disable()
    lines = {
        str(runs): measure([draw_mask(runs, random) for _ in range(MASKS)], ROUNDS, random) for runs in RUNS
    }
    if texts:
        some = random.choice(texts, min(len(texts), REAL_MASKS), replace=False)
        lines[f"real ({len(some)})"] = measure([decode(str(text), SHAPE) for text in some], 5, random)

    for task in lines["0"]:
        print(f"\n{task} (microseconds)")
        print(f"{'runs':>12}{'ours':>10}{'idiom':>10}{'coco':>10}{'ours/idiom':>12}{'ours/coco':>11}")
        for runs, times in lines.items():
            ours, idiom, cocos = times[task]
            print(f"{runs:>12}{ours:10.1f}{idiom:10.1f}{cocos:10.1f}{ours / idiom:12.2f}{ours / cocos:11.2f}")

    kind = "real" if texts else "drawn"
    texts = texts or [encode(draw_mask(int(runs), random)) for runs in random.integers(1, 480, 300)]
    texts = (texts * (TABLE_ROWS // len(texts) + 1))[:TABLE_ROWS]
    began = time.perf_counter()
    assert not faults(texts, SHAPE)
    print(f"\nfaults of {TABLE_ROWS:,} {kind} texts: {time.perf_counter() - began:.3f} s")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else REAL_TABLE)
