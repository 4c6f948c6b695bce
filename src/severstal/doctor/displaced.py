"""Masks read in the wrong direction or shifted by a pixel: found from the runs alone."""

from collections.abc import Collection, Sequence
from typing import NamedTuple

import numpy as np

from severstal.competition import rle
from severstal.competition.spec import SEVERSTAL
from severstal.doctor.displacements import Displacement, undo_displacement
from severstal.doctor.edges import FEWEST_NEAR_BORDER, gaps, measure_borders, wrapped
from severstal.doctor.outline import measure_outlines, read_directions
from severstal.doctor.report import EXAMPLES, Finding, FindingKind
from severstal.doctor.table import MaskRuns, Sides, Table

_TRIED = 600  # masks on which it is tried whether a shift is one of the whole table
_NEAR_CERTAIN = 12  # masks a pixel off a border: by chance each has 1 in 4, so all of them 1 in 10 million

_SAYS: dict[Displacement, str] = {
    "written by rows": "masks are written row by row (or, what gives the same text, transposed)",
    "read by rows": "masks were decoded row by row and written again column by column",
    "down": "masks are shifted down by a pixel along the runs: the decoder did not take 1 off the starts",
    "up": "masks are shifted up by a pixel along the runs: the starts are counted from 0",
    "down within columns": "masks are shifted down by a pixel",
    "up within columns": "masks are shifted up by a pixel",
    "right": "masks are shifted right by a pixel",
    "left": "masks are shifted left by a pixel",
}


class CheckResult(NamedTuple):
    """The result of a check.

    Attributes:
        table: the table with every certain repair made, or the same.
        findings: findings of the check.
        untested: questions that could not be decided, one line each.
    """

    table: Table
    findings: tuple[Finding, ...] = ()
    untested: tuple[str, ...] = ()


def undo_in_rows(table: Table, displacement: Displacement, rows: Collection[int]) -> Table:
    """Undo a displacement in some rows of a table."""
    wanted = frozenset(int(row) for row in rows)
    return table.changed(
        {
            row: table.rows[row]._replace(runs=rle.encode(undo_displacement(displacement, mask)))
            for row, mask in table.runs.draw(table.row_shape, wanted)
        }
    )


def find_by_rows(table: Table) -> CheckResult:
    """Find the masks that were written or decoded row by row."""
    runs = table.runs
    directions = read_directions(measure_outlines(runs, table.row_shape))
    right = int(directions.pop(None).sum())
    wrong, marks = max(directions.items(), key=lambda item: item[1].sum())
    count = int(marks.sum())
    if count < _chance(runs):
        few = right + count < _chance(runs)
        return CheckResult(
            table, (), (f"decoding by rows: only {right} masks are large enough",) if few else ()
        )
    whole = right <= count / 50
    rows = runs.rows if whole else runs.rows[marks]
    evidence = f"read otherwise, the outlines of {count:,} masks are far shorter, of {right:,} far longer"
    step = undo_in_rows(table, wrong, rows)
    return CheckResult(step, (_finding("by rows", table, wrong, rows, whole, evidence),))


def find_shifts(table: Table) -> CheckResult:
    """Find the masks that are shifted by a pixel: along the runs first, then sideways."""
    along = _find_wrapped(table, ("down", "up"))
    sideways = _find_wrapped(along.table, ("right", "left"))
    cut = (
        CheckResult(sideways.table) if sideways.findings else _find_cut(sideways.table, bool(along.findings))
    )
    return CheckResult(
        cut.table,
        along.findings + sideways.findings + cut.findings,
        _unknown_sides(cut.table.runs, table),
    )


def _find_wrapped(table: Table, directions: tuple[Displacement, ...]) -> CheckResult:
    """Shifts that carried pixels over the border, which show in each mask."""
    runs, shape = table.runs, table.sides(table.runs)
    marks = wrapped(runs, shape)
    kinds: dict[Displacement, tuple[Displacement, ...]] = {
        "down": ("down", "down within columns"),
        "up": ("up", "up within columns"),
        "right": ("right",),
        "left": ("left",),
    }
    flagged = {way: np.any([marks[kind] for kind in kinds[way]], axis=0) for way in directions}
    way = max(flagged, key=lambda way: flagged[way].sum())
    count = int(flagged[way].sum())
    if count < _chance(runs):
        return CheckResult(table)
    rows = runs.rows[flagged[way]]
    kind, sure = _kind_of(table, kinds[way], rows)
    whole = _is_whole(table, kind, flagged)
    rows = runs.rows if whole else rows
    evidence = f"the pixels that left the picture came in on its other side in {count:,} masks"
    if not whole:
        free = len(runs.rows) - count
        evidence += f"; of the other {free:,}, those that do not reach a border may be shifted as well"
    lost = _reaching(runs, kind, shape) if whole and kind in ("down", "up") else 0
    note = f"; what was cut off at the very last pixel, in up to {lost} rows, is gone" if lost else ""
    certainty = 1.0 if sure else 0.9
    finding = _finding("shift", table, kind, rows, whole, evidence, note, certainty)
    return CheckResult(undo_in_rows(table, kind, rows) if sure else table, (finding,))


def _kind_of(table: Table, kinds: Sequence[Displacement], rows: np.ndarray) -> tuple[Displacement, bool]:
    """Return which of two kinds of shift it is, and whether that is certain: the one with shorter
    outlines."""
    if len(kinds) == 1:
        return kinds[0], True
    tried = rows[:: max(1, len(rows) // _TRIED)]
    lengths = np.array([_outlines(table, kind, tried) for kind in kinds])
    votes = [int((lengths[k] < lengths[1 - k]).sum()) for k in range(2)]
    best = int(np.argmax(votes))
    return kinds[best], votes[best] >= 4 and votes[best] >= 4 * votes[1 - best]


def _outlines(table: Table, kind: Displacement, rows: np.ndarray) -> np.ndarray:
    part = table.with_cells([table.cells[row] for row in rows])
    return measure_outlines(undo_in_rows(part, kind, part.runs.rows).runs, part.row_shape).as_is


def _is_whole(table: Table, kind: Displacement, ways: Collection[Displacement]) -> bool:
    """Return whether all rows are shifted: once undone in all, none may look shifted the other way."""
    runs = table.runs
    tried = runs.rows[:: max(1, len(runs.rows) // _TRIED)]
    part = table.with_cells([table.cells[row] for row in tried])
    undone = undo_in_rows(part, kind, part.runs.rows)
    marks = wrapped(undone.runs, undone.sides(undone.runs))
    among = [marks[shift] for shift in marks if shift.split()[0] in ways]
    return int(np.any(among, axis=0).sum()) < 4 + len(tried) / 200


def _find_cut(table: Table, moved: bool) -> CheckResult:
    """Shifts that cut pixels off, which leave one border untouched in the whole table."""
    runs, spec = table.runs, table.spec
    for shift, (at, off, further, opposite) in gaps(runs, table.sides(runs)).items():
        vertical = shift not in ("right", "left")
        if moved and vertical:
            continue
        if off < FEWEST_NEAR_BORDER or at > off / 5 or off < 2 * further or opposite < 3:
            continue
        certain = spec == SEVERSTAL and off >= _NEAR_CERTAIN and at <= off / 50
        # On another data set it may be the habit of its drawing tool.
        certainty = 1.0 if certain else 1 - 0.25**off if spec == SEVERSTAL and not at else 0.9
        evidence = (
            f"{at} masks touch the border that they would have left, {off} begin one pixel from it, "
            f"{further} two; {opposite} touch the opposite one"
        )
        lost = _reaching(runs, shift, table.sides(runs))
        note = f"; of {lost:,} rows that reach the other border, what was cut off there is gone"
        finding = _finding("shift", table, shift, runs.rows, True, evidence, note, certainty)
        return CheckResult(undo_in_rows(table, shift, runs.rows) if certain else table, (finding,))
    return CheckResult(table)


def _unknown_sides(runs: MaskRuns, table: Table) -> tuple[str, ...]:
    borders = measure_borders(runs, table.sides(runs))
    few = [
        name
        for name, near in zip(("down", "up", "right", "left"), borders, strict=True)
        if (near <= 1).sum() < FEWEST_NEAR_BORDER
    ]
    if not few:
        return ()
    return (f"shifts {', '.join(few)} by a pixel: too few masks reach the border that they would have left",)


def _reaching(runs: MaskRuns, shift: Displacement, shape: Sides) -> int:
    """Count the masks that reach the border over which a shift pushes pixels."""
    if shift == "down":
        end = runs.start + runs.length
        return int(((runs.count(end == shape[0] * shape[1]) > 0) & (runs.count(runs.start == 0) == 0)).sum())
    if shift == "up":
        return int((runs.count(runs.start == 0) > 0).sum())
    borders = measure_borders(runs, shape)
    side = {
        "down within columns": borders.bottom,
        "up within columns": borders.top,
        "right": borders.right,
        "left": borders.left,
    }
    return int((side[shift] == 0).sum())


def _finding(
    kind: FindingKind,
    table: Table,
    displacement: Displacement,
    rows: np.ndarray,
    whole: bool,
    evidence: str,
    note: str = "",
    certainty: float = 1.0,
) -> Finding:
    shown = () if whole else tuple(_describe(table, int(row)) for row in rows[:EXAMPLES])
    extent = "all rows" if whole else "some rows"
    repair = (
        f"undo it in {'every row' if whole else 'these rows; rows that show no shift stay as they are'}{note}"
    )
    what = f"{_SAYS[displacement]}, in {extent}"
    return Finding(
        kind, table.path.name, what, len(rows), repair, evidence, certainty, shown, certainty == 1.0
    )


def _describe(table: Table, row: int) -> str:
    return f"row {row + 1}: image {table.rows[row].image} class {table.rows[row].class_text}"


def _chance(runs: MaskRuns) -> float:
    """Return how many masks may look shifted by chance: 1 of the 4,598 reference masks does."""
    return 6 + len(runs.rows) / 500
