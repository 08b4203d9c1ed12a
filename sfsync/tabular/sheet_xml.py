"""Look into the XML of an .xlsx sheet for what a reader of values does not tell: errors, and formulas without result.

ECMA-376 part 1, 18.3.1.4 (c): ``t="e"`` is an error; a cell with ``f`` and without ``v`` was never calculated.
"""

import re
import zipfile
from pathlib import Path, PurePosixPath
from xml.parsers import expat

from sfsync.cells import Kind
from sfsync.tabular.guards import DENSE_LIMIT, check_extent, damaged, pieces, xml_part
from sfsync.tabular.model import Cell

_THREE_LETTERS = re.compile(rb'r="[A-Za-z]{3}')
_SPACED = (b" =", b"\n=", b"\t=")
_TWO_LETTERS = re.compile(rb'r="([A-Za-z])[A-Za-z]\d')
_SIX_DIGITS = re.compile(rb'r="[A-Za-z]{0,2}(\d{1,12})\d{5}"')
_REFERENCE = re.compile(rb"""\br\s*=\s*["']([A-Za-z]{0,9})(\d{1,12})["']""")


def special_cells(path: Path, sheet: str) -> dict[int, dict[int, Cell]]:
    """The error cells and formulas without result of a sheet, by 0-based row and column.

    Raises FileRefused ``too_large`` when a stray cell far out would make the sheet's area unbearable.
    """
    with zipfile.ZipFile(path) as archive:
        part = _part(path, archive, sheet)
        if part is None:
            return {}
        if not _interesting(path, archive, part):
            return {}
        finder = _Finder()
        try:
            for piece in pieces(archive, part):
                finder.feed(piece)
            finder.feed(b"", final=True)
        except (expat.ExpatError, LookupError, ValueError):
            raise damaged(path) from None
    return finder.found


def date1904(path: Path) -> bool:
    """Whether the workbook counts days from 1904 (18.2.28, workbookPr)."""
    with zipfile.ZipFile(path) as archive:
        if "xl/workbook.xml" not in archive.namelist():
            return False
        for element in xml_part(path, archive, "xl/workbook.xml").iter():
            if element.tag.endswith("}workbookPr"):
                return element.get("date1904", "0") in {"1", "true"}
    return False


def _part(path: Path, archive: zipfile.ZipFile, sheet: str) -> str | None:
    """The name of the part that holds a sheet: workbook.xml → relationship → target."""
    names = set(archive.namelist())
    if not {"xl/workbook.xml", "xl/_rels/workbook.xml.rels"} <= names:
        return None
    targets = {
        relation.get("Id"): relation.get("Target", "")
        for relation in xml_part(path, archive, "xl/_rels/workbook.xml.rels")
    }
    for element in xml_part(path, archive, "xl/workbook.xml").iter():
        if element.tag.endswith("}sheet") and element.get("name") == sheet:
            relation = next((value for key, value in element.items() if key.endswith("}id")), None)
            target = targets.get(relation, "")
            name = target.lstrip("/") if target.startswith("/") else str(PurePosixPath("xl") / target)
            return name if name in names else None
    return None


def _interesting(path: Path, archive: zipfile.ZipFile, part: str) -> bool:
    """Whether the sheet holds a formula or an error at all; checks its extent on the way."""
    seen = unusual = False
    rows, columns, tail = 99_999, 26, b""
    for piece in pieces(archive, part):
        text = tail + piece
        seen = seen or b't="e"' in text or b"t='e'" in text or b"<f" in text or b":f" in text
        unusual = unusual or _unusual(text)
        # No more than a bound, from the first letters and digits of the long references: most sheets stay below it.
        columns = max(
            columns, *(26 * column_index(letter) + 52 for letter in set(_TWO_LETTERS.findall(text))), 0
        )
        rows = max(rows, *(int(digits) * 100_000 + 99_999 for digits in set(_SIX_DIGITS.findall(text))), 0)
        tail = text[-32:]
    if unusual or columns * rows > DENSE_LIMIT:
        check_extent(path, *_extent(archive, part))
    return seen


def _unusual(text: bytes) -> bool:
    """Whether references go beyond two letters, or may be written otherwise than ``r="A1"``."""
    return (
        _THREE_LETTERS.search(text) is not None
        or text.count(b"=") != text.count(b'="')
        or any(form in text for form in _SPACED)
    )


def _extent(archive: zipfile.ZipFile, part: str) -> tuple[int, int]:
    """The last row and the last column that a sheet names, counted from 1."""
    rows, names, tail = 0, set[bytes](), b""
    for piece in pieces(archive, part):
        text = tail + piece
        found = _REFERENCE.findall(text)  # of rows and of cells
        names.update({column for column, _ in found})
        rows = max(rows, max((int(row) for _, row in found), default=0))
        tail = text[-32:]
    return rows, max(map(column_index, names), default=-1) + 1


def column_index(letters: bytes) -> int:
    """The 0-based index of a column named by letters: A → 0, Z → 25, AA → 26."""
    index = 0
    for letter in letters.upper():
        index = index * 26 + letter - 64
    return index - 1


class _Finder:
    """Collects the special cells while expat reads."""

    def __init__(self) -> None:
        self.found: dict[int, dict[int, Cell]] = {}
        self._parser = expat.ParserCreate(namespace_separator=" ")
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._text
        self._row = self._column = -1
        self._error = self._formula = self._in_value = False
        self._value = ""

    def feed(self, piece: bytes, *, final: bool = False) -> None:
        self._parser.Parse(piece, final)

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        name = tag.rpartition(" ")[2]
        if name == "row":
            self._row = int(attributes["r"]) - 1 if attributes.get("r", "").isdigit() else self._row + 1
            self._column = -1
        elif name == "c":
            reference = re.match(r"([A-Z]{1,3})\d", attributes.get("r", ""))
            self._column = column_index(reference[1].encode()) if reference else self._column + 1
            self._error, self._formula, self._value = attributes.get("t") == "e", False, ""
        elif name == "f":
            self._formula = True
        elif name in {"v", "t"}:
            self._in_value = True

    def _text(self, text: str) -> None:
        if self._in_value:
            self._value += text

    def _end(self, tag: str) -> None:
        name = tag.rpartition(" ")[2]
        if name in {"v", "t"}:
            self._in_value = False
        elif name == "c":
            if self._error and self._value:
                self.found.setdefault(self._row, {})[self._column] = Cell(self._value, Kind.ERROR)
            elif self._formula and not self._value:
                self.found.setdefault(self._row, {})[self._column] = Cell(
                    "formula without result", Kind.NO_VALUE
                )
