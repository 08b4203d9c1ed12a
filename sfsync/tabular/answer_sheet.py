"""The XML of a partner's sheet with the four cells of an answer in every row; all else goes through as it is.

ECMA-376 part 1, 18.3.1. The sheet is taken as text, row by row, and only rows with something in them to change are
taken apart: this keeps every style, picture, rule and filter of the partner's, and memory does not grow with the
sheet. What is not written as spreadsheet programs write it is not touched at all (``Unusual``).
"""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from xml.sax.saxutils import escape

from sfsync.cells import fold
from sfsync.records import Bucket
from sfsync.tabular.answer_cells import Answer, Place
from sfsync.tabular.answer_styles import Styles, with_attribute
from sfsync.tabular.answered import WIDTH
from sfsync.tabular.extent import column_index
from sfsync.tabular.model import Table
from sfsync.tabular.sheets import fitting

_GOOD = frozenset({Bucket.APPLIED, Bucket.UNCHANGED})
_WIDTHS = (14, 75, 22, 40)
_LONGEST = 64 << 20
"""Bytes without the end of a row; what stands behind the last row may be long."""
_MOST_KNOWN = 10_000
"""Answers whose cells are kept for further rows that say the same."""
_ROW_NUMBER = re.compile(rb"""\sr=["'](\d{1,7})["']""")
_REFERENCE = re.compile(rb"""\sr=["']([A-Za-z]{1,3})\d+["']""")
_NAMED = re.compile(rb"\sr\s*=")
_STYLE = re.compile(rb"""\ss=["'](\d+)["']""")
_ARRAY = re.compile(rb"""\scm=["']\d+["']""")
_SPANS = re.compile(rb"""\sspans=["'][^"']*["']""")
_DECLARED = re.compile(rb"""<\?xml[^>]*?encoding\s*=\s*["'](?!utf-8["'])""", re.IGNORECASE)


class Unusual(Exception):
    """A workbook that is not written as programs usually write it."""


class Sheet:
    """How the elements of one sheet are written: with the prefix that its root has."""

    def __init__(self, head: bytes) -> None:
        root = re.search(rb"<([\w.-]+:)?worksheet\b", head)
        if root is None or _DECLARED.match(head.lstrip(b"\xef\xbb\xbf \r\n")):
            raise Unusual
        self.p = p = root[1] or b""
        formula = rb"<%sf\b[^>]*?(?:/>|>[^<]*</%sf>)" % (p, p)
        self._calculated = re.compile(rb"(<%sc\b[^>]*>)\s*%s" % (p, formula))
        self._formula = re.compile(rb"<%sf[\s/>]" % p)
        self._begins = b"<%sf" % p
        self.cell = re.compile(rb"<%sc\b([^>]*?)(?:/>|>.*?</%sc>)" % (p, p), re.DOTALL)
        self.data, self.row, self.row_end = b"<%ssheetData" % p, b"<%srow" % p, b"</%srow>" % p
        self.last_cell, self.nameless = b"<%sc " % p, b"<%sc>" % p

    def values(self, cells: bytes) -> bytes:
        """Cells without their formulas, of which only the results are left."""
        if self._begins not in cells:
            return cells
        cells = self._calculated.sub(lambda found: _ARRAY.sub(b"", found[1]), cells)
        if self._formula.search(cells):
            raise Unusual
        return cells

    def rewritten(
        self,
        pieces: Iterable[bytes],
        row: Callable[[bytes], bytes],
        head: Callable[[bytes], bytes],
        tail: Callable[[bytes], bytes],
    ) -> Iterator[bytes]:
        """The sheet with each row changed, up to its end tag, and what stands before and behind all rows."""
        rest, begun = b"", False
        for piece in pieces:
            rest += piece
            if b"<!" in rest:  # a comment or a CDATA section, in which anything may stand
                raise Unusual
            if not begun and (at := rest.find(self.data)) >= 0:
                yield head(rest[:at])
                rest, begun = rest[at:], True
            if begun:
                *rows, rest = rest.split(self.row_end)
                yield b"".join([row(found) + self.row_end for found in rows])
            if len(rest) > _LONGEST:
                raise Unusual
        if not begun:
            raise Unusual
        yield tail(rest)


def without_formulas(pieces: Iterable[bytes], sheet: Sheet) -> Iterator[bytes]:
    """A sheet with the results of its formulas instead of the formulas."""
    return sheet.rewritten(pieces, sheet.values, bytes, bytes)


class AnsweredSheet:
    """The sheet that was read, with the answer. ``missing``: formulas without result, columns (0-based) by row."""

    def __init__(
        self,
        sheet: Sheet,
        table: Table,
        results: Mapping[int, Answer],
        place: Place,
        styles: Styles,
        missing: Mapping[int, Collection[int]],
    ) -> None:
        self._sheet, self._table, self._results, self._place = sheet, table, results, place
        self._styles, self._missing = styles, missing
        self._columns = {fold(column): position for position, column in enumerate(table.columns)}
        self._known: dict[Answer, bytes] = {}
        self._number = 0

    def parts(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        """The sheet in pieces. Raises Unusual."""
        return self._sheet.rewritten(pieces, self._row, self._head, self._tail)

    def _row(self, text: bytes) -> bytes:
        sheet = self._sheet
        start = text.rfind(sheet.row)
        end = text.find(b">", start)
        if start < 0 or end < 0:
            raise Unusual
        before, tag, cells = text[:start], text[start : end + 1], text[end + 1 :]
        for empty in re.findall(rb"%s\b[^>]*>" % sheet.row, before):
            self._count(empty)
        self._count(tag)
        ours, blamed = self._ours(cells)
        values = sheet.values(cells)
        if ours is not None:
            tag = _SPANS.sub(b"", tag)  # a hint how far the cells of the row reach
        if (
            blamed is not None
            or self._number in self._missing
            or (ours and not self._ends_before_ours(cells))
        ):
            values = self._taken_apart(cells, ours, blamed)
        elif ours:
            values += ours
        return before + tag + values

    def _count(self, tag: bytes) -> None:
        found = _ROW_NUMBER.search(tag)
        if found is None and _NAMED.search(tag):
            raise Unusual
        self._number = int(found[1]) if found else self._number + 1

    def _ours(self, cells: bytes) -> tuple[bytes | None, int | None]:
        """Our four cells for the present row, None when nothing is said of it; and the column to blame."""
        if self._number == self._table.header_row:
            return self._headings(cells), None
        answer = self._results.get(self._number)
        if answer is None:
            return None, None
        made = self._known.get(answer)
        if made is None:
            made = self._made(answer)
            if len(self._known) < _MOST_KNOWN:
                self._known[answer] = made
        blamed = (
            self._columns.get(fold(answer.field)) if answer.field and answer.result not in _GOOD else None
        )
        return made.replace(b"\0", b"%d" % self._number), blamed

    def _made(self, answer: Answer) -> bytes:
        """The cells of an answer, with a zero byte for the row's number; a good row has none that are empty."""
        good = answer.result in _GOOD
        style = self._styles.like(0, text=True, attention=not good)
        texts = enumerate(self._place.cells(answer))
        return b"".join(self._text(place, style, text) for place, text in texts if text or not good)

    def _headings(self, cells: bytes) -> bytes:
        """Our headings, which look like the last of the partner's."""
        style = 0
        for column, cell in self._cells(cells):
            found = _STYLE.search(cell[: cell.index(b">")])
            if column == self._place.column - 1 and found:
                style = int(found[1])
        style = self._styles.like(style, text=True)
        made = b"".join(self._text(place, style, text) for place, text in enumerate(self._place.headings))
        return made.replace(b"\0", b"%d" % self._number)

    def _text(self, place: int, style: int, text: str) -> bytes:
        p, name = self._sheet.p, column_name(self._place.column + place)
        if not text:
            return b'<%sc r="%s\0" s="%d"/>' % (p, name, style)
        content = escape(fitting(text), {"\r": "&#13;"}).encode()
        form = b'<%sc r="%s\0" s="%d" t="inlineStr"><%sis><%st xml:space="preserve">%s</%st></%sis></%sc>'
        return form % (p, name, style, p, p, content, p, p, p)

    def _ends_before_ours(self, cells: bytes) -> bool:
        """Whether the last cell of a row names its place, and that lies before our columns."""
        at = cells.rfind(self._sheet.last_cell)
        found = _REFERENCE.search(cells, at, cells.find(b">", at)) if at >= 0 else None
        return (
            found is not None
            and column_index(found[1]) < self._place.column
            and self._sheet.nameless not in cells
        )

    def _cells(self, cells: bytes) -> Iterator[tuple[int, bytes]]:
        """The cells of a row with their columns (0-based); all of them name their place."""
        column, end = -1, 0
        for found in self._sheet.cell.finditer(cells):
            if cells[end : found.start()].strip():
                raise Unusual
            end = found.end()
            reference = _REFERENCE.search(found[1])
            before, column = column, column_index(reference[1]) if reference else column + 1
            if column <= before or (reference is None and _NAMED.search(found[1])):
                raise Unusual
            name = b"%s%d" % (column_name(column), self._number)
            yield column, found[0] if reference else with_attribute(found[0], b"r", name)
        if cells[end:].strip():
            raise Unusual

    def _taken_apart(self, cells: bytes, ours: bytes | None, blamed: int | None) -> bytes:
        """The cells of a row with our own in their place, one of them marked, and none without a value."""
        p, start = self._sheet.p, self._place.column
        missing = self._missing.get(self._number, ())
        made: dict[int, bytes] = {}
        for column, cell in self._cells(cells):
            if ours is not None and start <= column < start + WIDTH:
                continue
            if column in missing:  # an empty cell would pass when the answer comes in again
                bare = with_attribute(
                    _ARRAY.sub(b"", cell[: cell.index(b">")]).rstrip(b"/") + b">", b"t", b"e"
                )
                made[column] = b"%s<%sv>#N/A</%sv></%sc>" % (bare, p, p, p)
            else:
                made[column] = self._sheet.values(cell)
        if blamed is not None:
            name = b"%s%d" % (column_name(blamed), self._number)
            cell = made.get(blamed, b'<%sc r="%s"/>' % (p, name))
            found = _STYLE.search(cell[: cell.index(b">")])
            style = self._styles.like(int(found[1]) if found else 0, attention=True)
            made[blamed] = with_attribute(cell, b"s", b"%d" % style)
        if ours is not None:
            made[start] = ours
        return b"".join(made[column] for column in sorted(made))

    def _head(self, text: bytes) -> bytes:
        """What stands before the rows: the extent, and the widths of our columns."""
        p = self._sheet.p
        last = self._place.column + WIDTH
        found = re.search(rb"""<%sdimension\b[^>]*?ref=["'][A-Z]+\d+:([A-Z]+)\d+["']""" % p, text)
        if found and column_index(found[1]) < last - 1:
            text = text[: found.start(1)] + column_name(last - 1) + text[found.end(1) :]
        there = re.search(rb"<%scols\b[^>]*>(.*?)</%scols>" % (p, p), text, re.DOTALL)
        columns = re.findall(rb"<%scol\b[^>]*>" % p, there[1]) if there else []
        cols = b"<%scols>%s</%scols>" % (p, b"".join(self._widths(columns)), p)
        return text[: there.start()] + cols + text[there.end() :] if there else text + cols

    def _widths(self, columns: Iterable[bytes]) -> list[bytes]:
        """The partner's columns with ours among them; those that stand for several are cut where ours begin."""
        start, end = self._place.column + 1, self._place.column + WIDTH
        made: list[tuple[int, bytes]] = []
        for column in columns:
            first, last = (
                int(found[1]) if (found := re.search(rb"""\s%s=["'](\d+)["']""" % name, column)) else 0
                for name in (b"min", b"max")
            )
            for low, high in ((first, min(last, start - 1)), (max(first, end + 1), last)):
                if low <= high:
                    cut = with_attribute(with_attribute(column, b"max", b"%d" % high), b"min", b"%d" % low)
                    made.append((low, cut))
        form = b'<%scol min="%d" max="%d" width="%d" customWidth="1"/>'
        for number, width in enumerate(_WIDTHS, start):
            made.append((number, form % (self._sheet.p, number, number, width)))
        return [column for _, column in sorted(made)]

    def _tail(self, text: bytes) -> bytes:
        """What stands behind the rows, without cells that are merged over our columns."""
        p = self._sheet.p
        there = re.search(rb"<%smergeCells\b[^>]*>(.*?)</%smergeCells>" % (p, p), text, re.DOTALL)
        if there is None or self._place.there:
            return text
        merged = re.findall(rb"<%smergeCell\b[^>]*?(?:/>|>.*?</%smergeCell>)" % (p, p), there[1])
        kept = [one for one in merged if not self._in_our_way(one)]
        cells = b'<%smergeCells count="%d">%s</%smergeCells>' % (p, len(kept), b"".join(kept), p)
        return text[: there.start()] + (cells if kept else b"") + text[there.end() :]

    def _in_our_way(self, merged: bytes) -> bool:
        found = re.search(rb""":([A-Z]+)(\d+)["']""", merged)
        return (
            found is not None
            and column_index(found[1]) >= self._place.column
            and int(found[2]) >= self._table.header_row
        )


def column_name(index: int) -> bytes:
    """The letters of a 0-based column: 0 → A, 25 → Z, 26 → AA."""
    letters = b""
    index += 1
    while index:
        index, letter = divmod(index - 1, 26)
        letters = bytes([65 + letter]) + letters
    return letters
