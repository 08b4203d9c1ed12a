"""Look into the XML of an .xlsx sheet for what a reader of values does not tell: errors, and formulas without result.

ECMA-376 part 1, 18.3.1.4 (c): ``t="e"`` is an error; a cell with ``f`` and without ``v``, or an empty one, was never
calculated. With ``t="str"`` an empty ``v`` is a result: an empty text.
"""

import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from xml.parsers import expat

from sfsync.cells import Kind
from sfsync.tabular.extent import Extent, between_tags, column_index
from sfsync.tabular.guards import check_extent, damaged, pieces, xml_part
from sfsync.tabular.model import WITHOUT_RESULT, Cell

Found = dict[int, dict[int, Cell]]

_ROW, _ROW_END = b"<row", b"</row>"
_LONGEST_ROW = 4 << 20


def special_cells(path: Path, sheet: str, extents: Mapping[str, Extent]) -> Found:
    """The error cells and formulas without result of a sheet, by 0-based row and column.

    ``extents``: how far sheets reach, by part of the zip; what is missing there is looked up.
    Raises FileRefused ``too_large`` when a stray cell far out would make the sheet's area unbearable.
    """
    with zipfile.ZipFile(path) as archive:
        part = parts_of(path, archive).sheets.get(sheet)
        if part is None:
            return {}
        try:
            extent = extents.get(part) or _extent(archive, part)
            check_extent(path, extent.rows, extent.columns)
            if not extent.special:
                return {}
            found = _of_doubtful_rows(archive, part)
            return _of_all_rows(archive, part) if found is None else found
        except (expat.ExpatError, LookupError, ValueError):
            raise damaged(path) from None


def _extent(archive: zipfile.ZipFile, part: str) -> Extent:
    extent = Extent()
    for text in between_tags(pieces(archive, part)):
        extent.look(text)
    return extent


def _of_all_rows(archive: zipfile.ZipFile, part: str) -> Found:
    finder = _Finder()
    for piece in pieces(archive, part):
        finder.feed(piece)
    finder.feed(b"", final=True)
    return finder.found


def _of_doubtful_rows(archive: zipfile.ZipFile, part: str) -> Found | None:
    """The same, with rows left out that hold nothing special; None when such rows have no numbers."""
    finder = _Finder()
    rest = b""
    for piece in pieces(archive, part):
        *rows, rest = (rest + piece).split(_ROW_END)
        if len(rest) > _LONGEST_ROW:  # rows with a prefix, perhaps
            return None
        for row in rows:
            start = row.rfind(_ROW)
            if not _doubtful(row):
                if start > 0:
                    finder.feed(row[:start])
            elif row.startswith(b' r="', start + len(_ROW)):
                finder.feed(row + _ROW_END)
            else:
                return None
    finder.feed(rest, final=True)
    return finder.found


def _doubtful(row: bytes) -> bool:
    """Whether a row may hold an error, or a formula that no value follows at once."""
    if b'"e"' in row or b"'e'" in row or b":f" in row:
        return True
    formulas = row.count(b"<f")
    if not formulas:
        return False
    return formulas != row.count(b"</f><v>") + row.count(b"/><v>") or b"<v></v>" in row or b"<v/>" in row


def date1904(path: Path) -> bool:
    """Whether the workbook counts days from 1904 (18.2.28, workbookPr)."""
    with zipfile.ZipFile(path) as archive:
        if "xl/workbook.xml" not in archive.namelist():
            return False
        for element in xml_part(path, archive, "xl/workbook.xml").iter():
            if element.tag.endswith("}workbookPr"):
                return element.get("date1904", "0") in {"1", "true"}
    return False


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of a workbook: those of sheets by the sheet's name, and what each part is, such as ``styles``."""

    sheets: Mapping[str, str]
    kinds: Mapping[str, str]


def parts_of(path: Path, archive: zipfile.ZipFile) -> Parts:
    """What workbook.xml and its relations tell of the parts that are there."""
    names = set(archive.namelist())
    if not {"xl/workbook.xml", "xl/_rels/workbook.xml.rels"} <= names:
        return Parts({}, {})
    targets, kinds = {}, {}
    for relation in xml_part(path, archive, "xl/_rels/workbook.xml.rels"):
        target = relation.get("Target", "")
        part = target.lstrip("/") if target.startswith("/") else str(PurePosixPath("xl") / target)
        if part in names:
            targets[relation.get("Id")] = part
            kinds[part] = relation.get("Type", "").rpartition("/")[2]
    sheets: dict[str, str] = {}
    for element in xml_part(path, archive, "xl/workbook.xml").iter():
        if element.tag.endswith("}sheet"):
            relation_id = next((value for key, value in element.items() if key.endswith("}id")), None)
            if relation_id in targets:
                sheets.setdefault(element.get("name", ""), targets[relation_id])
    return Parts(sheets, kinds)


class _Finder:
    """Collects the special cells while expat reads."""

    def __init__(self) -> None:
        self.found: dict[int, dict[int, Cell]] = {}
        self._parser = expat.ParserCreate(namespace_separator=" ")
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._text
        self._row = self._column = -1
        self._error = self._formula = self._text_result = self._empty_text = self._in_value = False
        self._value = ""

    def feed(self, piece: bytes, *, final: bool = False) -> None:
        self._parser.Parse(piece, final)

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        name = tag.rpartition(" ")[2]
        if name == "row":
            self._row = int(attributes["r"]) - 1 if attributes.get("r", "").isdigit() else self._row + 1
            self._column = -1
        elif name == "c":
            reference = re.match(r"([A-Za-z]{1,3})\d", attributes.get("r", ""))
            self._column = column_index(reference[1].encode()) if reference else self._column + 1
            kind = attributes.get("t")
            self._error, self._text_result = kind == "e", kind == "str"
            self._formula, self._empty_text, self._value = False, False, ""
        elif name == "f":
            self._formula = True
        elif name in {"v", "t"}:
            self._in_value = True
            self._empty_text = self._text_result

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
            elif self._formula and not self._value and not self._empty_text:
                self.found.setdefault(self._row, {})[self._column] = WITHOUT_RESULT
