"""Which classes each synthetic picture shows, and what it is called."""

from typing import Literal

import numpy as np

from severstal.competition.spec import SEVERSTAL

Split = Literal["train", "test"]
Classes = tuple[int, ...]

SPLITS: tuple[Split, ...] = ("train", "test")

COMBINATIONS: dict[Classes, int] = {
    (): 5902,
    (1,): 769,
    (2,): 195,
    (3,): 4759,
    (4,): 516,
    (3, 4): 284,
    (1, 3): 91,
    (1, 2): 35,
    (2, 3): 14,
    (1, 2, 3): 2,
    (2, 4): 1,
}
"""How many of the 12,568 real train images show exactly these classes."""

EDITION = 1
"""Part of every seed: raised with each change of the drawing, so that no old sample passes for a new one."""

NAME_BITS = 36  # nine hexadecimal digits
GOLDEN = 0x9E3779B97  # odd: multiplying by it permutes the 36-bit numbers, so that no two names are equal


def stream(seed: int, split: Split, *rest: int) -> np.random.Generator:
    """Give the random numbers of one picture (`rest` its index) or of a whole split (no `rest`).

    Example:
        >>> bool(stream(0, "train", 7).random() == stream(0, "train", 7).random())
        True
    """
    key = SPLITS.index(split), *rest
    return np.random.default_rng(np.random.SeedSequence([EDITION, seed], spawn_key=key))


def image_name(seed: int, split: Split, index: int) -> str:
    """Name a picture as Kaggle does, by nine hexadecimal digits; no two pictures of a sample share a name.

    Example:
        >>> image_name(0, "train", 0) == image_name(0, "test", 0)
        False
    """
    start = int(np.random.default_rng([EDITION, seed]).integers(2**NAME_BITS))
    number = (start + (index * len(SPLITS) + SPLITS.index(split)) * GOLDEN) % 2**NAME_BITS
    return f"{number:09x}.jpg"


def plan_classes(count: int, seed: int, split: Split) -> list[Classes]:
    """Decide the classes of each of `count` pictures: the real proportions, and no class left out.

    The combinations are shared out by largest remainder, not drawn, so that small samples keep the
    proportions as well as they can. Each class is then brought to two pictures (one below 16 pictures) at the
    cost of the most frequent combinations. The order is shuffled by the seed. So what is planned for picture
    k depends on `count`; its pixels depend only on (seed, split, k) and on what is planned for it.

    Args:
        count: pictures, at least 8.
        seed: of the sample.
        split: which of the two sets.

    Returns:
        The classes of each picture, ascending, () for a clean one.

    Example:
        >>> plan = plan_classes(100, 0, "train")
        >>> plan.count(()), plan.count((3,)), sum(2 in classes for classes in plan)
        (47, 38, 2)
    """
    names = list(COMBINATIONS)
    exact = np.array(list(COMBINATIONS.values())) * count / sum(COMBINATIONS.values())
    quota = np.floor(exact).astype(int)
    short = np.argsort(quota - exact, kind="stable")[: count - quota.sum()]
    quota[short] += 1

    least = 2 if count >= 16 else 1
    for class_id in SEVERSTAL.class_ids:
        holders = [class_id in classes for classes in names]
        while quota[holders].sum() < least:
            quota[np.argmax(quota)] -= 1
            quota[names.index((class_id,))] += 1

    plan = [classes for classes, number in zip(names, quota, strict=True) for _ in range(number)]
    return [plan[place] for place in stream(seed, split).permutation(count)]
