"""Text tables: CSV, tab- or pipe-separated, in any encoding; read in blocks, so that memory does not grow.

A block ends where a record ends. polars splits a block where every line is a record of its own; where quotes do more
than wrap whole fields, Python's csv module reads, and the lines are counted on the way. Both give the same frames.
"""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from sfsync.cells import fold
from sfsync.errors import FileRefused
from sfsync.tabular.delimiter import guess, sep_line
from sfsync.tabular.encoding import Encoding, decoded, detect
from sfsync.tabular.guards import check_columns
from sfsync.tabular.header import LOOK_AT, Header, find_header, no_header
from sfsync.tabular.injection import ANSWER_HEADINGS, ESCAPED
from sfsync.tabular.lines import LONGEST_FIELD, Lines
from sfsync.tabular.model import Hints, Notes, Table
from sfsync.tabular.ragged import Shape
from sfsync.tabular.skipping import without_skipped

if TYPE_CHECKING:
    import polars as pl

BLOCK = 8 << 20
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


def open_text(path: Path, hints: Hints, *, block: int = BLOCK) -> Table:
    """Open a text table. Raises FileRefused: empty_file, bad_encoding, not_a_table, open_quote, field_too_long."""
    encoding = detect(path, hints.encoding)
    lines = Lines(path.name, decoded(path, encoding, 1 << 16))
    top = list(islice(lines, LOOK_AT * 4))
    declared = sep_line(top[0]) if top else None
    skip = 1 if declared else 0
    delimiter = hints.delimiter or declared or guess(top, hints.wanted)
    sample = list(
        islice(_records(Lines(path.name, decoded(path, encoding, 1 << 16)), delimiter, skip), LOOK_AT)
    )
    texts = [record for _, _, record in sample]
    fixed = None
    if hints.header_row is not None:
        fixed = next((i for i, (line, _, _) in enumerate(sample) if line == hints.header_row), None)
        if fixed is None:
            raise no_header(path.name, hints.header_row)
    header = find_header(texts, hints.wanted, fixed)
    if header is None:
        raise FileRefused(path.name, "empty_file", "the file is empty.", hint="Ask for it again.")
    columns = _named(header, texts)
    check_columns(path.name, len(columns))
    last_line = sample[header.index][1]
    shape = Shape.of(texts[header.index + 1 :], len(columns))
    layout = Layout(
        path, encoding, delimiter, last_line + 1, len(columns), shape, _width(header, columns, texts), block
    )
    own = [fold(heading) for heading in columns[-2:]] in [[*map(fold, pair)] for pair in ANSWER_HEADINGS]
    return Table(
        file=path.name,
        format="csv",
        columns=columns,
        header_row=sample[header.index][0],
        header_rows=tuple(sample[i][0] for i in range(header.first, header.index + 1)),
        source=lambda notes: without_skipped(_read(layout, notes, own=own), layout.columns, notes),
        encoding=encoding.name,
        bom=encoding.bom,
        delimiter=delimiter,
    )


def _width(header: Header, columns: Sequence[str], texts: Sequence[Sequence[str]]) -> int:
    """Fields of a usual row: as many as in the header record, or one more where all rows end with a delimiter."""
    rows = [record for record in texts[header.index + 1 :] if any(record)]
    trailing = rows and all(len(record) == len(columns) + 1 and not record[-1] for record in rows)
    return len(columns) + 1 if trailing else len(header.columns)


def _named(header: Header, texts: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """The headings, without unnamed ones at the end that only stand for a trailing delimiter."""
    columns = list(header.columns)
    below = texts[header.index + 1 :]
    while len(columns) > 1 and not columns[-1].strip():
        position = len(columns) - 1
        if any(len(record) > position and record[position].strip() for record in below):
            break
        columns.pop()
    return tuple(columns)


def _records(lines: Lines, delimiter: str, skip: int = 0) -> Iterator[tuple[int, int, list[str]]]:
    """(first line, last line, fields) of each record; the first ``skip`` lines are passed over."""
    for _ in islice(lines, skip):
        pass
    reader = csv.reader(lines.guarded(), delimiter=delimiter)
    while True:
        start = lines.number + 1
        try:
            record = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise lines.refusal(start, error) from None
        if lines.ended(start, record):
            return
        yield start, lines.number, lines.restored(record)


def raw_records(path: Path, table: Table) -> Iterator[tuple[int, list[str]]]:
    """(first line, fields) of every record from the top: title blocks, blank lines and footers too.

    A ``sep=`` line is a record of one field. ``table`` is what ``open_text`` gave for the same file.
    """
    encoding = Encoding(
        table.encoding or "utf-8", len("\ufeff".encode(table.encoding or "utf-8")) if table.bom else 0
    )
    lines = Lines(path.name, decoded(path, encoding, 1 << 20))
    top = next(iter(Lines(path.name, decoded(path, encoding, 1 << 16))), "")
    skip = 1 if sep_line(top) else 0
    if skip:
        yield 1, [top.rstrip("\r\n")]
    for start, _, record in _records(lines, table.delimiter or ",", skip):
        yield start, record


def _read(layout: Layout, notes: Notes, *, own: bool) -> "Iterator[pl.DataFrame]":
    """The frames; in an answer of our own the apostrophes that keep formulas from running are taken off again."""
    if not own:
        yield from _frames(layout, notes)
        return
    import polars as pl

    for frame in _frames(layout, notes):
        yield frame.with_columns(
            [
                pl.when(pl.col(name).str.contains(ESCAPED))
                .then(pl.col(name).str.slice(1))
                .otherwise(pl.col(name))
                for name in frame.columns[1:]
            ]
        )


def _frames(layout: Layout, notes: Notes) -> "Iterator[pl.DataFrame]":
    lines = Lines(layout.path.name, decoded(layout.path, layout.encoding, layout.block))
    for _ in islice(lines, layout.first_line - 1):
        pass
    while lines.more():
        start, texts = lines.number + 1, lines.at_hand()
        frame = None
        if max(map(len, texts)) <= LONGEST_FIELD:  # else the csv module looks after the length of fields
            quoted = any('"' in text for text in texts)
            frame = (_from_regular if quoted else _from_plain)(texts, start, layout, notes)
        if frame is None:
            yield _from_quoted(lines, layout, notes)
        else:
            lines.take()
            yield frame


def _from_plain(texts: list[str], start: int, layout: Layout, notes: Notes) -> "pl.DataFrame":
    """Lines without any quote: a line is a record, a delimiter is a delimiter."""
    import polars as pl

    series = pl.Series("line", texts, dtype=pl.String)
    rows = pl.int_range(start, start + len(texts), dtype=pl.UInt32, eager=True).alias("row")
    fields = series.str.count_matches(layout.delimiter, literal=True) + 1
    parts = series.str.split_exact(layout.delimiter, max(layout.columns, layout.width)).struct.unnest()
    names = parts.columns[: layout.columns]
    extra = [pl.col(name).str.strip_chars() != "" for name in parts.columns[layout.columns : layout.width]]
    unnamed = parts.select(
        pl.any_horizontal(extra or [pl.lit(value=False)]).alias("x").fill_null(value=False)
    )["x"]
    ragged = (fields != layout.columns) & ((fields != layout.width) | unnamed)
    odd = [(index, texts[index].split(layout.delimiter)) for index in ragged.arg_true()]
    for index, record in odd:
        _note_ragged(start + index, record, layout, notes)
    lost = [index for index, record in odd if layout.shape.shifted(record)]
    frame = parts.select(
        [pl.when(pl.col(old) != "").then(pl.col(old)).alias(str(n)) for n, old in enumerate(names)]
    ).insert_column(0, rows)
    return _only_first(frame, lost)


def _from_regular(texts: list[str], start: int, layout: Layout, _: Notes) -> "pl.DataFrame | None":
    """Lines whose quotes do nothing but stand around whole fields, so that each line is a record of its own.

    None when a line holds anything else (a doubled quote, a line break in a field, a field too many): those are
    for the csv module. polars would read them in its own way.
    """
    import polars as pl

    delimiter = re.escape(layout.delimiter)
    field = rf'(?:"[^"\r]*"|[^"\r{delimiter}]*)'
    regular = rf"\A{field}(?:{delimiter}{field}){{{layout.columns - 1}}}\z"
    series = pl.Series("line", texts, dtype=pl.String)
    if layout.columns == 1 or not series.str.contains(regular).all():
        return None
    frame = pl.read_csv(
        io.BytesIO("\n".join(texts).encode()),
        separator=layout.delimiter,
        has_header=False,
        infer_schema=False,
        new_columns=[str(n) for n in range(layout.columns)],
    )
    if frame.shape != (len(texts), layout.columns):
        return None
    rows = pl.int_range(start, start + len(texts), dtype=pl.UInt32, eager=True).alias("row")
    return _nulls(frame.insert_column(0, rows))


def _nulls(frame: "pl.DataFrame") -> "pl.DataFrame":
    """Empty texts as nulls: nobody can tell them apart in a text file."""
    import polars as pl

    return frame.with_columns(
        [pl.when(pl.col(name) != "").then(pl.col(name)).alias(name) for name in frame.columns[1:]]
    )


def _only_first(frame: "pl.DataFrame", lost: list[int]) -> "pl.DataFrame":
    """Rows whose values have shifted keep their first value only: no other can be trusted."""
    import polars as pl

    if not lost:
        return frame
    shifted = pl.int_range(pl.len()).is_in(lost)
    return frame.with_columns(
        [pl.when(~shifted).then(pl.col(name)).alias(name) for name in frame.columns[2:]]
    )


def _from_quoted(lines: Lines, layout: Layout, notes: Notes) -> "pl.DataFrame":
    import polars as pl

    rows: list[int] = []
    records: list[list[str]] = []
    limit = lines.consumed + layout.block
    for start, _, record in _records(lines, layout.delimiter):
        rows.append(start)
        records.append(_fitted(start, record, layout, notes))
        if lines.consumed >= limit:
            break
    columns = list(zip(*records, strict=True)) if records else [()] * layout.columns
    frame = pl.DataFrame(
        [pl.Series("row", rows, dtype=pl.UInt32)]
        + [pl.Series(str(n), values, dtype=pl.String) for n, values in enumerate(columns)]
    )
    return _nulls(frame)


def _fitted(row: int, record: list[str], layout: Layout, notes: Notes) -> list[str]:
    if len(record) == layout.columns:
        return record
    shifted = layout.shape.shifted(record)
    if shifted or len(record) != layout.width:
        _note_ragged(row, record, layout, notes)
    if shifted:
        return record[:1] + [""] * (layout.columns - 1)
    return record[: layout.columns] + [""] * (layout.columns - len(record))


def _note_ragged(row: int, record: Sequence[str], layout: Layout, notes: Notes) -> None:
    if any(field.strip() for field in record) and len(record) != layout.columns:
        notes.problems.append(layout.shape.problem(row, record, layout.delimiter))
