"""Small tables for tests: columns to a block as readers of files make them, and a mapping run over it."""

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from sfsync.cells import Kind
from sfsync.mapping.bind import Bound
from sfsync.mapping.compile import compile_mapping
from sfsync.mapping.load import parse_mapping
from sfsync.mapping.rows import MappedRow, RowProblem

Cells = Sequence[str | tuple[str | None, Kind] | None]


def block(columns: Mapping[str, Cells], first: int = 2) -> pl.DataFrame:
    """A block of the convention in ``sfsync.cells``; a cell is a text, a text with its kind, or None."""
    height = len(next(iter(columns.values()), ()))
    series = [pl.Series("row", range(first, first + height), dtype=pl.UInt32)]
    for position, cells in enumerate(columns.values()):
        pairs = [cell if isinstance(cell, tuple) else (cell, Kind.TEXT) for cell in cells]
        series.append(pl.Series(str(position), [text for text, _ in pairs], dtype=pl.String))
        if any(kind is not Kind.TEXT for _, kind in pairs):
            series.append(pl.Series(f"{position}#", [kind for _, kind in pairs], dtype=pl.UInt8))
    return pl.DataFrame(series)


def bound(mapping: str, headings: Sequence[str], **given: Any) -> Bound:
    """The mapping of a YAML text, tied to headings."""
    return compile_mapping(parse_mapping(mapping)).bind(headings, **{"file": "partner.csv", **given})


def mapped(mapping: str, columns: Mapping[str, Cells], **given: Any) -> list[MappedRow]:
    """The rows that a mapping makes of one block."""
    table = block(columns)
    found = bound(mapping, list(columns)).map([table], **given)
    return [row for part in found for row in part.rows()]


def one(rule: str, cell: str | tuple[str | None, Kind] | None, file: str = "") -> tuple[Any, str | None]:
    """The value of one cell under a rule in YAML, and the rule it breaks (or its warning)."""
    text = f"{{mapping: t, object: T, file: {{{file} headers: {{x: {{{rule}}}}}}}, fields: {{X: x}}}}"
    row = mapped(text, {"x": [cell]})[0]
    told: RowProblem | None = row.problem or next(iter(row.warnings), None)
    return row.named["x"], told.rule if told else None
