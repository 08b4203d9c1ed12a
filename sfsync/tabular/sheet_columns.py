"""Rows of a sheet as calamine gives them to blocks, a column at a time; only mixed columns go cell by cell."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from sfsync.cells import Kind
from sfsync.tabular.frames import ROWS, Value
from sfsync.tabular.model import Cell

if TYPE_CHECKING:
    import polars as pl

Special = Mapping[int, Mapping[int, Cell]]
"""Cells that calamine gives as empty though they are not, by row and column, both 0-based."""

Read = Callable[[Any], Value]
"""What one value is."""

_EXACT = 2.0**53
"""From here on a float does not hold every whole number."""
_AT_HAND = 250
"""Rows that are turned into columns at once: with all of a block it takes five times as long."""
_IN_DOUBT = date(1900, 3, 1)
"""Before this day calamine and Excel count days differently."""


def blocks(
    rows: Sequence[Sequence[Any]], first: int, columns: int, special: Special, read: Read
) -> "Iterator[pl.DataFrame]":
    """The rows from ``first`` on (0-based) in blocks by the convention of ``cells.Kind``."""
    import polars as pl

    for start in range(first, len(rows), ROWS):
        part = rows[start : start + ROWS]
        values, types = _turned(part)
        odd = {
            column: {row - start: cells[column] for row, cells in special.items() if column in cells}
            for column in {
                column for row in range(start, start + len(part)) for column in special.get(row, ())
            }
        }
        series = [pl.int_range(start + 1, start + 1 + len(part), dtype=pl.UInt32, eager=True).alias("row")]
        for column in range(columns):
            if column < len(values):
                series += _column(column, values[column], types[column], odd.get(column), read)
            else:
                series.append(pl.Series(str(column), [None], dtype=pl.String).new_from_index(0, len(part)))
        yield pl.DataFrame(series)


def _turned(rows: Sequence[Sequence[Any]]) -> tuple[list[list[Any]], list[set[type]]]:
    """The columns of some rows and the types in each; a few rows at a time, while the processor has them at hand."""
    columns: list[list[Any]] = [[] for _ in rows[0]]
    types: list[set[type]] = [set() for _ in rows[0]]
    for start in range(0, len(rows), _AT_HAND):
        parts = zip(*rows[start : start + _AT_HAND], strict=True)
        for column, kinds, part in zip(columns, types, parts, strict=True):
            column.extend(part)
            kinds.update(map(type, part))
    return columns, types


def _column(
    column: int, values: Sequence[Any], types: set[type], odd: Mapping[int, Cell] | None, read: Read
) -> "Iterator[pl.Series]":
    texts = _of_one_type(values, types) if not odd else None
    if texts is None:
        yield from _mixed(column, values, odd or {}, read)
        return
    text, kind = texts
    yield text.alias(str(column))
    if kind is not Kind.TEXT and text.null_count() < len(text):
        yield _kinds(text, kind).alias(f"{column}#")


def _kinds(text: "pl.Series", kind: Kind) -> "pl.Series":
    import polars as pl

    empty, full = (pl.Series([int(one)], dtype=pl.UInt8) for one in (Kind.TEXT, kind))
    return full.new_from_index(0, len(text)).zip_with(text.is_not_null(), empty)


def _of_one_type(values: Sequence[Any], types: set[type]) -> "tuple[pl.Series, Kind] | None":
    """The texts and the kind of a column whose filled cells are all of one type."""
    import polars as pl

    if types <= {str}:
        text = pl.Series(values, dtype=pl.String)
        return _without_empty(text), Kind.TEXT
    if str in types:
        if any(type(value) is str and value for value in values):
            return None
        types = types - {str}
        values = [None if type(value) is str else value for value in values]
    if types <= {int, float}:
        numbers = _numbers(pl.Series(values, dtype=pl.Float64, strict=False))
        return None if numbers is None else (numbers, Kind.NUMBER)
    if types == {bool}:
        return pl.Series(values, dtype=pl.Boolean).cast(pl.String), Kind.BOOLEAN
    if types == {date}:
        days = pl.Series(values, dtype=pl.Date)
        return None if (days < _IN_DOUBT).any() else (days.dt.strftime("%Y-%m-%d"), Kind.DATE)
    if types == {datetime} and all(value is None or value.tzinfo is None for value in values):
        moments = pl.Series(values, dtype=pl.Datetime("us")).dt.round("1s")
        return moments.dt.strftime("%Y-%m-%dT%H:%M:%S"), Kind.DATE
    return None


def _numbers(values: "pl.Series") -> "pl.Series | None":
    """Plain decimals, as ``plain_number`` writes them; None when some are too large or too small for that."""
    import polars as pl

    whole = (values == values.round(0)) & (values.abs() < _EXACT)
    text = values.cast(pl.String)
    odd = text.str.contains("[^0-9.-]").fill_null(value=False) & ~whole
    if odd.any() or ((values.abs() >= _EXACT) & ~odd).any():
        return None
    integers = values.zip_with(whole, pl.Series([None], dtype=pl.Float64)).cast(pl.Int64).cast(pl.String)
    return integers.zip_with(whole.fill_null(value=True), text)


def _without_empty(text: "pl.Series") -> "pl.Series":
    import polars as pl

    return text.zip_with(text != "", pl.Series([None], dtype=pl.String))


def _mixed(column: int, values: Sequence[Any], odd: Mapping[int, Cell], read: Read) -> "Iterator[pl.Series]":
    import polars as pl

    cells = [read(value) for value in values]
    for row, cell in odd.items():
        if 0 <= row < len(cells) and (
            cells[row] is None or cell.kind is Kind.ERROR
        ):  # some errors come as text
            cells[row] = cell
    texts = [cell.text if isinstance(cell, Cell) else cell for cell in cells]
    yield pl.Series(str(column), texts, dtype=pl.String)
    kinds = [cell.kind if isinstance(cell, Cell) else Kind.TEXT for cell in cells]
    if any(kinds):
        yield pl.Series(f"{column}#", kinds, dtype=pl.UInt8)
