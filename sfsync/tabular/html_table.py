"""HTML tables that web systems name .xls: the rows of the table, each with the number of its ``tr``.

All cells are text: what a number looks like is the page's own matter. A line break is ``<br>``; other white space
is one space, as a browser shows it.
"""

import codecs
import re
from html.parser import HTMLParser
from pathlib import Path

from sfsync.errors import FileRefused
from sfsync.tabular.encoding import Encoding, decoded, detect
from sfsync.tabular.frames import frames
from sfsync.tabular.guards import DENSE_LIMIT, HTML_LIMIT, check_columns, check_size
from sfsync.tabular.header import LOOK_AT, find_header
from sfsync.tabular.model import Hints, Table
from sfsync.tabular.skipping import without_skipped

_CHARSET = re.compile(rb"<meta[^>]+charset\s*=\s*[\"']?\s*([A-Za-z0-9_-]+)", re.IGNORECASE)
_WHITE = re.compile(r"[ \t\r\n\f]+")


def open_html(path: Path, hints: Hints) -> Table:
    """Open the table of an HTML page. Raises FileRefused: not_a_table, bad_encoding, too_large."""
    check_size(path, HTML_LIMIT, "an HTML table")
    encoding = _encoding(path, hints)
    reader = _Reader(path)
    for text in decoded(path, encoding, 1 << 20):
        reader.feed(text)
    reader.close()
    fixed = None if hints.header_row is None else hints.header_row - 1
    best = None
    for rows in reader.tables:
        header = find_header(rows[:LOOK_AT], hints.wanted, fixed)
        if header is None:
            continue
        rank = (header.matched, len(header.columns) * len(rows))
        if best is None or rank > best[0]:
            best = (rank, rows, header)
    if best is None:
        raise FileRefused(
            path.name,
            "not_a_table",
            "this is an HTML page without a readable table, not an Excel workbook.",
            hint="Ask for CSV or .xlsx.",
        )
    _, rows, header = best
    columns = len(header.columns)
    check_columns(path.name, columns)
    data = [
        (number, [text or None for text in rows[number - 1]])
        for number in range(header.index + 2, len(rows) + 1)
    ]
    return Table(
        file=path.name,
        format="html",
        columns=header.columns,
        header_row=header.index + 1,
        header_rows=tuple(range(header.first + 1, header.index + 2)),
        source=lambda notes: without_skipped(frames(data, columns), columns, notes),
        encoding=encoding.name,
        bom=encoding.bom,
    )


def _encoding(path: Path, hints: Hints) -> Encoding:
    """The setting, the mark, or what the page says of itself; a page that says nonsense is judged by its bytes."""
    with path.open("rb") as stream:
        head = stream.read(8192)
    declared = _CHARSET.search(head)
    if hints.encoding or declared is None or head.startswith((b"\xff\xfe", b"\xfe\xff", codecs.BOM_UTF8)):
        return detect(path, hints.encoding)
    try:
        return detect(path, declared[1].decode("ascii"))
    except FileRefused:
        return detect(path)


class _Reader(HTMLParser):
    """Collects all tables of a page. A table inside a cell is part of that cell's text."""

    def __init__(self, path: Path) -> None:
        super().__init__(convert_charrefs=True)
        self._path = path
        self._cells = 0
        self.tables: list[list[list[str]]] = []
        self._depth = 0
        self._text: list[str] | None = None
        self._span = 1
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in {"script", "style"}:
            self._silent += 1
        elif tag == "table":
            self._depth += 1
            if self._depth == 1:
                self.tables.append([])
        elif self._depth == 1 and tag == "tr":
            self._close_cell()
            self.tables[-1].append([])
        elif self._depth == 1 and tag in {"td", "th"}:
            self._close_cell()
            if not self.tables[-1]:
                self.tables[-1].append([])
            span = dict(attrs).get("colspan") or "1"
            self._span = min(int(span), 1000) if span.isascii() and span.isdigit() and len(span) < 5 else 1
            self._text = []
        elif tag in {"br", "p"} and self._text:
            self._text.append("\0")

    def handle_endtag(self, tag: str) -> None:
        if tag in {"script", "style"}:
            self._silent = max(0, self._silent - 1)
        elif tag == "table":
            if self._depth == 1:
                self._close_cell()
            self._depth = max(0, self._depth - 1)
        elif self._depth == 1 and tag in {"td", "th", "tr"}:
            self._close_cell()

    def handle_data(self, data: str) -> None:
        if self._text is not None and not self._silent:
            self._text.append(data.replace("\0", ""))

    def close(self) -> None:
        super().close()
        self._close_cell()

    def _close_cell(self) -> None:
        if self._text is None:
            return
        lines = (_WHITE.sub(" ", line).strip(" ") for line in "".join(self._text).split("\0"))
        row = self.tables[-1][-1]
        row += ["\n".join(lines).rstrip("\n"), *[""] * (self._span - 1)]
        self._cells += self._span
        if self._cells > DENSE_LIMIT:
            raise FileRefused(
                self._path.name,
                "too_large",
                f"the tables of this page have more than {DENSE_LIMIT:,} cells, far more than can be data.",
                hint="Ask for CSV.",
            )
        check_columns(self._path.name, len(row))
        self._text = None
