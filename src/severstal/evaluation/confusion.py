"""Confusion of the classes, by component and by pixel."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from severstal.competition.spec import Spec

MIN_COVERED = 0.1  # share of a component that must be predicted for it to count as found


@dataclass(frozen=True)
class Confusion:
    """Confusion matrices; row and column 0 stand for no defect, k for class k.

    Attributes:
        components: (1 + C, 1 + C) int64. Row k: the 8-connected components of true masks of class k, by the
            class that is predicted on most of their pixels; 0 where less than a tenth of them is predicted.
            Row 0: predicted components that touch no true defect, by their own class.
        pixels: (1 + C, 1 + C) float64 pixels by true and by predicted class; a pixel of several classes is
            divided evenly among them. Pixels without a defect in both masks are not counted.
    """

    components: np.ndarray
    pixels: np.ndarray


def measure_confusion(
    images: Sequence[str],
    truth: Callable[[str], np.ndarray],
    mask: Callable[[str], np.ndarray],
    spec: Spec,
) -> Confusion:
    """Count the confusion of true and predicted classes.

    Args:
        images: names.
        truth: function from an image's name to its true (H, W) bitmask.
        mask: function from an image's name to its predicted (H, W) bitmask.
        spec: names the classes.

    Example:
        >>> spec = Spec("tiny", (1, 6), ("hole", "crack"))
        >>> found = measure_confusion(["a"], {"a": np.uint8([[1, 1, 0, 2, 0, 0]])}.get,
        ...     {"a": np.uint8([[2, 2, 0, 0, 0, 1]])}.get, spec)
        >>> found.components.tolist()
        [[0, 1, 0], [0, 0, 1], [1, 0, 0]]
    """
    size = 1 + len(spec.classes)
    components, pixels = np.zeros((size, size), np.int64), np.zeros((size, size))
    for image in images:
        true, drawn = truth(image), mask(image)
        if not (true.any() or drawn.any()):
            continue
        values, counts = np.unique(true.astype(np.int64) << 32 | drawn, return_counts=True)
        for value, count in zip(values.tolist(), counts.tolist(), strict=True):
            ours, theirs = _classes(value >> 32, size), _classes(value & 2**32 - 1, size)
            if ours != [0] or theirs != [0]:
                pixels[np.ix_(ours, theirs)] += count / (len(ours) * len(theirs))
        named = dict(_planes(drawn, spec))
        for class_id, plane in _planes(true, spec):
            for part in _components(plane):
                inside = np.array(
                    [0, *(int(named[k][part].sum()) if k in named else 0 for k in spec.class_ids)]
                )
                # Of two classes with equal coverage the right one counts.
                best = class_id if inside[class_id] == inside.max() else int(inside.argmax())
                components[class_id, best if inside[best] >= MIN_COVERED * len(part[0]) else 0] += 1
        for class_id, plane in named.items():
            for part in _components(plane):
                components[0, class_id] += not true[part].any()
    return Confusion(components, pixels)


def _planes(bits: np.ndarray, spec: Spec) -> Iterator[tuple[int, np.ndarray]]:
    """The classes of a bitmask: `ClassId` and (H, W) uint8 of 0 and 1."""
    for class_id in spec.class_ids:
        plane = (bits >> (class_id - 1) & 1).astype(np.uint8)
        if plane.any():
            yield class_id, plane


def _classes(bits: int, size: int) -> list[int]:
    """The classes of a pixel; 0 for none."""
    return [k for k in range(1, size) if bits >> (k - 1) & 1] or [0]


def _components(plane: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """The rows and columns of the pixels of each 8-connected component."""
    number, labels = cv2.connectedComponents(plane, connectivity=8)
    rows, columns = np.nonzero(labels)
    order = np.argsort(labels[rows, columns], kind="stable")
    rows, columns = rows[order], columns[order]
    cuts = np.cumsum(np.bincount(labels[rows, columns], minlength=number)[1:])[:-1]
    if number < 2:
        return []
    return list(zip(np.split(rows, cuts), np.split(columns, cuts), strict=True))
