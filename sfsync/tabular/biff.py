"""Look into an old .xls file for what calamine does not tell: errors, formulas without result, days from 1904.

[MS-XLS] 2.1.4: a workbook stream is a row of records of two bytes type, two bytes length. It lies in an OLE file
([MS-CFB]): sectors chained by an allocation table.

A formula that was never calculated and one whose result is an empty text look the same (2.5.133, FormulaValue: blank
string). Excel since 2000 and LibreOffice leave a RecalcId (2.4.215) when they have calculated, and an Uncalced
(2.4.331) on a sheet where they have not; programs that only write formulas leave neither.
"""

import struct
from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path

from sfsync.cells import Kind
from sfsync.tabular.guards import MEGABYTE, check_extent, check_size, damaged
from sfsync.tabular.model import WITHOUT_RESULT, Cell
from sfsync.tabular.xlsb import ERRORS

_EOF, _SHEET, _DATE_MODE, _BOOLEAN_OR_ERROR, _FORMULA = 0x000A, 0x0085, 0x0022, 0x0205, 0x0006
_DIMENSIONS, _STRING, _CALCULATED_BY, _UNCALCULATED = 0x0200, 0x0207, 0x01C1, 0x005E
_TEXT, _BLANK = 0, 3
"""What a formula's value is, where it is no number (2.5.133, FormulaValue)."""
_RUNS = frozenset({0x00BD, 0x00BE})  # several cells in one record, the last column at its end
_CELLS = frozenset({_FORMULA, _BOOLEAN_OR_ERROR, 0x00D6, 0x00FD, 0x0201, 0x0203, 0x0204, 0x027E}) | _RUNS
_END_OF_CHAIN = 0xFFFFFFFA  # this and above are marks, not sectors
_OLE = bytes.fromhex("d0cf11e0a1b11ae1")
_XLS_LIMIT = 128 * MEGABYTE


def special_cells(path: Path, sheet: str) -> dict[int, dict[int, Cell]]:
    """The error cells and formulas without result of a sheet, by 0-based row and column.

    Raises FileRefused: truncated, too_large.
    """
    stream = _workbook(path)
    found: dict[int, dict[int, Cell]] = {}
    try:
        for row, column, cell in _special(stream, _sheet_offset(stream, sheet)):
            found.setdefault(row, {})[column] = cell
    except (struct.error, IndexError, UnicodeDecodeError):
        raise damaged(path) from None
    return found


def _special(stream: bytes, at: int) -> Iterator[tuple[int, int, Cell]]:
    calculated = any(
        kind == _CALCULATED_BY and any(body[4:8]) for kind, body in _until_end(_records(stream, 0))
    )
    waiting: tuple[int, int] | None = None  # a formula whose text comes in a record behind it
    for kind, body in _until_end(_records(stream, at)):
        if kind == _UNCALCULATED:
            calculated = False
        elif kind == _STRING:
            if waiting and not calculated and body[:2] == b"\0\0":
                yield *waiting, WITHOUT_RESULT
            waiting = None
        elif kind in _CELLS:
            if waiting:
                yield *waiting, WITHOUT_RESULT
            waiting = None
            row, column = struct.unpack_from("<HH", body)
            if (code := _error_code(kind, body)) is not None:
                yield row, column, Cell(ERRORS.get(code, "#ERROR!"), Kind.ERROR)
            elif kind == _FORMULA and body[12:14] == b"\xff\xff" and body[6] == _TEXT:
                waiting = row, column
            elif kind == _FORMULA and body[12:14] == b"\xff\xff" and body[6] == _BLANK and not calculated:
                yield row, column, WITHOUT_RESULT
    if waiting:
        yield *waiting, WITHOUT_RESULT


def check_sheets(path: Path) -> None:
    """Refuse a file with a sheet too large to lay out; calamine lays out all of them when it opens the file."""
    rows = columns = 0
    for kind, body in _records(_workbook(path), 0):
        if kind in _CELLS and len(body) >= 4:
            row, column = struct.unpack_from("<HH", body)
            last = struct.unpack_from("<H", body, len(body) - 2)[0] if kind in _RUNS else column
            rows, columns = max(rows, row + 1), max(columns, column + 1, last + 1)
        elif kind == _DIMENSIONS and len(body) >= 12:
            _, last_row, _, last_column = struct.unpack_from("<IIHH", body)
            rows, columns = max(rows, last_row), max(columns, last_column)
    check_extent(path, rows, columns)


def date1904(path: Path) -> bool:
    """Whether the workbook counts days from 1904 (2.4.77, Date1904)."""
    return any(kind == _DATE_MODE and body[:2] == b"\x01\x00" for kind, body in _records(_workbook(path), 0))


def _error_code(kind: int, body: bytes) -> int | None:
    if kind == _BOOLEAN_OR_ERROR and body[7]:
        return body[6]
    if kind == _FORMULA and body[12:14] == b"\xff\xff" and body[6] == 2:
        return body[8]
    return None


def _until_end(records: Iterator[tuple[int, bytes]]) -> Iterator[tuple[int, bytes]]:
    return takewhile(lambda record: record[0] != _EOF, records)


def _records(stream: bytes, at: int) -> Iterator[tuple[int, bytes]]:
    while at + 4 <= len(stream):
        kind, size = struct.unpack_from("<HH", stream, at)
        yield kind, stream[at + 4 : at + 4 + size]
        at += 4 + size


def _sheet_offset(stream: bytes, sheet: str) -> int:
    """Where the sheet's records begin; the end of the stream when its name is not found (2.4.28, BoundSheet8)."""
    for kind, body in _until_end(_records(stream, 0)):
        if kind == _SHEET:
            length, wide = body[6], body[7] & 1
            name = body[8 : 8 + (2 * length if wide else length)].decode("utf-16-le" if wide else "latin-1")
            if name == sheet:
                return int(struct.unpack_from("<I", body)[0])
    return len(stream)


def _workbook(path: Path) -> bytes:
    """The workbook stream: the file itself in very old ones, else out of the OLE file."""
    check_size(path, _XLS_LIMIT, "an .xls file")
    data = path.read_bytes()
    if not data.startswith(_OLE):
        return data
    try:
        return _from_ole(data)
    except (struct.error, IndexError, UnicodeDecodeError):
        raise damaged(path) from None


def _from_ole(data: bytes) -> bytes:
    size = 1 << struct.unpack_from("<H", data, 30)[0]
    if size not in {512, 4096}:
        raise IndexError
    directory, cutoff, mini_start = (
        struct.unpack_from("<I", data, 48)[0],
        *struct.unpack_from("<II", data, 56),
    )
    table = _allocation_table(data, size)

    def chain(start: int) -> bytes:
        return b"".join(_sector(data, number, size) for number in _walk(table, start))

    entries = chain(directory)
    root_start = _entry(entries[:128])[1]
    for at in range(0, len(entries), 128):
        name, start, length = _entry(entries[at : at + 128])
        if name in {"Workbook", "Book"}:
            if length >= cutoff:
                return chain(start)[:length]
            small = struct.unpack(f"<{len(chain(mini_start)) // 4}I", chain(mini_start))
            held = chain(root_start)
            return b"".join(held[64 * n : 64 * n + 64] for n in _walk(small, start))[:length]
    return b""


def _allocation_table(data: bytes, size: int) -> tuple[int, ...]:
    first, count = struct.unpack_from("<II", data, 68)
    sectors = [n for n in struct.unpack_from("<109I", data, 76) if n < _END_OF_CHAIN]
    for _ in range(min(count, len(data) // size)):
        numbers = struct.unpack(f"<{size // 4}I", _sector(data, first, size))
        sectors += [n for n in numbers[:-1] if n < _END_OF_CHAIN]
        first = numbers[-1]
    table = b"".join(_sector(data, number, size) for number in sectors[: len(data) // size + 1])
    return struct.unpack(f"<{len(table) // 4}I", table)


def _sector(data: bytes, number: int, size: int) -> bytes:
    found = data[(number + 1) * size : (number + 2) * size]
    return found.ljust(size, b"\0") if found else b""


def _walk(table: tuple[int, ...], start: int) -> Iterator[int]:
    """The sectors of a chain; a chain that bites its own tail ends."""
    for _ in range(len(table)):
        if start >= _END_OF_CHAIN:
            return
        yield start
        start = table[start]


def _entry(entry: bytes) -> tuple[str, int, int]:
    """Name, first sector and length of a directory entry."""
    length = struct.unpack_from("<H", entry, 64)[0]
    start, size = struct.unpack_from("<II", entry, 116)
    return entry[: max(length - 2, 0)].decode("utf-16-le"), start, size
