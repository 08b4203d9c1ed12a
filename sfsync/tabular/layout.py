"""How a text file is laid out, and how its records become a frame of that layout."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sfsync.tabular.encoding import Encoding
from sfsync.tabular.model import Notes
from sfsync.tabular.ragged import Shape

if TYPE_CHECKING:
    import polars as pl

BLOCK = 16 << 20
"""Bytes in a block: large enough that polars works in parallel, small enough to hold several."""


@dataclass(frozen=True, slots=True)
class Layout:
    """How a text file is laid out; found once at its top, used for every block."""

    path: Path
    encoding: Encoding
    delimiter: str
    first_line: int  # the line after the header's last
    columns: int
    shape: Shape
    width: int  # fields of the header record, unnamed trailing ones included
    block: int = BLOCK
    old_mac: bool = False


def framed(layout: Layout, records: Iterable[tuple[int, Sequence[str]]], notes: Notes) -> "pl.DataFrame":
    """Records with the lines they begin on as a frame; what does not fit the columns is noted."""
    import polars as pl

    rows: list[int] = []
    fitted: list[Sequence[str]] = []
    for row, record in records:
        rows.append(row)
        fitted.append(_fitted(row, record, layout, notes))
    columns = list(zip(*fitted, strict=True)) if fitted else [()] * layout.columns
    frame = pl.DataFrame(
        [pl.Series("row", rows, dtype=pl.UInt32)]
        + [pl.Series(str(n), values, dtype=pl.String) for n, values in enumerate(columns)]
    )
    return without_empty(frame, frame.columns[1:])


def without_empty(frame: "pl.DataFrame", texts: Sequence[str]) -> "pl.DataFrame":
    """Empty texts of some columns as nulls: nobody can tell them apart in a text file."""
    import polars as pl

    return frame.with_columns_seq(
        [pl.when(pl.col(name) != "").then(pl.col(name)).alias(name) for name in texts]
    )


def _fitted(row: int, record: Sequence[str], layout: Layout, notes: Notes) -> Sequence[str]:
    """A record with as many fields as there are columns. Where values have shifted, none but the first is kept."""
    if len(record) == layout.columns:
        return record
    if len(record) == layout.width and not any(field.strip() for field in record[layout.columns :]):
        return record[: layout.columns]
    if any(field.strip() for field in record):
        notes.tell(layout.shape.problem(row, record, layout.delimiter))
    if layout.shape.shifted(record):
        return [*record[:1], *[""] * (layout.columns - 1)]
    return [*record[: layout.columns], *[""] * (layout.columns - len(record))]
