"""From maps to masks: the steps of a rule, in order.

For each class by itself:

1. gate: the class probability may veto the class, damp its map, or ask for more area;
2. area: at least `min_area` pixels of the map, behind the gate, reach `high`; else the class is absent;
3. CRF, where `refine` says so: the map is redrawn after the picture, for the next step alone;
4. mask: the pixels that reach `low`;
5. outline: opened, closed and smoothed, as `refine` says; a class with no pixels left is absent;
6. holes: background that the mask encloses is filled, where `fill_holes` says so.

Then, where the rules are exclusive, a pixel in several masks stays with the class whose map is highest there,
the lower `ClassId` where two are equal. Last, components of fewer than `min_component` pixels go, also those
that the step before cut off. Pixels that touch at a corner are of one component; a hole may not leak there.
"""

import cv2
import numpy as np

from severstal.competition.spec import Spec
from severstal.decision.gate import gated_area, reached_levels
from severstal.decision.levels import NEVER
from severstal.decision.refine.morphology import closed, opened, smoothed
from severstal.decision.refine.settings import Refinement
from severstal.decision.rules import ClassRule, Rules
from severstal.errors import SeverstalError


def apply(
    maps: np.ndarray,
    rules: Rules,
    spec: Spec,
    class_probability: np.ndarray | None = None,
    picture: np.ndarray | None = None,
) -> np.ndarray:
    """Draw the mask of one image.

    Args:
        maps: (C, H, W) uint8 in the picture's shape, 0 to 255 for 0 to 1.
        rules: rules for the same classes.
        spec: shape and classes of the picture.
        class_probability: (C,) uint8, 0 to 255 for 0 to 1; the highest value of each class's map when None.
        picture: (H, W) uint8, for rules with a CRF.

    Returns:
        (H, W) bitmask, `spec.mask_dtype`, bit k - 1 for class k.

    Raises:
        ValueError: `maps`, `class_probability` or `picture` has another shape or type.
        SeverstalError: the rules are for other classes, or ask for a picture that is not given.

    Example:
        >>> from severstal.decision.rules import PLAIN_RULE
        >>> spec = Spec("tiny", (1, 4), ("scratch", "hole"))
        >>> maps = np.uint8([[[0, 100, 200, 200]], [[0, 0, 128, 127]]])
        >>> apply(maps, Rules(spec.classes, (ClassRule(0.7, 0.3, 2), PLAIN_RULE)), spec)
        array([[0, 1, 3, 1]], dtype=uint8)
        >>> apply(maps, Rules(spec.classes, (ClassRule(0.7, 0.3, 2), PLAIN_RULE), exclusive=True), spec)
        array([[0, 1, 1, 1]], dtype=uint8)
    """
    rules.require(spec)
    bits = np.zeros(maps.shape[1:], spec.mask_dtype)  # (H, W)
    for index, mask in draw_classes(maps, rules, spec, class_probability, picture).items():
        bits |= mask.astype(bits.dtype) << bits.dtype.type(index)
    return bits


def draw_classes(
    maps: np.ndarray,
    rules: Rules,
    spec: Spec,
    class_probability: np.ndarray | None = None,
    picture: np.ndarray | None = None,
) -> dict[int, np.ndarray]:
    """Draw the masks of one image, as `apply` does, class by class.

    Returns:
        For each class with a mask that is not empty, by its place from 0, ascending: (H, W) bool.
    """
    shape = (len(spec.classes), *(spec.image_shape or maps.shape[1:]))
    if maps.shape != shape or maps.dtype != np.uint8:
        raise ValueError(f"maps are {maps.shape} of {maps.dtype}; they must be {shape} of uint8")
    if class_probability is None:
        class_probability = maps.max(axis=(1, 2))
    if class_probability.shape != shape[:1] or class_probability.dtype != np.uint8:
        raise ValueError(
            f"class probabilities are {class_probability.shape} of {class_probability.dtype}; "
            f"they must be {shape[:1]} of uint8"
        )
    if rules.need_pictures and picture is None:
        raise SeverstalError("the rules have a CRF, which reads the pictures: give them, or set crf = 0")
    masks = {}
    for index, (plane, rule) in enumerate(zip(maps, rules.rules, strict=True)):
        mask = _cut(plane, rule, int(class_probability[index]), picture)
        if mask is not None and rule.refine.active:
            mask = _with_better_outline(mask, rule.refine)
        if mask is not None:
            masks[index] = _without_holes(mask) if rule.fill_holes else mask
    if rules.exclusive and len(masks) > 1:
        _part(masks, maps)
    for index, mask in masks.items():
        if rules.rules[index].min_component > 1 and mask.any():
            masks[index] = _without_small(mask, rules.rules[index].min_component)
    return {index: mask for index, mask in masks.items() if mask.any()}


def _cut(
    plane: np.ndarray, rule: ClassRule, probability: int, picture: np.ndarray | None
) -> np.ndarray | None:
    """Steps 1 to 4 on the (H, W) map of a class: its mask, or None where the class is absent."""
    high, low = (int(reached_levels(rule.gate, value)[probability]) for value in (rule.high, rule.low))
    if high == NEVER:
        return None
    area = np.count_nonzero(plane >= high)
    if not area or gated_area(rule.gate, area, probability) < rule.min_area:
        return None
    if rule.refine.crf and picture is not None:
        from severstal.decision.refine.crf import Crf  # torch, which plain rules do without

        plane = Crf(rule.refine.crf).refine(plane, picture)
    return plane >= low


def _with_better_outline(mask: np.ndarray, refine: Refinement) -> np.ndarray | None:
    """Step 5: return a mask with its outline redrawn, or None where it is empty."""
    mask = smoothed(closed(opened(mask, refine.opening), refine.closing), refine.smooth_edges)
    return mask if mask.any() else None


def _without_holes(mask: np.ndarray) -> np.ndarray:
    """Fill the holes of a mask."""
    box = _box(mask)
    part = mask[box]
    _, labels, stats, _ = cv2.connectedComponentsWithStats((~part).view(np.uint8), connectivity=4)
    left, top, width, height = stats[:, : cv2.CC_STAT_AREA].T
    inside = (left > 0) & (top > 0) & (left + width < part.shape[1]) & (top + height < part.shape[0])
    inside[0] = True  # the mask itself
    mask[box] = inside[labels]
    return mask


def _without_small(mask: np.ndarray, least: int) -> np.ndarray:
    """Leave out components of fewer than `least` pixels."""
    box = _box(mask)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask[box].view(np.uint8), connectivity=8)
    kept = stats[:, cv2.CC_STAT_AREA] >= least
    kept[0] = False  # the background
    mask[box] = kept[labels]
    return mask


def _box(mask: np.ndarray) -> tuple[slice, slice]:
    """The smallest box around a mask; most masks fill a small part of the picture."""
    left, top, width, height = cv2.boundingRect(mask.view(np.uint8))
    return slice(top, top + height), slice(left, left + width)


def _part(masks: dict[int, np.ndarray], maps: np.ndarray) -> None:
    """Leave each pixel that is in several masks to the one whose map is highest there."""
    places = list(masks)
    stack = np.stack([masks[place] for place in places])  # (K, H, W)
    rows, columns = np.nonzero(np.count_nonzero(stack, axis=0) > 1)
    if not len(rows):
        return
    claimed = stack[:, rows, columns]  # (K, pixels)
    values = np.where(claimed, maps[places][:, rows, columns].astype(np.int64), -1)
    winners = values.argmax(axis=0)
    for order, place in enumerate(places):
        masks[place][rows, columns] = claimed[order] & (winners == order)
