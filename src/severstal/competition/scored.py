"""Every pair of an image and a class as it was scored, kept as `pairs.csv` to be compared with another's."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from severstal.competition.areas import area, shared_area
from severstal.competition.metric import Score, pair_dice, score_pairs
from severstal.competition.spec import Spec
from severstal.errors import SeverstalError
from severstal.files import write_text

_WHOLE_COLUMNS = ("ClassId", "intersection", "predicted", "true", "group", "fold")
PAIR_COLUMNS = ("ImageId", "ClassId", "intersection", "predicted", "true", "dice", "group", "fold")
DICE_ROUNDING = 1e-6  # `dice` is written with nine decimals


@dataclass(frozen=True)
class ScoredPairs:
    """The areas that determine the score of N images and C classes, and the groups of near-duplicates.

    Attributes:
        images: names, each once.
        spec: shape and classes of the pictures.
        intersection: (N, C) int64 pixels that the predicted and the true mask share.
        predicted: (N, C) int64 pixels of the predicted masks.
        true: (N, C) int64 pixels of the true masks.
        groups: (N,) int64, the same for near-duplicates, which a bootstrap samples together or not at all.
        folds: (N,) int64, the fold that held each image out; -1 where there are no folds.

    Example:
        >>> import tempfile
        >>> spec = Spec("tiles", (4, 4), ("hole",))
        >>> pairs = ScoredPairs(("a.jpg", "b.jpg"), spec, *np.array([[[5], [0]], [[10], [0]], [[10], [0]]]))
        >>> pairs.dice.tolist(), pairs.score.score, pairs.groups.tolist()
        ([[0.5], [1.0]], 0.75, [0, 1])
        >>> path = Path(tempfile.mkdtemp()) / "pairs.csv"
        >>> pairs.save(path)
        >>> ScoredPairs.load(path, spec).take(np.array([1])).images
        ('b.jpg',)
    """

    images: tuple[str, ...]
    spec: Spec
    intersection: np.ndarray
    predicted: np.ndarray
    true: np.ndarray
    groups: np.ndarray | None = None
    folds: np.ndarray | None = None

    def __post_init__(self) -> None:
        count = len(self.images)
        missing = {"groups": np.arange(count), "folds": np.full(count, -1)}
        shapes = dict.fromkeys(("intersection", "predicted", "true"), (count, len(self.spec.classes)))
        for name, shape in (shapes | dict.fromkeys(missing, (count,))).items():
            value = getattr(self, name)
            value = np.asarray(missing[name] if value is None else value)
            if value.shape != shape:
                raise ValueError(f"{name} is of shape {value.shape}; it must be {shape}")
            object.__setattr__(self, name, value.astype(np.int64))

    def __len__(self) -> int:
        return len(self.images)

    @cached_property
    def dice(self) -> np.ndarray:
        """(N, C) float64 Dice of each pair, as Kaggle scores it."""
        return pair_dice(self.intersection, self.predicted, self.true)

    @cached_property
    def score(self) -> Score:
        """The score over all pairs, also by class."""
        return score_pairs(self.intersection, self.predicted, self.true, self.spec)

    @property
    def grouped(self) -> bool:
        """Whether any group has more than one image."""
        return len(np.unique(self.groups)) < len(self)

    def take(self, rows: np.ndarray) -> "ScoredPairs":
        """Return the pairs of some images.

        Args:
            rows: indices of the images, (M,) whole numbers from 0 in the order wanted, or a mask of them,
                (N,) bool.
        """
        rows = np.arange(len(self))[rows]
        arrays = (self.intersection, self.predicted, self.true, self.groups, self.folds)
        images = tuple(self.images[row] for row in rows)
        return ScoredPairs(images, self.spec, *(array[rows] for array in arrays))

    def save(self, path: str | Path) -> None:
        """Write one row per pair, atomically: the classes of the first image, then those of the next."""
        classes = len(self.spec.classes)
        table = pd.DataFrame(
            {
                "ImageId": np.repeat(np.array(self.images, dtype=object), classes),
                "ClassId": np.tile(self.spec.class_ids, len(self)),
                "intersection": self.intersection.ravel(),
                "predicted": self.predicted.ravel(),
                "true": self.true.ravel(),
                "dice": self.dice.ravel().round(9),
                "group": np.repeat(self.groups, classes),
                "fold": np.repeat(self.folds, classes),
            }
        )
        write_text(path, table.to_csv(index=False, lineterminator="\n"))

    @classmethod
    def load(cls, path: str | Path, spec: Spec) -> "ScoredPairs":
        """Read what `save` wrote.

        Args:
            path: path of the CSV.
            spec: shape and classes of the data set.

        Raises:
            SeverstalError: the file is missing, is no such table or contradicts itself.
        """
        table = _read(Path(path))
        classes = len(spec.classes)
        expected = np.resize(spec.class_ids, len(table))
        image = table["ImageId"].to_numpy()
        ids = table["ClassId"].to_numpy()
        first = image[np.arange(len(image)) // classes * classes]  # the image that a row's block began with
        _refuse(path, ids != expected, lambda row: f"class {ids[row]} stands where {expected[row]} must")
        _refuse(path, image != first, lambda row: f"image {image[row]} stands among those of {first[row]}")
        if len(table) % classes:
            raise SeverstalError(
                f"{path}: ends within image {image[-1]}, after {len(table) % classes} of its {classes} "
                "classes: score the run again"
            )
        names = image[::classes]
        again = np.repeat(pd.Series(names).duplicated().to_numpy(), classes)
        _refuse(path, again, lambda row: f"image {image[row]} stands there twice")
        for column in ("group", "fold"):
            value = table[column].to_numpy()
            same = np.repeat(value[::classes], classes)
            _refuse(
                path, value != same, lambda row, c=column: f"{c} is another than in the image's other rows"
            )
        most = {"intersection": table[["predicted", "true"]].min(axis=1).to_numpy()}
        for column in ("predicted", "true", "intersection"):
            value = table[column].to_numpy()
            wrong = (value < 0) | (value > most.get(column, spec.pixels))
            _refuse(path, wrong, lambda row, c=column, v=value: f"{c} is {v[row]:,} pixels, which cannot be")
        areas = [table[column].to_numpy().reshape(-1, classes) for column in PAIR_COLUMNS[2:5]]
        groups, folds = (table[column].to_numpy()[::classes] for column in ("group", "fold"))
        pairs = cls(tuple(names), spec, *areas, groups, folds)
        stated = table["dice"].to_numpy()
        apart = ~(np.abs(pairs.dice.ravel() - stated) <= DICE_ROUNDING)
        _refuse(
            path, apart, lambda row: f"dice is {stated[row]}, the areas give {pairs.dice.ravel()[row]:.6f}"
        )
        return pairs


def score_masks(
    prediction: pd.DataFrame,
    truth: pd.DataFrame,
    images: Sequence[str],
    spec: Spec,
    groups: np.ndarray | None = None,
    folds: np.ndarray | None = None,
) -> ScoredPairs:
    """Score every pair of one tidy table against another.

    Args:
        prediction: one row per predicted mask, as `read_submission` gives them.
        truth: one row per true mask, as `read_labels` gives them.
        images: the images to score over, each once; rows of other images are left out.
        spec: the shape and the classes of the data set.
        groups: (N,) group of each image; None has each stand alone.
        folds: (N,) fold of each image, where there are folds.

    Example:
        >>> from severstal.competition.spec import SEVERSTAL
        >>> columns = ["ImageId", "ClassId", "EncodedPixels"]
        >>> truth = pd.DataFrame([("a.jpg", 3, "1 10")], columns=columns)
        >>> prediction = pd.DataFrame([("a.jpg", 3, "6 10"), ("a.jpg", 4, "6 10")], columns=columns)
        >>> score_masks(prediction, truth, ["a.jpg", "clean.jpg"], SEVERSTAL).score.score
        0.8125
    """
    place = {image: row for row, image in enumerate(images)}
    sides: list[dict[tuple[int, int], str]] = []
    for table in (prediction, truth):
        columns = (table["ImageId"], table["ClassId"], table["EncodedPixels"])
        named = zip(*columns, strict=True)
        sides.append({(place[image], k - 1): runs for image, k, runs in named if image in place})
    areas = np.zeros((3, len(place), len(spec.classes)), np.int64)  # intersection, prediction, truth
    for side, texts in enumerate(sides, start=1):
        for pair, runs in texts.items():
            areas[side][pair] = area(runs)
    for pair in sides[0].keys() & sides[1].keys():
        areas[0][pair] = shared_area([texts[pair] for texts in sides])
    return ScoredPairs(tuple(images), spec, *areas, groups, folds)


def _read(path: Path) -> pd.DataFrame:
    """The table with its columns in their types."""
    try:
        table = pd.read_csv(path, keep_default_na=False, dtype=str)
    except FileNotFoundError:
        raise SeverstalError(f"{path}: not there: `severstal score` on the run writes it") from None
    except (ValueError, OSError) as error:  # also what pandas cannot parse or decode
        raise SeverstalError(f"{path}: not a table of scored pairs: score the run again") from error
    if tuple(table.columns) != PAIR_COLUMNS:
        raise SeverstalError(
            f"{path}: its columns are {','.join(table.columns)[:80]}; they must be {','.join(PAIR_COLUMNS)}: "
            "score the run again"
        )
    if table.empty:
        raise SeverstalError(f"{path}: holds no pair: score the run again")
    for column in (*_WHOLE_COLUMNS, "dice"):
        numbers = pd.to_numeric(table[column], errors="coerce")
        fractional = False if column == "dice" else numbers != numbers.round()
        _refuse(
            path,
            (numbers.isna() | (numbers.abs() > 2**53) | fractional).to_numpy(),
            lambda row, c=column: (
                f"{c} is `{table[c][row][:40]}`, not a {'' if c == 'dice' else 'whole '}number"
            ),
        )
        table[column] = numbers.astype(np.float64 if column == "dice" else np.int64)
    return table


def _refuse(path: str | Path, wrong: np.ndarray, why: Callable[[int], str]) -> None:
    """Raise the error of the first row that is wrong."""
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        raise SeverstalError(f"{path} row {row + 1}: {why(row)}: score the run again")
