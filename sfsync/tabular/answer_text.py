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

from sfsync.tabular.answer_cells import Answer, Place
from sfsync.tabular.delimiter import sep_line
from sfsync.tabular.encoding import Encoding, decoded
from sfsync.tabular.injection import DANGEROUS, ESCAPED, PLAIN_NUMBER, escaped, harmless
from sfsync.tabular.model import Notes, Table
from sfsync.tabular.text import raw_records
from sfsync.tabular.write import mark, replacing

if TYPE_CHECKING:
    import polars as pl

_PIECE = 4 << 20
_SUSPECT = r"['\s\x00]*[=+\-@\uff1d\uff0b\uff0d\uff20\t]"
"""How a field begins that may need an apostrophe; more fields begin so than really do."""


_ODD = r'["\r\x00\x1c-\x1f]'
"""What only the csv module, or Python's idea of white space, copes with."""


@runtime_checkable
class Plain(Protocol):
    """Answers by row number that also tell at once which rows have a result and nothing more to say."""

    def plain(self, rows: "pl.Series") -> "pl.Series":
        """The bucket's word for each of these rows, null where there is more to say or no answer."""


class _NotByLine(Exception):
    """A record goes over several lines, or is quoted in a way that only the whole file tells."""


def annotate_text(source: Path, table: Table, results: Mapping[int, Answer], place: Place, out: Path) -> None:
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

    def __init__(self, table: Table, results: Mapping[int, Answer], place: Place) -> None:
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
    """The answer in pieces; raises _NotByLine where only the whole file tells what the records are."""
    import polars as pl

    columns, delimiter = len(sheet.table.columns), sheet.delimiter
    suspect = rf"(?:^|{re.escape(delimiter)}){_SUSPECT}"
    endings = {
        word: sheet.line(["", *map(harmless, sheet.place.cells(Answer(word)))])
        for word in sheet.place.results
    }
    for start, lines in _lines(source, sheet.table):
        texts = pl.Series("text", lines, dtype=pl.String).str.strip_suffix("\r")
        rows = pl.int_range(start, start + len(lines), dtype=pl.UInt32, eager=True)
        plain = (
            results.plain(rows).cast(pl.String).replace_strict(endings, default=None, return_dtype=pl.String)
        )
        simple = (
            (rows > sheet.table.header_row)
            & plain.is_not_null()
            & (texts.str.count_matches(delimiter, literal=True) == columns - 1)
            & ~texts.str.contains(_ODD)
        )
        spoken = simple & texts.str.contains(suspect)
        if spoken.any():
            mended = _mended(texts.filter(spoken), delimiter, columns)
            texts = texts.scatter(spoken.arg_true(), mended)
        answered = (texts + plain).to_list()
        rest = 0  # lines before this one belong to a record that was answered already
        for index in (~simple).arg_true():
            if index >= rest:
                record, rest = _record(lines, index, delimiter)
                answered[index:rest] = [sheet.text(start + index, record), *[""] * (rest - index - 1)]
        yield "".join(answered)


def _mended(lines: "pl.Series", delimiter: str, columns: int) -> "pl.Series":
    """Lines without any quote, their fields as ``escaped`` gives them."""
    import polars as pl

    fields = lines.str.split_exact(delimiter, columns - 1).struct.unnest().get_columns()
    for place, field in enumerate(fields):
        if field.str.contains(rf"^{_SUSPECT}").any():
            danger = field.str.contains(DANGEROUS) & ~field.str.contains(PLAIN_NUMBER)
            fields[place] = field.zip_with(~(danger | field.str.contains(ESCAPED)), "'" + field)
    return (
        pl.DataFrame([field.alias(str(place)) for place, field in enumerate(fields)])
        .select(pl.concat_str(pl.all(), separator=delimiter))
        .to_series()
    )


def _record(lines: Sequence[str], index: int, delimiter: str) -> tuple[list[str], int]:
    """The record that begins on a line, and the index of the line behind it."""
    text = lines[index]
    end = index + 1
    while text.count('"') % 2:
        if end == len(lines):
            raise _NotByLine
        text = f"{text}\n{lines[end]}"
        end += 1
    text = text.removesuffix("\r")
    if '"' not in text and "\r" not in text:
        return text.split(delimiter) if text else [], end
    if "\r" in text.replace("\r\n", ""):
        raise _NotByLine
    try:
        parts = text.split("\n")
        whole = [*(f"{part}\n" for part in parts[:-1]), parts[-1]]
        found = list(csv.reader(whole, delimiter=delimiter, strict=True))
    except csv.Error:
        raise _NotByLine from None
    if len(found) != 1:
        raise _NotByLine
    return found[0], end


def _lines(source: Path, table: Table) -> Iterator[tuple[int, list[str]]]:
    """The lines of a file without their ends, and the number of the first of them, piece by piece."""
    name = table.encoding or "utf-8"
    encoding = Encoding(name, len("\ufeff".encode(name)) if table.bom else 0)
    rest: list[str] = []
    number, half = 1, ""
    for piece in decoded(source, encoding, _PIECE):
        text = half + piece
        if number == 1 and "\n" not in text:  # one line, or the lines of an old Macintosh
            raise _NotByLine
        lines = text.split("\n")
        half = lines.pop()
        lines = rest + lines
        whole = _whole(lines)
        rest = lines[whole:]
        if whole:
            yield number, lines[:whole]
            number += whole
    if half:
        rest.append(half)
    if rest:
        yield number, rest


def _whole(lines: Sequence[str]) -> int:
    """The number of lines up to the end of the last record, where quotes are all there in pairs."""
    opened, whole = 0, 0
    for index, line in enumerate(lines):
        opened += line.count('"') if '"' in line else 0
        if opened % 2 == 0:
            whole = index + 1
    return whole
