"""Look into an .ods file for what calamine does not tell: error cells, and cells repeated without bounds.

OpenDocument 1.3 part 3, 9.1.3 and 9.1.4: a row or a cell may stand for many (``number-rows-repeated``,
``number-columns-repeated``), so that a small file can mean more cells than any memory holds.
"""

import zipfile
from pathlib import Path
from xml.parsers import expat

from sfsync.cells import Kind
from sfsync.tabular.guards import check_extent, damaged, pieces
from sfsync.tabular.model import Cell


def special_cells(path: Path) -> dict[str, dict[int, dict[int, Cell]]]:
    """The error cells of each sheet, by 0-based row and column. Raises FileRefused: too_large, truncated.

    To be asked before calamine opens the file: it lays out all sheets at once.
    """
    finder = _Finder()
    try:
        with zipfile.ZipFile(path) as archive:
            for piece in pieces(archive, "content.xml"):
                finder.feed(piece)
                check_extent(path, finder.rows, finder.columns)
            finder.feed(b"", final=True)
    except (expat.ExpatError, LookupError, ValueError):
        raise damaged(path) from None
    check_extent(path, finder.rows, finder.columns)
    return finder.found


class _Finder:
    """Follows the cells; ``rows`` and ``columns`` are the extent of the present sheet, empty cells left out."""

    def __init__(self) -> None:
        self.rows = self.columns = 0
        self.found: dict[str, dict[int, dict[int, Cell]]] = {}
        self._sheet = ""
        self._row = self._next_row = self._column = 0
        self._cell = (0, 1)
        self._filled = self._error = False
        self._text = ""
        self._parser = expat.ParserCreate(namespace_separator=" ")
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._characters

    def feed(self, piece: bytes, *, final: bool = False) -> None:
        self._parser.Parse(piece, final)

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        name = tag.rpartition(" ")[2]
        values = {key.rpartition(" ")[2]: value for key, value in attributes.items()}
        if name == "table":
            self._sheet = values.get("name", "")
            self.rows = self.columns = self._next_row = 0
        elif name == "table-row":
            self._row, self._column = self._next_row, 0
            self._next_row += _count(values.get("number-rows-repeated"))
        elif name in {"table-cell", "covered-table-cell"}:
            repeated = _count(values.get("number-columns-repeated"))
            self._cell = (self._column, repeated)
            self._column += repeated
            self._filled = "value-type" in values
            # The value type of OpenDocument and of LibreOffice's own extension have one local name.
            self._error = any(
                key.endswith("value-type") and value == "error" for key, value in attributes.items()
            )
            self._text = ""

    def _characters(self, text: str) -> None:
        self._text += text

    def _end(self, tag: str) -> None:
        if tag.rpartition(" ")[2] not in {"table-cell", "covered-table-cell"}:
            return
        if self._filled or self._text:
            column, repeated = self._cell
            self.rows = max(self.rows, self._next_row)
            self.columns = max(self.columns, column + repeated)
            if self._error:
                rows = self.found.setdefault(self._sheet, {})
                rows.setdefault(self._row, {})[column] = Cell(self._text.strip() or "#ERROR!", Kind.ERROR)


def _count(text: str | None) -> int:
    return int(text) if text and text.isdecimal() else 1
