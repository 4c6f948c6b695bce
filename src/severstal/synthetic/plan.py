"""The plan of each synthetic picture: classes, areas and pieces, light, and name."""

from dataclasses import dataclass, replace

import numpy as np
from scipy.special import ndtri

from severstal.competition.spec import SEVERSTAL
from severstal.synthetic.facts import (
    AREA_AND_PIECES,
    AREAS,
    CLASS_COMBINATIONS,
    PIECES,
    SHARES,
    SPLITS,
    Classes,
    Split,
)

_EDITION = 4
"""Part of every seed: raised with each change of the drawing, so that no old sample passes for a new one."""

_TWINS = 44 / 12_568  # near-duplicate pairs per image of the real train set
_FEWEST_WITH_TWINS = 40  # pictures from which there is at least one pair
LEAST_PIECE = 110  # pixels of the smallest piece
_PACKED = 0.5  # share of the picture above which a mask has few pieces
CROWDED = 0.33  # largest share of the picture that masks of several classes cover together

_NAME_BITS = 36  # nine hexadecimal digits
_GOLDEN = 0x9E3779B97  # odd: multiplying by it permutes the 36-bit numbers, so that no two names are equal


@dataclass(frozen=True)
class Wanted:
    """One mask that a picture shall have.

    Attributes:
        class_id: `ClassId` of the mask.
        area: area in pixels.
        pieces: number of its connected parts.
    """

    class_id: int
    area: int
    pieces: int


@dataclass(frozen=True)
class Order:
    """The plan of one picture.

    Attributes:
        masks: masks by ascending class; empty for clean steel.
        light: quantile of the picture's brightness among those of its kind, 0 (darkest) to 1.
        twin_of: index of the picture of the same split of which this one is a near-duplicate.
    """

    masks: tuple[Wanted, ...] = ()
    light: float = 0.5
    twin_of: int | None = None

    @property
    def classes(self) -> Classes:
        """The classes shown, ascending."""
        return tuple(mask.class_id for mask in self.masks)


def stream(seed: int, split: Split, *rest: int) -> np.random.Generator:
    """Return the random generator of one picture (`rest` is its index and purpose) or of a split (no `rest`).

    Example:
        >>> bool(stream(0, "train", 7).random() == stream(0, "train", 7).random())
        True
    """
    key = SPLITS.index(split), *rest
    return np.random.default_rng(np.random.SeedSequence([_EDITION, seed], spawn_key=key))


def image_name(seed: int, split: Split, index: int) -> str:
    """Name a picture as Kaggle does, by nine hexadecimal digits; no two pictures of a sample share a name.

    Example:
        >>> image_name(0, "train", 0) == image_name(0, "test", 0)
        False
    """
    start = int(np.random.default_rng([_EDITION, seed]).integers(2**_NAME_BITS))
    number = (start + (index * len(SPLITS) + SPLITS.index(split)) * _GOLDEN) % 2**_NAME_BITS
    return f"{number:09x}.jpg"


def plan_pictures(count: int, seed: int, split: Split) -> list[Order]:
    """Plan the contents of `count` pictures: the real proportions, with every class present.

    Only the order is random. The combinations of classes are allotted by largest remainder; each class then
    gets at least two pictures (one below 16 pictures) at the cost of the most frequent combinations. The
    masks of a class take the real quantiles of area, evenly spaced, and as many of them as in reality have
    several pieces, mostly the larger ones. So even small samples keep the real distributions as well as they
    can. From 40 train pictures on, some are near-duplicates of others.

    Args:
        count: pictures, at least 8.
        seed: random seed of the sample.
        split: split that the pictures are for, "train" or "test".

    Example:
        >>> plan = plan_pictures(100, 0, "train")
        >>> sum(order.classes == () for order in plan), sum(2 in order.classes for order in plan)
        (47, 2)
        >>> sum(order.twin_of is not None for order in plan)
        1
    """
    rng = stream(seed, split)
    classes = _share_out(count, split)
    classes = [classes[place] for place in rng.permutation(count)]
    twins = _choose_twins(rng, classes) if split == "train" else {}
    masks: list[dict[int, Wanted]] = [{} for _ in range(count)]
    for class_id in SEVERSTAL.class_ids:
        holders = [k for k in range(count) if class_id in classes[k] and k not in twins]
        for k, mask in zip(holders, _masks(rng, class_id, len(holders)), strict=True):
            masks[k][class_id] = mask
    _thin_out(rng, masks)
    lights = np.zeros(count)
    for kind in sorted(set(classes)):
        holders = [k for k in range(count) if classes[k] == kind]
        lights[holders] = _ranks(rng, len(holders))
    plan = [
        Order(tuple(masks[k].values()), float(light)) for k, light in zip(range(count), lights, strict=True)
    ]
    for k, first in twins.items():
        plan[k] = replace(plan[first], twin_of=first)
    return plan


def _share_out(count: int, split: Split) -> list[Classes]:
    names = list(CLASS_COMBINATIONS[split])
    real = np.array(list(CLASS_COMBINATIONS[split].values()))
    exact = real * count / real.sum()
    quota = np.floor(exact).astype(int)
    short = np.argsort(quota - exact, kind="stable")[: count - quota.sum()]
    quota[short] += 1
    least = 2 if count >= 16 else 1
    for class_id in SEVERSTAL.class_ids:
        holders = [class_id in classes for classes in names]
        while quota[holders].sum() < least:
            quota[np.argmax(quota)] -= 1
            quota[names.index((class_id,))] += 1
    return [classes for classes, number in zip(names, quota, strict=True) for _ in range(number)]


def _choose_twins(rng: np.random.Generator, classes: list[Classes]) -> dict[int, int]:
    """For each picture that is to be a near-duplicate, the one it repeats; no picture is in two pairs."""
    count = len(classes)
    pairs = round(count * _TWINS) if count < _FEWEST_WITH_TWINS else max(1, round(count * _TWINS))
    twins: dict[int, int] = {}
    alone: dict[Classes, int] = {}
    for k in rng.permutation(count).tolist():
        if len(twins) == pairs:
            break
        first = alone.pop(classes[k], None)
        if first is None:
            alone[classes[k]] = k
        else:
            twins[k] = first
    return twins


def _ranks(rng: np.random.Generator, count: int) -> np.ndarray:
    """`count` evenly spaced numbers, shuffled, so near to 0 and 1 that outer quantiles are kept."""
    return (rng.permutation(count) + 0.25) / max(count - 0.5, 0.5)


def _masks(rng: np.random.Generator, class_id: int, count: int) -> list[Wanted]:
    ranks = _ranks(rng, count)
    areas = np.exp(np.interp(ranks, SHARES, np.log(AREAS[class_id]))).round().astype(int)
    tendency = AREA_AND_PIECES[class_id]
    score = tendency * ndtri(ranks) + np.sqrt(1 - tendency**2) * ndtri(_ranks(rng, count))
    place = (score.argsort(kind="stable").argsort(kind="stable") + 0.5) / max(count, 1)
    shares = np.cumsum(PIECES[class_id]) / sum(PIECES[class_id])
    pieces = np.minimum(np.searchsorted(shares, place) + 1, np.maximum(areas // LEAST_PIECE, 1))
    pieces = np.where(areas > _PACKED * SEVERSTAL.pixels, np.minimum(pieces, 3), pieces)
    return [Wanted(class_id, int(area), int(number)) for area, number in zip(areas, pieces, strict=True)]


def _thin_out(rng: np.random.Generator, masks: list[dict[int, Wanted]]) -> None:
    """Exchange the largest mask of crowded pictures of several classes with that of pictures of one class."""
    for wanted in masks:
        for _ in range(100):
            if len(wanted) < 2 or sum(m.area for m in wanted.values()) < CROWDED * SEVERSTAL.pixels:
                break
            class_id = max(wanted, key=lambda k: wanted[k].area)
            others = [other for other in masks if list(other) == [class_id]]
            if not others:
                break
            other = others[int(rng.integers(len(others)))]
            wanted[class_id], other[class_id] = other[class_id], wanted[class_id]
