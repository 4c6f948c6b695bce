"""Where badges go: beside their defect, over no other badge, and over as little of any defect as can be."""

from collections.abc import Iterator

import numpy as np

BadgeBox = tuple[int, int, int, int]
"""Left, top, width and height in pixels."""

_APART = 6  # pixels from the defect's box, outside of its ring


def place_badge(
    target: BadgeBox,
    size: tuple[int, int],
    canvas: tuple[int, int],
    taken: list[BadgeBox],
    masks: np.ndarray,
    allowed: int = 0,
) -> tuple[int, int] | None:
    """Choose a place for a badge.

    Args:
        target: what the badge belongs to: bounding box of the defect, or a part of it.
        size: width and height of the badge.
        canvas: height and width of the picture.
        taken: boxes of the badges so far.
        masks: (h, w) uint8: 0 without a defect, 1 where the defect itself is, 2 where another is.
        allowed: how many pixels of the defect itself may be covered.

    Returns:
        Left and top; None where every place beside the defect would cover another badge, another defect, or
        too much of the defect itself.

    Example:
        >>> empty = np.zeros((100, 200), np.uint8)
        >>> place_badge((50, 40, 20, 10), (60, 17), (100, 200), [], empty)
        (30, 17)
        >>> place_badge((50, 40, 20, 10), (60, 17), (100, 200), [(0, 0, 200, 100)], empty)
    """
    best, least = None, None
    for left, top in _candidates(target, size):
        left = min(max(left, 0), canvas[1] - size[0])
        top = min(max(top, 0), canvas[0] - size[1])
        if left < 0 or top < 0 or any(_overlap((left, top, *size), box) for box in taken):
            continue
        covered = masks[top : top + size[1], left : left + size[0]]
        if not covered.any():
            return left, top
        own = int(np.count_nonzero(covered == 1))
        if (covered == 2).any() or (least is not None and own >= least):
            continue
        if own <= allowed:
            best, least = (left, top), own
    return best


def _candidates(target: BadgeBox, size: tuple[int, int]) -> Iterator[tuple[int, int]]:
    """Above, below, right and left of a box, then the same twice as far and at its ends."""
    left, top, width, height = target
    middle, centre = left + (width - size[0]) // 2, top + (height - size[1]) // 2
    for apart in (_APART, _APART + size[1] + 2):
        yield middle, top - apart - size[1]
        yield middle, top + height + apart
        yield left + width + apart, centre
        yield left - apart - size[0], centre
        for x in (left, left + width - size[0]):
            yield x, top - apart - size[1]
            yield x, top + height + apart


def _overlap(one: BadgeBox, other: BadgeBox) -> bool:
    return (
        one[0] < other[0] + other[2]
        and other[0] < one[0] + one[2]
        and one[1] < other[1] + other[3]
        and other[1] < one[1] + one[3]
    )
