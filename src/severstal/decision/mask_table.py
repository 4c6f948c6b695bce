"""All images of a folder of maps, drawn on all processors into one table of masks."""

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import pandas as pd

from severstal.competition.rle import encode
from severstal.competition.spec import Spec
from severstal.decision.draw import draw_classes
from severstal.decision.reader import PictureSource, Reader
from severstal.decision.rules import Rules
from severstal.progress import progress

_BLOCK = 64  # images that one thread draws in a row; a shard of maps, so that each is checked by one of them


def draw_masks(
    reader: Reader, rules: Rules, spec: Spec, pictures: PictureSource | None = None
) -> pd.DataFrame:
    """Draw the masks of all images, on all processors.

    Args:
        reader: maps of the images.
        rules: rules for the data set's classes.
        spec: shape and classes that the maps must have.
        pictures: the pictures of the maps, for rules with a CRF.

    Returns:
        The tidy table, one row per non-empty mask, in the order of the images.

    Raises:
        SeverstalError: the maps or the rules are for other classes; a shard of maps is altered; the rules ask
            for pictures that are not given.
    """
    reader.require(spec)
    rules.require(spec)
    probabilities = reader.class_probability

    def draw(block: Sequence[int]) -> list[tuple[str, int, str]]:
        rows = []
        for index in block:
            name = reader.names[index]
            picture = pictures.picture(name) if pictures is not None and rules.need_pictures else None
            masks = draw_classes(reader.full(index), rules, spec, probabilities[index], picture)
            rows += [(name, place + 1, encode(mask)) for place, mask in masks.items()]
        return rows

    rows = []
    with progress(range(len(reader)), "draw masks") as bar, ThreadPoolExecutor(os.cpu_count()) as pool:
        blocks = list(_blocks(len(reader)))
        for block, drawn in zip(blocks, pool.map(draw, blocks), strict=True):
            rows += drawn
            bar.update(len(block))
    table = pd.DataFrame(rows, columns=["ImageId", "ClassId", "EncodedPixels"])
    return table.astype({"ClassId": "int64"})


def _blocks(count: int) -> Iterator[range]:
    for start in range(0, count, _BLOCK):
        yield range(start, min(start + _BLOCK, count))
