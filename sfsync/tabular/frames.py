"""Rows of cells to blocks: what all readers share that hold their rows in memory."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING

from sfsync.cells import Kind
from sfsync.tabular.model import Cell

if TYPE_CHECKING:
    import polars as pl

ROWS = 50_000
"""Rows in a block."""

Value = Cell | str | None
"""A cell as a reader found it; a text needs no ``Cell`` around it, and an empty one is None."""

Row = tuple[int, Sequence[Value]]
"""A row's number as the partner sees it, and its cells; missing ones at the end are empty."""


def frames(rows: Iterable[Row], columns: int) -> "Iterator[pl.DataFrame]":
    """The rows in blocks by the convention of ``cells.Kind``; cells beyond ``columns`` are left out."""
    remaining = iter(rows)
    while part := list(islice(remaining, ROWS)):
        yield _frame(part, columns)


def _frame(rows: Sequence[Row], columns: int) -> "pl.DataFrame":
    import polars as pl

    series = [pl.Series("row", [number for number, _ in rows], dtype=pl.UInt32)]
    for position in range(columns):
        cells = [row[position] if position < len(row) else None for _, row in rows]
        texts = [cell.text if isinstance(cell, Cell) else cell for cell in cells]
        series.append(pl.Series(str(position), texts, dtype=pl.String))
        kinds = [cell.kind if isinstance(cell, Cell) else Kind.TEXT for cell in cells]
        if any(kinds):
            series.append(pl.Series(f"{position}#", kinds, dtype=pl.UInt8))
    return pl.DataFrame(series)
