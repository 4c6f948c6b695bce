"""Labels that are imported into a table with earlier ones: none is lost unless a new one takes its place."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from severstal.competition.cells import read_cells
from severstal.competition.rows import TABLE_COLUMNS, TableRow
from severstal.competition.spec import Spec
from severstal.competition.tables import read_labels, tidy
from severstal.errors import SeverstalError


class Merged(NamedTuple):
    """Earlier and new labels together.

    Attributes:
        table: tidy table as `read_labels` returns it, in the order of the data set's images, then of the
            classes.
        kept: number of earlier masks that stay.
        replaced: image and class of each earlier mask that a different new one replaced.
    """

    table: pd.DataFrame
    kept: int
    replaced: tuple[tuple[str, int], ...]


def read_earlier(path: Path, spec: Spec) -> pd.DataFrame | None:
    """Read the labels that an import is added to.

    Returns:
        The table, as `read_labels` gives it; None where there is no such file yet.

    Raises:
        SeverstalError: the file is something else, and is not written over.
    """
    if not path.exists():
        return None
    try:
        own = tuple(read_cells(path)[0]) == TABLE_COLUMNS["today"]
        earlier = read_labels(path, spec) if own else None
    except SeverstalError as error:
        raise SeverstalError(f"{error} (or give another --output: this file would be extended)") from error
    if earlier is None:
        raise SeverstalError(
            f"{path}: exists and is not a table in the form of train.csv: give another --output"
        )
    return earlier


def merge(earlier: pd.DataFrame, new: pd.DataFrame, images: Sequence[str]) -> Merged:
    """Add new labels to earlier ones; a new mask replaces that of the same image and class.

    Args:
        earlier: earlier labels, as `read_labels` returns them.
        new: new labels, as `read_labels` returns them.
        images: names of the data set's images, in order; others follow by name.

    Example:
        >>> earlier = tidy([TableRow("a.jpg", "1", "1 9"), TableRow("b.jpg", "1", "1 9")])
        >>> new = tidy([TableRow("a.jpg", "1", "5 3"), TableRow("a.jpg", "2", "1 2")])
        >>> merged = merge(earlier, new, ["a.jpg"])
        >>> merged.table["EncodedPixels"].tolist(), merged.kept, merged.replaced
        (['5 3', '1 2', '1 9'], 1, (('a.jpg', 1),))
    """
    before, after = _by_pair(earlier), _by_pair(new)
    place = {image: index for index, image in enumerate(images)}
    pairs = sorted(before.keys() | after.keys(), key=lambda pair: (place.get(pair[0], len(place)), *pair))
    together = before | after
    rows = [TableRow(image, str(k), together[image, k]) for image, k in pairs]
    replaced = tuple(
        pair for pair in pairs if pair in before and after.get(pair, before[pair]) != before[pair]
    )
    return Merged(tidy(rows), len(before.keys() - after.keys()), replaced)


def _by_pair(table: pd.DataFrame) -> dict[tuple[str, int], str]:
    columns = (table["ImageId"], table["ClassId"], table["EncodedPixels"])
    return {(image, k): runs for image, k, runs in zip(*columns, strict=True)}
