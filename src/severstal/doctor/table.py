"""A table of masks as arrays of runs, faulty rows included as far as they can be read."""

import csv
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np

from severstal.competition import rle
from severstal.competition.cells import read_cells
from severstal.competition.rows import (
    TABLE_COLUMNS,
    Form,
    TableRow,
    find_form,
    name_cells,
    run_faults,
)
from severstal.competition.spec import Spec
from severstal.files import atomic_write

_FEW_RUNS = 40  # up to here a loop over the runs is about as fast as NumPy calls over all of them


RowShape = tuple[int, int] | Callable[[int], tuple[int, int]]
"""Height and width of all pictures, or a function from a row of the table to those of its picture."""

Sides = tuple[int, int] | tuple[np.ndarray, np.ndarray]
"""Height and width of all pictures, or of the picture that each run is of, (runs,) int64 each."""


@dataclass(frozen=True)
class MaskRuns:
    """The runs of many masks, one after the other.

    Attributes:
        start: first pixel of each run, from 0 down the columns; -1 and numbers past the picture stand where a
            shifted table has them.
        length: pixels of each run.
        row: row of the table that each run is of, ascending.
        rows: the rows that have runs, ascending.
    """

    start: np.ndarray  # (runs,) int64
    length: np.ndarray  # (runs,) int64
    row: np.ndarray  # (runs,) int64
    rows: np.ndarray  # (masks,) int64

    @cached_property
    def mask(self) -> np.ndarray:
        """Position in `rows` of the mask that each run is of: (runs,) int64."""
        return np.searchsorted(self.rows, self.row)

    def count(self, which: np.ndarray) -> np.ndarray:
        """Count how many of the runs marked in `which`, (runs,) bool, each mask has: (masks,) int64."""
        return np.bincount(self.mask[which], minlength=len(self.rows))

    def lowest(self, values: np.ndarray) -> np.ndarray:
        """Return the minimum of one value per run, by mask: (masks,)."""
        return np.minimum.reduceat(values, np.flatnonzero(np.diff(self.row, prepend=-1)))

    def draw(self, shape: RowShape, only: Collection[int] | None = None) -> Iterator[tuple[int, np.ndarray]]:
        """Yield each row's number and its mask, (H, W) uint8 laid out by columns; of all rows, or of some.

        Runs before the first pixel or after the last wrap around, so that a shift back restores them.
        """
        borders = [*np.searchsorted(self.row, self.rows).tolist(), len(self.row)]
        for index, row in enumerate(self.rows.tolist()):
            if only is not None and row not in only:
                continue
            height, width = shape(row) if callable(shape) else shape
            pixels = height * width
            part = slice(borders[index], borders[index + 1])
            starts = self.start[part]
            ends = starts + self.length[part]
            if len(starts) > _FEW_RUNS:
                steps = np.zeros(pixels + 1, np.int8)
                steps[np.clip(starts, 0, pixels)] += 1
                steps[np.clip(ends, 0, pixels)] -= 1  # after the starts, as runs may touch
                flat = np.cumsum(steps[:-1], dtype=np.int8).view(np.uint8)
            else:
                flat = np.zeros(pixels, np.uint8)
                for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
                    flat[max(start, 0) : end] = 1
            if starts[0] < 0:
                flat[starts[0] :] = 1
            for start, end in zip(starts[ends > pixels].tolist(), ends[ends > pixels].tolist(), strict=True):
                flat[max(start - pixels, 0) : end - pixels] = 1
            yield row, flat.reshape(width, height).T


@dataclass(frozen=True)
class Table:
    """A CSV of masks as it is in the file.

    Attributes:
        path: the file.
        header: names of the columns.
        cells: the rows, each with as many cells as the header.
        form: generation of the CSV's form.
        spec: the shape and the classes of the data set.
    """

    path: Path
    header: tuple[str, ...]
    cells: Sequence[Sequence[str]]
    form: Form
    spec: Spec

    @cached_property
    def rows(self) -> list[TableRow]:
        """Image, class and runs of each row."""
        return name_cells(self.header, self.cells, self.form)

    @cached_property
    def run_faults(self) -> dict[int, str]:
        """Fault of the run-length text of each faulty row, by row."""
        return run_faults(self.rows, self.spec)

    @property
    def is_submission(self) -> bool:
        """Whether the table has a submission's header, so that empty masks are valid."""
        return self.form == "2019" or self.header[:2] == ("ImageId", "EncodedPixels")

    @cached_property
    def labelled(self) -> np.ndarray:
        """The class of each row, 0 where it has none that there is: (rows,) int64."""
        known = {str(class_id): class_id for class_id in self.spec.class_ids}
        return np.array([known.get(row.class_text, 0) for row in self.rows], np.int64)

    @cached_property
    def runs(self) -> MaskRuns:
        """The runs of all rows that have a class and runs in order, whether or not they fit the picture.

        Rows of a picture whose size is not known have none.
        """
        numbers, rows = [], []
        for index, row in enumerate(self.rows):
            if row.is_empty or not self.labelled[index]:
                continue
            shape = self.spec.find_shape(row.image)
            if shape is None:
                continue
            if index in self.run_faults:
                read = _read_misplaced(row.runs, -1, shape[0] * shape[1] + shape[0])
            else:
                read = np.fromstring(row.runs, np.int64, sep=" ")
            if len(read):
                numbers.append(read)
                rows.append(index)
        flat = np.concatenate(numbers) if numbers else np.zeros(0, np.int64)
        counts = np.array([len(read) // 2 for read in numbers], np.int64)
        kept = np.array(rows, np.int64)
        return MaskRuns(flat[::2] - 1, flat[1::2], np.repeat(kept, counts), kept)

    @property
    def row_shape(self) -> RowShape:
        """Shape of the picture of each row."""
        return self.spec.image_shape or (lambda row: self.spec.shape_of(self.rows[row].image))

    def sides(self, runs: MaskRuns) -> Sides:
        """Height and width of the pictures that runs of this table are of."""
        if self.spec.image_shape is not None:
            return self.spec.image_shape
        shapes = np.array([self.spec.shape_of(self.rows[row].image) for row in runs.rows.tolist()], np.int64)
        height, width = shapes.reshape(-1, 2)[runs.mask].T
        return height, width

    def changed(self, rows: Mapping[int, TableRow]) -> "Table":
        """The table with other image, class and runs in some rows."""
        cells = list(self.cells)
        for index, row in rows.items():
            cells[index] = self.write_row(row, cells[index])
        return self.with_cells(cells)

    def with_cells(self, cells: Sequence[Sequence[str]]) -> "Table":
        """The table with other rows."""
        return replace(self, cells=cells)

    def write_row(self, row: TableRow, cells: Sequence[str] | None = None) -> list[str]:
        """The cells of a row; columns that are none of ours keep what `cells` has."""
        written = list(cells) if cells is not None else [""] * len(self.header)
        values = row if self.form == "today" else (f"{row.image}_{row.class_text}", row.runs)
        for name, value in zip(TABLE_COLUMNS[self.form], values, strict=True):
            written[self.header.index(name)] = value
        return written


def open_table(path: str | Path, spec: Spec) -> Table:
    r"""Read a CSV of masks of either generation, labels or submission.

    Raises:
        SeverstalError: the file cannot be read as such a table at all.

    Example:
        >>> import tempfile
        >>> from severstal.competition.spec import SEVERSTAL
        >>> path = Path(tempfile.mkdtemp()) / "train.csv"
        >>> _ = path.write_text("ImageId,ClassId,EncodedPixels\na.jpg,3,5 3 261 4\n")
        >>> open_table(path, SEVERSTAL).runs.start
        array([  4, 260])
    """
    header, cells = read_cells(path)
    return Table(Path(path), tuple(header), cells, find_form(path, header), spec)


def write_table(path: str | Path, table: Table) -> None:
    """Write a table whole, with the columns that it was read with.

    Raises:
        SeverstalError: the file cannot be written.
    """
    with atomic_write(path) as part, part.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(table.header)
        writer.writerows(table.cells)


def _read_misplaced(text: str, low: int, high: int) -> np.ndarray:
    """The numbers of a faulty text whose only fault is to lie partly outside; none of any other."""
    none = np.zeros(0, np.int64)
    if text.encode("ascii", "replace").translate(None, rle.LEGAL):
        return none
    numbers = np.fromstring(text, np.int64, sep=" ")
    if not len(numbers) or len(numbers) % 2 or numbers.max() > high:
        return none
    starts, ends = numbers[::2] - 1, numbers[::2] - 1 + numbers[1::2]
    inside = starts[0] >= low and ends[-1] <= high
    ordered = (numbers[1::2] > 0).all() and (starts[1:] >= ends[:-1]).all()
    return numbers if inside and ordered else none
