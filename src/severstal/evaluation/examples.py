"""Selection of example images by the area of their masks or by the probability of their classes."""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from severstal.competition.areas import area
from severstal.competition.metric import class_areas, pair_dice
from severstal.competition.scored import ScoredPairs
from severstal.competition.spec import Spec
from severstal.evaluation.contrast import mask_contrast


def select_masks(
    masks: pd.DataFrame, images: Sequence[str], spec: Spec, contrast: pd.Series | None = None
) -> pd.DataFrame:
    """Select the smallest mask of each class, a typical one, the largest and the hardest to see.

    Args:
        masks: one row per mask, with `ImageId`, `ClassId` and `area` in pixels.
        images: the images to select from.
        spec: names the classes.
        contrast: contrast of some of the masks, by the index of `masks`, as `measure_contrast` returns it;
            None for no hardest ones.

    Returns:
        One row per selected mask, by class, none twice: `ImageId`, `ClassId`, `area`, and `size`, one of
        "smallest", "typical", "largest" and "hard to see", in this order.

    Example:
        >>> masks = pd.DataFrame({"ImageId": ["a", "b"], "ClassId": [1, 1], "area": [9, 4]})
        >>> found = select_masks(masks, ["a", "b"], Spec("tiny", (4, 4), ("hole",)))
        >>> found[["ImageId", "size"]].to_numpy().tolist()
        [['b', 'smallest'], ['a', 'largest']]
    """
    known = masks[masks["ImageId"].isin(set(images))].sort_values(["area", "ImageId"])
    rows = []
    for class_id in spec.class_ids:
        own = known[known["ClassId"] == class_id]
        chosen = {own.index[place]: size for size, place in choose_sizes(len(own), 3)}
        faint = pd.Series(dtype=float) if contrast is None else contrast.reindex(own.index).dropna()
        faint = faint.drop(index=[index for index in chosen if index in faint.index])
        if len(faint):
            chosen[faint.idxmin()] = "hard to see"
        for index, size in chosen.items():
            rows.append((own.loc[index, "ImageId"], class_id, int(own.loc[index, "area"]), size))
    return pd.DataFrame(rows, columns=["ImageId", "ClassId", "area", "size"])


def random_masks(masks: pd.DataFrame, images: Sequence[str], count: int, seed: int = 0) -> pd.DataFrame:
    """Sample masks of each class, each image at most once within a class.

    Args:
        masks: one row per mask, with `ImageId` and `ClassId`.
        images: the images to sample from.
        count: maximum per class.
        seed: random seed of the sample.

    Returns:
        Rows of `masks`, by class.

    Example:
        >>> masks = pd.DataFrame({"ImageId": ["a", "b", "b"], "ClassId": [2, 2, 1]})
        >>> random_masks(masks, ["a", "b"], 1)["ClassId"].tolist()
        [1, 2]
    """
    known = masks[masks["ImageId"].isin(set(images))].drop_duplicates(["ImageId", "ClassId"])
    own = [part.sample(min(count, len(part)), random_state=seed) for _, part in known.groupby("ClassId")]
    return pd.concat(own) if own else known


def measure_contrast(
    masks: pd.DataFrame,
    picture: Callable[[str], np.ndarray],
    bits: Callable[[str], np.ndarray],
    most: int = 60,
) -> pd.Series:
    """The contrast of masks with the steel around them, of a sample of each class.

    Args:
        masks: one row per mask, with `ImageId` and `ClassId`.
        picture: function from an image's name to its pixels, (H, W) uint8.
        bits: returns its (H, W) bitmask, bit k - 1 for class k.
        most: masks per class that are measured.

    Returns:
        `mask_contrast` by the index of `masks`; nan where it is undefined.

    Example:
        >>> masks = pd.DataFrame({"ImageId": ["a"], "ClassId": [1]})
        >>> pixels, bits = np.full((9, 9), 90, np.uint8), np.eye(9, dtype=np.uint8)
        >>> measure_contrast(masks, lambda name: pixels, lambda name: bits).tolist()
        [0.0]
    """
    chosen = random_masks(masks, masks["ImageId"].unique(), most)
    found = [
        mask_contrast(picture(row.ImageId), bits(row.ImageId) >> (row.ClassId - 1) & 1)
        for row in chosen.itertuples()
    ]
    return pd.Series(found, index=chosen.index, dtype=float)


def select_predictions(
    predicted: pd.DataFrame, names: Sequence[str], class_probability: np.ndarray, spec: Spec, clean: int = 4
) -> pd.DataFrame:
    """Select the most and the least certain, a typical and the largest prediction of each class.

    Args:
        predicted: one row per predicted mask of one of `names`.
        names: names of the N test images.
        class_probability: (N, C) uint8, 0 to 255 for 0 to 1.
        spec: specification of the data set; gives the names of the classes.
        clean: number of images without a mask; half of them the most, half the least certain.

    Returns:
        One row per selected image, none twice within a class: `ImageId`, `ClassId` (0 for a clean image),
        `why`, `probability` of the class (of a clean image the maximum over the classes), `area` in pixels.

    Example:
        >>> spec = Spec("tiny", (8, 8), ("hole",))
        >>> table = pd.DataFrame({"ImageId": ["a", "b"], "ClassId": [1, 1], "EncodedPixels": ["1 9", "1 2"]})
        >>> found = select_predictions(table, ["a", "b", "c"], np.uint8([[51], [255], [0]]), spec)
        >>> found[["ImageId", "ClassId", "why"]].to_numpy().tolist()
        [['b', 1, 'most certain'], ['a', 1, 'least certain'], ['c', 0, 'most certain']]
    """
    sure = pd.DataFrame(class_probability / 255, index=list(names), columns=list(spec.class_ids))
    rows = []
    for class_id in spec.class_ids:
        own = predicted[predicted["ClassId"] == class_id].set_index("ImageId")["EncodedPixels"].map(area)
        by_sure = sure.loc[own.index, class_id].sort_values(kind="stable")
        by_area = own.sort_values(kind="stable")
        seen: set[str] = set()
        middle = by_sure[: len(by_sure) // 2 + 1]
        for why, order in (
            ("most certain", by_sure),
            ("typical", middle),
            ("least certain", by_sure[::-1]),
            ("largest", by_area),
        ):
            if len(order) and (name := order.index[-1]) not in seen:
                seen.add(name)
                rows.append((name, class_id, why, sure.loc[name, class_id], int(own[name])))
    highest = sure.drop(index=predicted["ImageId"].unique()).max(axis=1).sort_values(kind="stable")
    half = -(-min(clean, len(highest)) // 2)
    least = highest.index[half:][::-1][: min(clean, len(highest)) - half]
    for why, chosen in (("most certain", highest.index[:half]), ("least certain", least)):
        rows += [(name, 0, why, highest[name], 0) for name in chosen]
    return pd.DataFrame(rows, columns=["ImageId", "ClassId", "why", "probability", "area"])


def select_outcomes(pairs: ScoredPairs) -> pd.DataFrame:
    """Select images by how well they were segmented: the best of each class, typical ones, and failures.

    An image's score is the mean Dice over the classes that its truth or its masks hold.

    Args:
        pairs: areas of the predicted and the true masks.

    Returns:
        One row per image, none twice: `ImageId`, `score`, and `why`, as "best of class 3", "typical", "right:
        clean", "failure: false alarm", "failure: elsewhere or of another class" or "failure: missed", in this
        order.

    Example:
        >>> areas = np.array([[[5], [0], [0]], [[10], [0], [7]], [[10], [8], [0]]])
        >>> pairs = ScoredPairs(("a.jpg", "b.jpg", "c.jpg"), Spec("tiles", (4, 4), ("hole",)), *areas)
        >>> select_outcomes(pairs)[["ImageId", "why"]].to_numpy().tolist()
        [['a.jpg', 'best of class 1'], ['c.jpg', 'failure: false alarm'], ['b.jpg', 'failure: missed']]
    """
    defect, drawn = pairs.true > 0, pairs.predicted > 0  # (N, C)
    held = defect | drawn
    score = np.where(held, pairs.dice, 0).sum(axis=1) / np.maximum(held.sum(axis=1), 1)
    score[~held.any(axis=1)] = 1.0
    chosen: dict[int, str] = {}

    def choose(rank: np.ndarray, among: np.ndarray, why: str) -> None:
        free = np.flatnonzero(among & ~np.isin(np.arange(len(score)), list(chosen)))
        if len(free):
            chosen[int(free[rank[free].argmax()])] = why

    for index, class_id in enumerate(pairs.spec.class_ids):
        found = defect[:, index] & (pairs.dice[:, index] > 0)
        choose(score + pairs.dice[:, index], found, f"best of class {class_id}")
    found = defect.any(axis=1) & (score > 0)
    if found.any():
        middle = np.median(score[found])
        for _ in range(2):
            choose(-np.abs(score - middle), found, "typical")
    choose(score, ~held.any(axis=1), "right: clean")
    alarm = drawn.any(axis=1) & ~defect.any(axis=1)
    choose(pairs.predicted.sum(axis=1), alarm, "failure: false alarm")
    wrong = defect.any(axis=1) & (score == 0)
    choose(pairs.true.sum(axis=1), wrong & drawn.any(axis=1), "failure: elsewhere or of another class")
    choose(pairs.true.sum(axis=1), wrong & ~drawn.any(axis=1), "failure: missed")
    rows = [(pairs.images[row], float(score[row]), why) for row, why in chosen.items()]
    return pd.DataFrame(rows, columns=["ImageId", "score", "why"])


def score_pair(mask: np.ndarray, truth: np.ndarray, spec: Spec) -> float:
    """The mean Dice of a picture's masks over the classes that the mask or the truth hold.

    Args:
        mask: predicted (H, W) bitmask.
        truth: true (H, W) bitmask.
        spec: the classes.

    Returns:
        0 to 1; 1 where both hold nothing.

    Example:
        >>> spec = Spec("tiny", (1, 2), ("hole", "crack"))
        >>> score_pair(np.uint8([[1, 0]]), np.uint8([[1, 2]]), spec)
        0.5
    """
    areas = class_areas(mask, truth, len(spec.classes))
    held = (areas[1] > 0) | (areas[2] > 0)
    return float(pair_dice(*areas)[held].mean()) if held.any() else 1.0


def choose_sizes(length: int, number: int) -> list[tuple[str, int]]:
    """Positions of the smallest, some typical and the largest item of a list sorted by size, each once.

    Example:
        >>> choose_sizes(100, 4)
        [('smallest', 0), ('typical', 33), ('typical', 66), ('largest', 99)]
        >>> choose_sizes(1, 4), choose_sizes(2, 4)
        ([('typical', 0)], [('smallest', 0), ('largest', 1)])
    """
    if length < 2:
        return [("typical", 0)] * length
    between = np.linspace(0, length - 1, number)[1:-1].round().astype(int).tolist()
    chosen = sorted({place for place in between if 0 < place < length - 1})
    return [("smallest", 0), *(("typical", place) for place in chosen), ("largest", length - 1)]


def evenly_spaced(length: int, number: int) -> list[int]:
    """Evenly spaced positions in a sorted list, without its ends.

    Example:
        >>> evenly_spaced(100, 2), evenly_spaced(1, 2)
        ([25, 75], [0])
    """
    return sorted({int((2 * i + 1) / (2 * number) * length) for i in range(number)}) if length else []
