"""Name the test pictures that share a part with a training picture, turned, mirrored or brightened.

    python benchmarks/overlaps.py ../shared/data/neu_seg [--output overlaps.csv]

NEU-Seg's pictures of two or three classes are put together from halves and quarters of others, which no
comparison of whole pictures finds. Each quarter of a test picture is therefore compared with the quarter of
every training picture at the same place, under the eight turns and mirrors of a square (the four of a
rectangle): at half size first, then the fine texture at full size, moved by up to 3 pixels. Grey levels are
centred and scaled, so that light does not matter. A correlation of 0.85 or more is the same steel; different
steel with a scratch at the same place reaches 0.7.
"""

import argparse
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pandas as pd

SAME = 0.85  # correlation of the fine texture of a quarter
CANDIDATE = 0.6  # at half size
SHIFT = 3  # pixels
BLACK = 8  # grey levels

Change = Callable[[np.ndarray], np.ndarray]
RECTANGLE: dict[str, Change] = {
    "as is": lambda picture: picture,
    "mirrored left and right": lambda picture: picture[:, ::-1],
    "mirrored top and bottom": lambda picture: picture[::-1],
    "turned by 180": lambda picture: picture[::-1, ::-1],
}
SQUARE: dict[str, Change] = {
    "transposed": lambda picture: picture.T,
    "turned by 90": lambda picture: np.rot90(picture, 1),
    "turned by 270": lambda picture: np.rot90(picture, 3),
    "transposed and turned by 180": lambda picture: np.rot90(picture, 2).T,
}


def texture(picture: np.ndarray, sigma: float) -> np.ndarray:
    """Return a picture without its coarse brightness, float32; 0 at black borders, which agree."""
    grey = picture.astype(np.float32)
    reach = 2 * round(3 * sigma) + 1
    steel = cv2.erode((picture > BLACK).astype(np.float32), np.ones((reach, reach)))
    return (grey - cv2.GaussianBlur(grey, (0, 0), sigma)) * steel


def quarters(picture: np.ndarray) -> list[np.ndarray]:
    """The four quarters of a picture, in rows."""
    height, width = (side // 2 for side in picture.shape)
    return [picture[y : y + height, x : x + width] for y in (0, height) for x in (0, width)]


def unit(picture: np.ndarray) -> np.ndarray:
    """Pixels as a vector of mean 0 and length 1; of length 0 where less than half of them show steel."""
    if np.count_nonzero(picture) < picture.size / 2:
        return np.zeros(picture.size, np.float32)
    centred = picture - picture.mean()
    return (centred / (np.linalg.norm(centred) + 1e-6)).ravel()


def small_quarters(pictures: list[np.ndarray], change: Change) -> list[np.ndarray]:
    """Of each quarter, the (N, pixels) vectors of all pictures at half size."""
    rows = []
    for picture in pictures:
        small = cv2.resize(picture, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
        rows.append([unit(quarter) for quarter in quarters(change(texture(small, 3)))])
    return [np.stack(column) for column in zip(*rows, strict=True)]


def agreement(test: np.ndarray, train: np.ndarray) -> float:
    """The highest correlation of two quarters' fine texture, one moved by up to `SHIFT` pixels."""
    height, width = train.shape
    inner = unit(train[SHIFT : height - SHIFT, SHIFT : width - SHIFT])
    moves = [(y, x) for y in range(2 * SHIFT + 1) for x in range(2 * SHIFT + 1)]
    return max(
        float(unit(test[y : y + height - 2 * SHIFT, x : x + width - 2 * SHIFT]) @ inner) for y, x in moves
    )


def find_overlaps(test: dict[str, np.ndarray], train: dict[str, np.ndarray]) -> pd.DataFrame:
    """A row for each pair of a test and a training picture that share a quarter, the surest first."""
    test_names, train_names = list(test), list(train)
    shape = next(iter(train.values())).shape
    changes = RECTANGLE | (SQUARE if shape[0] == shape[1] else {})
    known, found = small_quarters(list(train.values()), RECTANGLE["as is"]), []
    for name, change in changes.items():
        asked = small_quarters(list(test.values()), change)
        for place, (ours, theirs) in enumerate(zip(asked, known, strict=True)):
            for row, column in zip(*np.nonzero(ours @ theirs.T > CANDIDATE), strict=True):
                pair = test_names[row], train_names[column]
                fine = quarters(change(texture(test[pair[0]], 1.5)))[place]
                value = agreement(fine, quarters(texture(train[pair[1]], 1.5))[place])
                if value >= SAME:
                    found.append((*pair, name, place, value))
    table = pd.DataFrame(found, columns=["test", "train", "change", "quarter", "correlation"])
    table = table.groupby(["test", "train", "change"]).agg(
        quarters=("quarter", "nunique"), correlation=("correlation", "max")
    )
    return table.reset_index().sort_values("correlation", ascending=False, ignore_index=True)


def main() -> None:
    """Print the pairs."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("input", type=Path)
    parser.add_argument("--output", type=Path)
    arguments = parser.parse_args()
    sides = []
    for part in ("test_images", "train_images"):
        paths = sorted((arguments.input / part).iterdir())
        sides.append({path.name: cv2.imread(str(path), cv2.IMREAD_GRAYSCALE) for path in paths})
    table = find_overlaps(*sides)
    print(table.to_string())
    print(
        f"{table['test'].nunique()} of {len(sides[0])} test pictures share a quarter with a training picture"
    )
    if arguments.output:
        table.round(3).to_csv(arguments.output, index=False, lineterminator="\n")


if __name__ == "__main__":
    main()
