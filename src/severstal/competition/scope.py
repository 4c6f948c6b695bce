"""The images over which tables are compared; clean ones have no row, and yet count."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from severstal.competition.folder import InputFolder
from severstal.competition.listing import list_images
from severstal.competition.rows import (
    TableRow,
    match_images,
    raise_first,
    read_rows,
    row_faults,
    run_faults,
)
from severstal.competition.spec import Spec
from severstal.competition.tables import read_listed_sample, tidy
from severstal.errors import SeverstalError


@dataclass(frozen=True)
class NamedTable:
    """The masks of a CSV, and the images that its rows name.

    Attributes:
        path: path of the CSV.
        rows: rows as in the file, including those without a mask.
        table: tidy, one row per mask.
        labels: whether it holds labels, which need no row for a clean image.
    """

    path: Path
    rows: Sequence[TableRow]
    table: pd.DataFrame
    labels: bool = False

    @property
    def images(self) -> tuple[str, ...]:
        """The images that a row names, in the order in which they first appear."""
        return tuple(dict.fromkeys(row.image for row in self.rows))


@dataclass(frozen=True)
class Scope:
    """The images that count.

    Attributes:
        images: each once.
        source: description of the images in words.
        notes: notes on these images for a reader of the figures, one line each.
    """

    images: tuple[str, ...]
    source: str
    notes: tuple[str, ...]
    of_test: bool = False


def read_named(path: str | Path, spec: Spec, labels: bool = False) -> NamedTable:
    r"""Read a submission or labels of either generation, keeping which images are named without a mask.

    Args:
        path: the CSV.
        spec: the shape and the classes of the data set.
        labels: whether it is in train.csv's form, where today's generation has no row without a mask.

    Raises:
        SeverstalError: see `read_labels` and `read_submission`.

    Example:
        >>> import tempfile
        >>> from severstal.competition.spec import SEVERSTAL
        >>> path = Path(tempfile.mkdtemp()) / "submission.csv"
        >>> _ = path.write_text("ImageId,EncodedPixels,ClassId\na.jpg,,1\nb.jpg,1 9,2\n")
        >>> named = read_named(path, SEVERSTAL)
        >>> named.images, len(named.table)
        (('a.jpg', 'b.jpg'), 1)
    """
    form, rows = read_rows(path)
    may_be_empty = not labels or form == "2019"
    raise_first(
        path,
        run_faults(rows, spec) | row_faults(rows, spec.class_ids, may_be_empty=may_be_empty),
    )
    return NamedTable(Path(path), rows, tidy(rows), labels)


def find_scope(
    tables: Sequence[NamedTable], spec: Spec, data: InputFolder | None
) -> tuple[Scope, list[NamedTable]]:
    """Find the images that two tables are about: the test images or, where they name those, the train images.

    Args:
        tables: tables to be compared.
        spec: the classes of the data set.
        data: the input folder; None where there is none, and the images are those that a row names.

    Returns:
        The images, and the tables with images spelt as the pictures are, or without an input folder as the
        first table does, where only the Unicode form (NFC, NFD) differs.

    Raises:
        SeverstalError: a row names an image of neither kind, the tables are about different kinds or, without
            an input folder, have no image in common.

    Example:
        >>> from severstal.competition.spec import SEVERSTAL
        >>> rows = [TableRow("a.jpg", "1", ""), TableRow("b.jpg", "1", "1 9")]
        >>> tables = [NamedTable(Path(f"{k}.csv"), rows[:k], tidy(rows[:k])) for k in (1, 2)]
        >>> scope, _ = find_scope(tables, SEVERSTAL, None)
        >>> scope.images, scope.notes
        (('a.jpg', 'b.jpg'), ('1 of the images has no row in 1.csv, such as b.jpg: taken as clean there',))
    """
    if data is None:
        tables = [_spelt_as(tables[0].images, table) for table in tables]
        images = tuple(dict.fromkeys(image for table in tables for image in table.images))
        if len(images) == sum(len(table.images) for table in tables):
            raise SeverstalError(
                f"{tables[0].path} and {tables[1].path} have no image in common: give two tables of the same "
                "images"
            )
        return Scope(images, f"the {len(images):,} images that a row names", unnamed(tables, images)), tables
    kinds: dict[Path, tuple[str, ...]] = {}
    if data.sample_csv.is_file() or data.has_test:
        place = data.sample_csv if data.sample_csv.is_file() else data.test_images
        test = kinds[place] = read_listed_sample(data).images
        spelt = [_spelt_as(test, table) for table in tables]
        if all(set(table.images).issubset(test) for table in spelt):
            return Scope(test, f"the {len(test):,} images of {place}", unnamed(spelt, test), True), spelt
    kinds[data.train_images] = tuple(data.train_names())
    tables = [_spelt_as([image for known in kinds.values() for image in known], table) for table in tables]
    if all(set(table.images).issubset(kinds[data.train_images]) for table in tables):
        train = kinds[data.train_images]
        source = f"all {len(train):,} train images, as the rows name these and no test image"
        return Scope(train, source, unnamed(tables, train)), tables

    def holds(place: Path, table: NamedTable) -> bool:
        return set(table.images).issubset(kinds[place])

    for table in tables:
        if not any(holds(place, table) for place in kinds):
            # The kind that it shares more images with is the one that it was meant for.
            place = max(kinds, key=lambda place: len(set(table.images).intersection(kinds[place])))
            known = f"those of {place}"
            raise_first(table.path, row_faults(table.rows, spec.class_ids, images=kinds[place], place=known))
    homes = [next(place for place in kinds if holds(place, table)) for table in tables]
    raise SeverstalError(
        f"{tables[0].path} names images of {homes[0]}, {tables[1].path} images of {homes[1]}: "
        "give two tables of the same images"
    )


def given_scope(place: Path, tables: Sequence[NamedTable]) -> tuple[Scope, list[NamedTable]]:
    """Take the images of a folder of pictures or of a CSV, and leave out the rows of all others.

    Args:
        place: the folder, or a CSV of either generation whose rows name every image, masks or none.
        tables: tables to be compared; the first must name one of the images.

    Returns:
        The images, and the tables without other images' rows.

    Raises:
        SeverstalError: `place` is neither, or names no image that the first table does.

    Example:
        >>> import tempfile
        >>> folder = Path(tempfile.mkdtemp())
        >>> (folder / "a.jpg").touch()
        >>> rows = [TableRow("a.jpg", "1", "1 9"), TableRow("b.jpg", "1", "1 9")]
        >>> scope, (table,) = given_scope(folder, [NamedTable(Path("my.csv"), rows, tidy(rows))])
        >>> scope.images, table.images, scope.notes
        (('a.jpg',), ('a.jpg',), ('1 row of my.csv is left out, of other images such as b.jpg',))
    """
    if place.is_dir():
        images = tuple(list_images(place))
    else:
        images = tuple(dict.fromkeys(row.image for row in read_rows(place)[1]))
    known = frozenset(images)
    tables = [_spelt_as(images, table) for table in tables]
    if known.isdisjoint(tables[0].images):
        raise SeverstalError(
            f"{tables[0].path} names none of the {len(images):,} images of {place}: correct --images"
        )
    notes, kept = [], []
    for table in tables:
        rows = [row for row in table.rows if row.image in known]
        others = [row.image for row in table.rows if row.image not in known]
        if others:
            are = "row of {} is" if len(others) == 1 else "rows of {} are"
            notes.append(
                f"{len(others):,} {are.format(table.path)} left out, of other images such as {others[0]}"
            )
        kept.append(replace(table, rows=rows, table=table.table[table.table["ImageId"].isin(images)]))
    return Scope(images, f"the {len(images):,} images of {place}", (*notes, *unnamed(kept, images))), kept


def _spelt_as(images: Collection[str], table: NamedTable) -> NamedTable:
    """The table with its images spelt as given, where only the Unicode form differs."""
    rows = match_images(table.rows, images)
    return table if rows == list(table.rows) else replace(table, rows=rows, table=tidy(rows))


def unnamed(tables: Sequence[NamedTable], images: Collection[str]) -> tuple[str, ...]:
    """Count the images without a row in each submission, where Kaggle requires one.

    Example:
        >>> unnamed([NamedTable(Path("my.csv"), [], tidy([]))], ["a.jpg", "b.jpg"])
        ('2 of the images have no row in my.csv, such as a.jpg: taken as clean there',)
    """
    notes = []
    for table in tables:
        named = set(table.images)
        absent = [image for image in images if image not in named]
        if absent and not table.labels:
            have = "has" if len(absent) == 1 else "have"
            notes.append(
                f"{len(absent):,} of the images {have} no row in {table.path}, such as {absent[0]}: taken as "
                "clean there"
            )
    return tuple(notes)
