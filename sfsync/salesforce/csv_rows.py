"""CSV as the Bulk APIs take and give it: values to cells, records to flat rows, files read as a stream.

"Prepare CSV Files" (Bulk API 2.0 Developer Guide): UTF-8, an empty cell leaves a field as it is, ``#N/A`` clears it,
a parent is named by an indexed field of its own in a column such as ``Account.Key__c``.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any, BinaryIO

NULL = "#N/A"
"""The cell that clears a field."""

UNCHANGED = ""
"""The cell that leaves a field as it is; also where a row has no value for a column."""

_SPECIAL = re.compile(r'[",\r\n]')

# The reader's own limit of 131,072 characters is below what quoting may make of a long text area.
_LONGEST_CELL = 1 << 27
_PIECE = 1 << 20


def cell(value: Any) -> str:
    """A value as the text of a cell. None and "" clear the field, as they do in the REST API.

    Raises ValueError for what a cell cannot say: the text ``#N/A`` itself, text that is not Unicode, a date-time
    without zone, a number that is none, a list.
    """
    match value:
        case None | "":
            return NULL
        case str():
            return _text(value)
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case float() | Decimal():
            return _number(value)
        case datetime():
            if value.tzinfo is None:
                raise ValueError("a date-time without time zone cannot be written")
            return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{value.microsecond // 1000:03d}Z"
        case date() | time():
            return value.isoformat()
        case _:
            raise ValueError(f"a value of type {type(value).__name__} cannot be written")


def flat(record: Mapping[str, Any]) -> dict[str, str]:
    """A record as columns and cells; a nested parent becomes the column ``Relationship.Field``.

    ``{"Who": {"attributes": {"type": "Lead"}, "Email": …}}`` becomes ``Lead:Who.Email``: a parent that may be of
    several objects says of which. Raises ValueError as ``cell`` does, naming the field.
    """
    cells: dict[str, str] = {}
    for name, value in record.items():
        if name == "attributes":
            continue
        try:
            if isinstance(value, Mapping):
                cells.update(_parent(name, value))
            else:
                cells[name] = cell(value)
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from None
    return cells


def line(cells: Sequence[str]) -> bytes:
    """One record of a CSV file with commas and line feeds (RFC 4180 quoting)."""
    # csv.writer leaves a carriage return unquoted when lines end in a line feed, and any reader then ends the record.
    quoted = ['"' + text.replace('"', '""') + '"' if _SPECIAL.search(text) else text for text in cells]
    if quoted == [""]:
        quoted = ['""']  # an empty line would be no record at all
    return (",".join(quoted) + "\n").encode()


class TornEnd(ValueError):
    """A file that ends in the middle of a record."""


def read(file: BinaryIO) -> Iterator[list[str]]:
    """The records of a CSV file, header first, one at a time.

    Only CR and LF end a record, and only outside quotes: texts may hold any other line separator of Unicode.
    Raises TornEnd in the place of a last record that no line end finishes: its last cell may be a part of itself.
    """
    if csv.field_size_limit() < _LONGEST_CELL:
        csv.field_size_limit(_LONGEST_CELL)
    text = io.TextIOWrapper(file, encoding="utf-8-sig", errors="replace", newline="")
    quotes, last = 0, "\n"

    def lines() -> Iterator[str]:
        nonlocal quotes, last
        for last in text:
            quotes += last.count('"')
            yield last

    try:
        records = csv.reader(lines())
        before = next(records, None)
        for record in records:
            if before is not None:
                yield before
            before = record
        if before is not None:
            if quotes % 2 or not last.endswith(("\n", "\r")):
                raise TornEnd("the file ends in the middle of a record")
            yield before
    finally:
        if not file.closed:
            text.detach()  # the file is its owner's to close


def ends_whole(file: BinaryIO) -> bool:
    """Whether a file on disk ends with a line, outside quotes: one that was cut off hardly ever does."""
    file.seek(0)
    quotes, last = 0, b""
    while piece := file.read(_PIECE):
        quotes += _quotes(piece)
        last = piece[-1:]
    file.seek(0)
    return last == b"\n" and quotes % 2 == 0


def _quotes(piece: bytes) -> int:
    if len(piece) < _PIECE:
        return piece.count(b'"')
    import numpy as np  # where every cell is quoted it is several times as fast

    return int(np.count_nonzero(np.frombuffer(piece, np.uint8) == ord('"')))


def whole(records: Iterator[list[str]]) -> Iterator[list[str]]:
    """The records without the torn end of the file."""
    with suppress(TornEnd):
        yield from records


def read_dicts(file: BinaryIO) -> Iterator[dict[str, str]]:
    """The records of a CSV file by column.

    A record that is torn, or has not as many cells as the header, is left out: it is the end of a file cut off.
    """
    records = whole(read(file))
    header = next(records, [])
    for record in records:
        if len(record) == len(header):
            yield dict(zip(header, record, strict=True))


def columns_of(rows: Iterable[Mapping[str, str]]) -> list[str]:
    """All columns of the rows, in order of their first appearance."""
    return list(dict.fromkeys(name for row in rows for name in row))


def _parent(relationship: str, parent: Mapping[str, Any]) -> dict[str, str]:
    kind = parent.get("attributes", {}).get("type", "")
    prefix = f"{kind}:{relationship}" if kind else relationship
    fields = {name: value for name, value in parent.items() if name != "attributes"}
    if len(fields) != 1 or isinstance(next(iter(fields.values())), Mapping):
        raise ValueError("a parent is named by one field of its own")
    return {f"{prefix}.{name}": cell(value) for name, value in fields.items()}


def _text(value: str) -> str:
    if value == NULL:
        raise ValueError(f"the text {NULL} would clear the field")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise ValueError("the text holds half a character") from None
    return value


def _number(value: float | Decimal) -> str:
    number = value if isinstance(value, Decimal) else Decimal(repr(value))
    if not number.is_finite():
        raise ValueError("a number that is infinite or undefined cannot be written")
    return f"{number:f}"
