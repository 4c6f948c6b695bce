"""Connected components of a plane of any length, labelled band by band.

A band is a stretch of the plane along its longer side. Only one band's labels, four bytes a pixel, are held
at a time: a union-find over the labels on both sides of each border says which belong together.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import cv2
import numpy as np

Plane = Callable[[slice], np.ndarray]
"""Gives the rows of a slice: (rows, breadth) bool."""


@dataclass(frozen=True)
class Components:
    """The components of a plane.

    Attributes:
        bounds: first row of each band, and the end of the last.
        roots: component of each label of each band, from 0; label 0, the background, has -1.
        area: pixels of each component.
        boxes: (components, 4) int64: first row, first column, last row and last column, both inclusive.
        connectivity: 4 or 8.
    """

    bounds: tuple[int, ...]
    roots: tuple[np.ndarray, ...]
    area: np.ndarray
    boxes: np.ndarray
    connectivity: Literal[4, 8]

    def __len__(self) -> int:
        return len(self.area)

    def numbers(self, plane: Plane, band: int) -> np.ndarray:
        """The component of each pixel of a band.

        Args:
            plane: the plane that was labelled.
            band: its number, from 0.

        Returns:
            (rows, breadth) int64, -1 for the background.
        """
        rows = slice(self.bounds[band], self.bounds[band + 1])
        return self.roots[band][_label(plane(rows), self.connectivity)[1]]

    def select(self, plane: Plane, band: int, chosen: np.ndarray) -> np.ndarray:
        """The pixels of a band that belong to chosen components, (components,) bool: (rows, breadth) bool."""
        return np.append(chosen, False)[self.numbers(plane, band)]  # the background's -1 is the last place


def label_plane(plane: Plane, length: int, band: int, connectivity: Literal[4, 8] = 8) -> Components:
    """Label the components of a plane.

    Args:
        plane: function that returns its rows.
        length: how many there are.
        band: rows in a band, from 1.
        connectivity: whether pixels that touch at a corner alone are of one component (8) or not (4).

    Example:
        >>> bits = np.array([[1, 0], [1, 0], [0, 1], [0, 0], [1, 1]], bool)
        >>> found = label_plane(bits.__getitem__, len(bits), band=1)
        >>> found.area, found.boxes.tolist()
        (array([3, 2]), [[0, 0, 2, 1], [4, 0, 4, 1]])
    """
    bounds = (*range(0, length, band), length)
    parents: list[int] = []
    offsets, areas, boxes = [], [], []
    before: np.ndarray | None = None  # the labels of the last row so far, of the whole plane
    for begin, end in pairwise(bounds):
        count, labels, stats = _label(plane(slice(begin, end)), connectivity)
        offset = len(parents)
        parents.extend(range(offset, offset + count - 1))
        offsets.append((offset, count))
        areas.append(stats[1:, cv2.CC_STAT_AREA].astype(np.int64))
        boxes.append(_boxes(stats[1:], begin))
        numbered = np.where(labels > 0, labels + (offset - 1), -1)
        if before is not None:
            for one, other in _pairs(before, numbered[0], connectivity):
                _join(parents, one, other)
        before = numbered[-1].copy()
    roots = np.array([_root(parents, label) for label in range(len(parents))], np.int64)
    kept, place = np.unique(roots, return_inverse=True)
    area = np.zeros(len(kept), np.int64)
    box = np.tile(np.array([length, np.iinfo(np.int64).max, -1, -1]), (len(kept), 1))
    if len(roots):
        np.add.at(area, place, np.concatenate(areas))
        every = np.concatenate(boxes)
        np.minimum.at(box[:, :2], place, every[:, :2])
        np.maximum.at(box[:, 2:], place, every[:, 2:])
    of_band = tuple(
        np.concatenate([[-1], place[offset : offset + count - 1]]).astype(np.int64)
        for offset, count in offsets
    )
    return Components(bounds, of_band, area, box, connectivity)


def _label(bits: np.ndarray, connectivity: int) -> tuple[int, np.ndarray, np.ndarray]:
    """Count with the background, labels and OpenCV's statistics."""
    plane = np.ascontiguousarray(bits).view(np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(plane, connectivity=connectivity)
    return count, labels, stats


def _boxes(stats: np.ndarray, begin: int) -> np.ndarray:
    left, top, width, height = stats[:, : cv2.CC_STAT_AREA].T.astype(np.int64)
    return np.stack([top + begin, left, top + begin + height - 1, left + width - 1], axis=1)


def _pairs(above: np.ndarray, below: np.ndarray, connectivity: int) -> np.ndarray:
    """The labels that touch across a border, (pairs, 2)."""
    touching = [np.stack([above, below], axis=1)]
    if connectivity == 8:
        touching += [np.stack([above[1:], below[:-1]], axis=1), np.stack([above[:-1], below[1:]], axis=1)]
    found = np.concatenate(touching)
    return np.unique(found[(found >= 0).all(axis=1)], axis=0)


def _root(parents: list[int], label: int) -> int:
    while parents[label] != label:
        parents[label] = parents[parents[label]]
        label = parents[label]
    return label


def _join(parents: list[int], one: int, other: int) -> None:
    first, second = sorted((_root(parents, one), _root(parents, other)))
    parents[second] = first
