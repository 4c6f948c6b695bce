"""Weights of the members by forward selection on out-of-fold maps, and how much members disagree.

One pass over the maps keeps, of each pair, the inner products of the members' maps with each other and with
the true mask. From these the soft Dice of any weighted mean follows without reading a map again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from severstal.data.arrays import unpack
from severstal.errors import SeverstalError
from severstal.inference.ensemble.reader import require_same
from severstal.inference.maps import MapReader
from severstal.progress import progress

if TYPE_CHECKING:  # pandas, which inference does without
    from severstal.competition.masks import Masks

SOFT_DICE_SMOOTH = 1e-3  # share of the picture: about the area of a small real mask


@dataclass(frozen=True)
class Overlap:
    """Inner products over the pixels of each pair, probabilities from 0 to 1, pixels of the maps.

    Attributes:
        runs: names of the M members.
        products: (N, C, M, M) float64, of the members' maps with each other.
        hits: (N, C, M) float64, of the members' maps with the true mask.
        true: (N, C) float64, of the true mask with itself.
        pixels: (N,) float64, pixels of each image's map.
    """

    runs: tuple[str, ...]
    products: np.ndarray
    hits: np.ndarray
    true: np.ndarray
    pixels: np.ndarray

    def soft_dice(self, weights: np.ndarray) -> np.ndarray:
        """Soft Dice of each pair of the members' weighted mean, (N, C), 0 to 1.

        `(2 p.t + s) / (p.p + t.t + s)` with s a thousandth of the picture: near 1 where both are empty, and
        the nearer to 0 the more is drawn where nothing is. It stands for the score, which no weights move
        smoothly.
        """
        smooth = SOFT_DICE_SMOOTH * self.pixels[:, None]
        squared = np.einsum("ncij,i,j->nc", self.products, weights, weights)
        return (2 * self.hits @ weights + smooth) / (squared + self.true + smooth)

    def disagreement(self) -> np.ndarray:
        """Return how much members disagree on each class: (C, M, M), 0 where equal, 1 where disjoint.

        One minus the soft Dice of two members' maps, pooled over all images.
        """
        products = self.products.sum(0)  # (C, M, M)
        own = np.einsum("cii->ci", products)
        total = own[:, :, None] + own[:, None, :]
        return 1 - 2 * products / np.maximum(total, 1e-12)

    def take(self, rows: np.ndarray) -> "Overlap":
        """Return the overlap on some images."""
        return Overlap(self.runs, self.products[rows], self.hits[rows], self.true[rows], self.pixels[rows])


@dataclass(frozen=True)
class Selection:
    """Weights found by forward selection, and their soft Dice.

    Attributes:
        runs: names of the members.
        weights: (M,) with a sum of 1: the mean of `by_fold`.
        folds: numbers of the F folds, ascending.
        by_fold: (F, M) weights selected on the images of all other folds.
        selected: mean soft Dice, the images of each fold averaged with the weights selected without them.
        uniform: mean soft Dice with equal weights.
        single: (M,) mean soft Dice of each member alone.
    """

    runs: tuple[str, ...]
    weights: np.ndarray
    folds: tuple[int, ...]
    by_fold: np.ndarray
    selected: float
    uniform: float
    single: np.ndarray

    @property
    def fold_weights(self) -> dict[int, tuple[float, ...]]:
        """By fold, the weights selected without its images, for `fit_combiner`."""
        return {fold: tuple(row) for fold, row in zip(self.folds, self.by_fold.tolist(), strict=True)}


def measure_overlap(
    readers: Sequence[MapReader],
    truth: "Masks | Mapping[str, np.ndarray]",
    names: Sequence[str] | None = None,
) -> Overlap:
    """Measure the overlap of the members' out-of-fold maps in one pass.

    Args:
        readers: readers of the members, with maps of the same images.
        truth: (H, W) bitmask by image name.
        names: names of the images; None for all.

    Raises:
        SeverstalError: the members' maps may not be averaged, or no image is named.
    """
    require_same(readers)
    names = list(readers[0].names if names is None else names)
    if not names:
        raise SeverstalError(f"{readers[0].folder}: no image to compare members on: name at least one")
    spec, members = readers[0].spec, len(readers)
    places = [{name: row for row, name in enumerate(reader.names)} for reader in readers]
    layout = max(readers, key=lambda reader: reader.layout.scale).layout
    products = np.zeros((len(names), len(spec.classes), members, members))
    hits = np.zeros((len(names), len(spec.classes), members))
    true = np.zeros((len(names), len(spec.classes)))
    pixels = np.zeros(len(names))
    for row, name in enumerate(progress(names, "compare members")):
        coarsest = layout.map_shape(name)[1:]
        pixels[row] = coarsest[0] * coarsest[1]
        maps = [_fit(reader[place[name]], coarsest) for reader, place in zip(readers, places, strict=True)]
        stacked = np.stack(maps, 1).reshape(len(spec.classes), members, -1)  # (C, M, h * w)
        bits = truth[name]
        drawn = unpack(bits, len(spec.classes)) if bits.any() else None
        for index, planes in enumerate(stacked):
            shown = np.flatnonzero(planes.any(0))  # most of most maps is 0
            values = planes[:, shown].astype(np.float32) / 255
            products[row, index] = values @ values.T
            if drawn is not None and drawn[index].any():
                mask = cv2.resize(
                    drawn[index].astype(np.float32), coarsest[::-1], interpolation=cv2.INTER_AREA
                )
                hits[row, index] = values @ mask.ravel()[shown]
                true[row, index] = np.square(mask).sum()
    runs = tuple(reader.layout.run for reader in readers)
    return Overlap(runs, products, hits, true, pixels)


def select_weights(overlap: Overlap, folds: np.ndarray, picks: int | None = None) -> Selection:
    """Select members by greedy forward selection with replacement (Caruana 2004), regularised toward equal
    weights.

    The bag starts with every member once, which is the regularisation; then, `picks` times, the member is
    added that makes the mean of the bag best. That is done once for each fold on the images of the others;
    the weights are averaged over the folds.

    Args:
        overlap: overlap of the members on N images.
        folds: (N,) int, the fold of each image.
        picks: number of additions to the bag; None for twice the number of members.

    Raises:
        SeverstalError: there is only one fold.
    """
    members = len(overlap.runs)
    numbers = np.unique(folds)
    if len(numbers) < 2:
        raise SeverstalError("weights are found on the other folds' images: train at least 2 folds")
    by_fold, scores = [], np.zeros((members + 2, len(folds)))
    candidates = [*np.eye(members), np.full(members, 1 / members)]
    for number in numbers:
        held_out = folds == number
        rest = overlap.take(~held_out)
        bag = np.ones(members)
        for _ in range(2 * members if picks is None else picks):
            tries = bag + np.eye(members)
            bag = max(tries, key=lambda each: rest.soft_dice(each / each.sum()).mean())
        by_fold.append(bag / bag.sum())
        judged = overlap.take(held_out)
        for row, weights in enumerate([*candidates, by_fold[-1]]):
            scores[row, held_out] = judged.soft_dice(weights).mean(1)
    *single, uniform, selected = scores.mean(1).tolist()
    found = np.stack(by_fold)
    folds_found = tuple(numbers.tolist())
    return Selection(overlap.runs, found.mean(0), folds_found, found, selected, uniform, np.array(single))


def _fit(maps: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """(C, h, w) averaged down to the coarsest member's resolution."""
    if maps.shape[1:] == shape:
        return maps
    return np.stack([cv2.resize(plane, shape[::-1], interpolation=cv2.INTER_AREA) for plane in maps])
