"""The answer to a text file: as text in the same encoding, with the four cells behind every record.

Lines that are records of their own, hold no quote and nothing that a spreadsheet would run are answered by columns;
all others one by one. A file in which a record goes over several lines is read by the csv module as a whole. Both
write the same bytes.
"""

import csv
import io
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TextIO, runtime_checkable

from sfsync.tabular.delimiter import sep_line
from sfsync.tabular.encoding import Encoding, decoded
from sfsync.tabular.injection import escaped, harmless
from sfsync.tabular.model import Notes, Table
from sfsync.tabular.text import raw_records
from sfsync.tabular.write import mark, replacing

if TYPE_CHECKING:
    import polars as pl

    from sfsync.tabular.answer import Answer, Place

_PIECE = 4 << 20
_SUSPECT = r"['\s\x00]*[=+\-@\uff1d\uff0b\uff0d\uff20\t]"
"""How a field begins that may need an apostrophe; more fields begin so than really do."""


@runtime_checkable
class Plain(Protocol):
    """Answers by row number that also tell at once which rows have a result and nothing more to say."""

    def plain(self, rows: "pl.Series") -> "pl.Series":
        """The bucket's word for each of these rows, null where there is more to say or no answer."""


class _NotByLine(Exception):
    """A record goes over several lines, or is quoted in a way that only the whole file tells."""


def annotate_text(
    source: Path, table: Table, results: "Mapping[int, Answer]", place: "Place", out: Path
) -> None:
    """Write the answer to a text file (see ``answer.write_answer``)."""
    sheet = _Sheet(table, results, place)
    encoding = table.encoding or "utf-8"
    with replacing(out) as target:

        def write(fill: Callable[[TextIO], None]) -> None:
            # A reason may quote a character that the partner's code page does not have.
            with target.open("w", encoding=encoding, errors="replace", newline="") as stream:
                stream.write(mark(encoding, bom=table.bom))
                fill(stream)

        if isinstance(results, Plain) and not place.there:
            try:
                write(lambda stream: stream.writelines(_by_lines(source, sheet, results)))
            except _NotByLine:
                pass
            else:
                return
        write(lambda stream: stream.writelines(sheet.text(*found) for found in raw_records(source, table)))


class _Sheet:
    """What one record becomes."""

    def __init__(self, table: Table, results: "Mapping[int, Answer]", place: "Place") -> None:
        self.table, self.results, self.place = table, results, place
        self.delimiter = table.delimiter or ","
        self._mend = harmless if place.there else escaped  # an earlier answer has its apostrophes already
        self._buffer = io.StringIO()
        self._writer = csv.writer(self._buffer, delimiter=self.delimiter, lineterminator="\r\n")
        self._long: frozenset[int] | None = None

    def text(self, line: int, record: Sequence[str]) -> str:
        """A record with its answer as text; ``line`` is the number of its first line."""
        if line == 1 and len(record) == 1 and sep_line(record[0]):
            return record[0] + "\r\n"
        columns = len(self.table.columns)
        fields = [self._mend(field) for field in record]
        if line == self.table.header_row:
            fields = self.place.put(_fitted(fields, columns), self.place.headings)
        elif line in self.results:
            cells = [harmless(text) for text in self.place.cells(self.results[line])]
            # A row whose values have shifted stays as long as it is, so that it is refused again until mended.
            if len(fields) > columns and line in self._shifted():
                fields = self.place.put_shifted(fields, cells, columns)
            else:
                fields = self.place.put(_fitted(fields, columns), cells)
        return self.line(fields)

    def line(self, fields: Sequence[str]) -> str:
        """Fields as a line of the file."""
        self._buffer.seek(0)
        self._buffer.truncate()
        self._writer.writerow(fields)
        return self._buffer.getvalue()

    def _shifted(self) -> frozenset[int]:
        if self._long is None:
            whole = Notes()
            for _ in self.table.source(whole):
                pass
            self._long = frozenset(
                note.row
                for note in whole.problems
                if note.problem == "ragged_long" and note.severity == "error"
            )
        return self._long


def _fitted(fields: Sequence[str], width: int) -> list[str]:
    return [*fields[:width], *[""] * (width - len(fields))]


def _by_lines(source: Path, sheet: _Sheet, results: Plain) -> Iterator[str]:
    """The answer in pieces, where every line is a record; raises _NotByLine where one is not."""
    import polars as pl

    table, delimiter = sheet.table, sheet.delimiter
    below = table.header_row
    suspect = rf"(?:^|{re.escape(delimiter)}){_SUSPECT}"
    endings = {
        word: sheet.line(["", *map(harmless, sheet.place.cells(_only(word)))]) for word in sheet.place.results
    }
    for start, lines in _lines(source, table):
        texts = pl.Series("text", lines, dtype=pl.String)
        rows = pl.int_range(start, start + len(lines), dtype=pl.UInt32, eager=True)
        plain = (
            results.plain(rows).cast(pl.String).replace_strict(endings, default=None, return_dtype=pl.String)
        )
        regular = (
            (rows > below)
            & plain.is_not_null()
            & (texts.str.count_matches(delimiter, literal=True) == len(table.columns) - 1)
            & ~texts.str.contains(r'["\r]')
            & ~texts.str.contains(suspect)
        )
        answered = (texts + plain).zip_with(regular, pl.Series([None], dtype=pl.String)).to_list()
        for index in (~regular).arg_true():
            answered[index] = sheet.text(start + index, _record(lines[index], delimiter))
        yield "".join(answered)


def _only(word: str) -> "Answer":
    from sfsync.tabular.answer import Answer

    return Answer(word)


def _record(line: str, delimiter: str) -> list[str]:
    if '"' not in line and "\r" not in line:
        return line.split(delimiter) if line else []
    try:
        return next(csv.reader([line], delimiter=delimiter, strict=True))
    except csv.Error:
        raise _NotByLine from None


def _lines(source: Path, table: Table) -> Iterator[tuple[int, list[str]]]:
    """The lines of a file without their ends, and the number of the first of them, piece by piece."""
    name = table.encoding or "utf-8"
    encoding = Encoding(name, len("\ufeff".encode(name)) if table.bom else 0)
    rest, number = "", 1
    for piece in decoded(source, encoding, _PIECE):
        text = rest + piece
        if number == 1 and "\n" not in text:  # one line, or the lines of an old Macintosh
            raise _NotByLine
        lines = text.split("\n")
        rest = lines.pop()
        yield number, [line.removesuffix("\r") for line in lines]
        number += len(lines)
    if rest:
        yield number, [rest.removesuffix("\r")]
