"""Text tables: CSV, tab- or pipe-separated, in any encoding; read in blocks, so that memory does not grow.

A block ends where a record ends. polars splits it; where quotes do more than stand around whole fields, Python's csv
module reads, and the lines are counted on the way. Both give the same frames.
"""

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from sfsync.errors import FileRefused
from sfsync.tabular.answered import find_answer
from sfsync.tabular.delimiter import guess, sep_line
from sfsync.tabular.encoding import Encoding, decoded, detect
from sfsync.tabular.guards import check_columns
from sfsync.tabular.header import LOOK_AT, Header, find_header, no_header
from sfsync.tabular.layout import BLOCK, Layout
from sfsync.tabular.lines import Lines, records
from sfsync.tabular.memory import keep_memory
from sfsync.tabular.model import Hints, Table
from sfsync.tabular.ragged import Shape
from sfsync.tabular.textrows import TextRows


def open_text(path: Path, hints: Hints, *, block: int = BLOCK) -> Table:
    """Open a text table. Raises FileRefused: empty_file, bad_encoding, not_a_table, open_quote, field_too_long."""
    if path.stat().st_size > block:
        keep_memory()
    encoding = detect(path, hints.encoding)
    lines = Lines(path.name, decoded(path, encoding, 1 << 16))
    top = list(islice(lines, LOOK_AT * 4))
    declared = sep_line(top[0]) if top else None
    skip = 1 if declared else 0
    delimiter = hints.delimiter or declared or guess(top, hints.wanted)
    sample = list(
        islice(records(Lines(path.name, decoded(path, encoding, 1 << 16)), delimiter, skip), LOOK_AT)
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
    if not columns:
        raise no_header(path.name, sample[header.index][0])
    check_columns(path.name, len(columns))
    last_line = sample[header.index][1]
    shape = Shape.of(texts[header.index + 1 :], len(columns))
    layout = Layout(
        path,
        encoding,
        delimiter,
        last_line + 1,
        len(columns),
        shape,
        _width(header, columns, texts),
        block,
        lines.old_mac,
    )
    rows = TextRows(layout, own=find_answer(columns) is not None)
    return Table(
        file=path.name,
        format="csv",
        columns=columns,
        header_row=sample[header.index][0],
        header_rows=tuple(sample[i][0] for i in range(header.first, header.index + 1)),
        source=rows.read,
        shortcut=rows,
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
    for start, _, record in records(lines, table.delimiter or ",", skip):
        yield start, record
