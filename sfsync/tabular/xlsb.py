"""Look into an .xlsb sheet part for errors, formulas without result, and short cell records.

[MS-XLSB] 2.1.4: a part is a row of records, each with a type and a size of variable length. Records 12 to 18 are
cells without a column number ("short"), which web tools write; calamine cannot place them, so they are refused.

A formula that was never calculated and one whose result is an empty text look the same (BrtFmlaString with no
characters). Excel leaves the identifier of what has calculated (BrtCalcProp: recalcID), and says where all must be
calculated again on opening (fFullCalcOnLoad).
"""

import struct
import zipfile
from pathlib import Path, PurePosixPath

from sfsync.cells import Kind
from sfsync.errors import FileRefused
from sfsync.tabular.guards import check_extent, damaged, xml_part
from sfsync.tabular.model import WITHOUT_RESULT, Cell

_ROW, _ERROR_CELL, _FORMULA_TEXT, _FORMULA_ERROR = 0, 3, 8, 11
_PROPERTIES, _SHEET, _CALCULATION = 153, 156, 157
_CELLS, _SHORT = range(1, 12), range(12, 19)
ERRORS = {
    0x00: "#NULL!",
    0x07: "#DIV/0!",
    0x0F: "#VALUE!",
    0x17: "#REF!",
    0x1D: "#NAME?",
    0x24: "#NUM!",
    0x2A: "#N/A",
    0x2B: "#GETTING_DATA",
}


def special_cells(path: Path, sheet: str) -> dict[int, dict[int, Cell]]:
    """The error cells and formulas without result of a sheet, by 0-based row and column.

    Raises FileRefused: unreadable_columns for a sheet with short cell records, too_large.
    """
    found: dict[int, dict[int, Cell]] = {}
    row = rows = columns = 0
    try:
        with zipfile.ZipFile(path) as archive:
            part = _part(path, archive, sheet)
            data = archive.read(part) if part else b""
            calculated = _calculated(archive)
        for kind, body in _records(data):
            if kind in _SHORT:
                raise FileRefused(
                    path.name,
                    "unreadable_columns",
                    f"columns missing or not readable on sheet {sheet!r}: this .xlsb was not written by Excel.",
                    hint="Ask for it as .xlsx or CSV.",
                )
            if kind == _ROW:
                row = struct.unpack_from("<I", body)[0]
            elif kind in _CELLS:
                column = struct.unpack_from("<I", body)[0]
                rows, columns = max(rows, row + 1), max(columns, column + 1)
            if kind in {_ERROR_CELL, _FORMULA_ERROR}:
                found.setdefault(row, {})[column] = Cell(ERRORS.get(body[8], "#ERROR!"), Kind.ERROR)
            elif kind == _FORMULA_TEXT and not calculated and body[8:12] == bytes(4):
                found.setdefault(row, {})[column] = WITHOUT_RESULT
    except (struct.error, IndexError, KeyError, UnicodeDecodeError):
        raise damaged(path) from None
    check_extent(path, rows, columns)
    return found


def _calculated(archive: zipfile.ZipFile) -> bool:
    """Whether the formulas were calculated when the workbook was saved (2.4.315, BrtCalcProp)."""
    return any(
        kind == _CALCULATION and any(body[:4]) and not body[24] & 1
        for kind, body in _records(archive.read("xl/workbook.bin"))
    )


def date1904(path: Path) -> bool:
    """Whether the workbook counts days from 1904 (2.4.822, BrtWbProp: the first bit)."""
    try:
        with zipfile.ZipFile(path) as archive:
            found = _records(archive.read("xl/workbook.bin"))
    except IndexError:
        raise damaged(path) from None
    return any(kind == _PROPERTIES and body[:1] and body[0] & 1 for kind, body in found)


def _part(path: Path, archive: zipfile.ZipFile, sheet: str) -> str | None:
    relations = xml_part(path, archive, "xl/_rels/workbook.bin.rels")
    targets = {relation.get("Id"): relation.get("Target", "") for relation in relations}
    for kind, body in _records(archive.read("xl/workbook.bin")):
        if kind == _SHEET:
            relation, end = _wide(body, 8)
            name, _ = _wide(body, end)
            if name == sheet:
                part = str(PurePosixPath("xl") / targets.get(relation, "").removeprefix("/xl/"))
                return part if part in archive.namelist() else None
    return None


def _wide(body: bytes, at: int) -> tuple[str, int]:
    """A string with its length in characters before it, and where it ends."""
    length = struct.unpack_from("<I", body, at)[0]
    end = at + 4 + 2 * length
    return body[at + 4 : end].decode("utf-16-le"), end


def _records(data: bytes) -> list[tuple[int, bytes]]:
    records, at = [], 0
    while at < len(data):
        kind, at = _variable(data, at, 2)
        size, at = _variable(data, at, 4)
        records.append((kind, data[at : at + size]))
        at += size
    return records


def _variable(data: bytes, at: int, most: int) -> tuple[int, int]:
    """A number in groups of seven bits, low ones first; record types keep the bits of their two bytes."""
    value = 0
    for place in range(most):
        byte = data[at]
        value |= (byte & 0x7F) << (7 * place)
        at += 1
        if byte < 0x80:
            break
    return value, at
