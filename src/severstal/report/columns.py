"""Plain-text tables: cells laid out in columns for a terminal."""

from collections.abc import Collection, Sequence


def lay_out(rows: Sequence[Sequence[str]], right: Collection[int] = ()) -> list[str]:
    """Give the lines of a table, each column as wide as its widest cell, two blanks apart.

    Args:
        rows: of cells, the head first; a row of fewer cells ends there, and its last one sets no width.
        right: numbers of the columns whose cells stand at the right, as numbers do.

    Example:
        >>> for line in lay_out([("run", "epochs"), ("smoke", "5"), ("old", )], right={1}):
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
