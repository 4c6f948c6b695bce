"""Plain-text tables."""

from collections.abc import Collection, Sequence


def format_columns(rows: Sequence[Sequence[str]], right: Collection[int] = ()) -> list[str]:
    """Return the lines of a table, each column as wide as its widest cell, two spaces apart.

    Args:
        rows: rows of cells, the head first; the last cell of a shorter row does not widen its column.
        right: positions of the columns that are aligned right.

    Example:
        >>> for line in format_columns([("run", "epochs"), ("smoke", "5"), ("old", )], right={1}):
        ...     print(line)
        run    epochs
        smoke       5
        old
    """
    columns = max(map(len, rows))
    widths = [0] * columns
    for row in rows:
        for place, cell in enumerate(row if len(row) == columns else row[:-1]):
            widths[place] = max(widths[place], len(cell))
    return [
        "  ".join(
            cell.rjust(width) if place in right else cell.ljust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=False))
        ).rstrip()
        for row in rows
    ]
