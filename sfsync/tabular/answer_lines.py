"""The answer to a text file by columns: whole lines with their cells behind them, no record read by itself.

Lines that are records of their own are answered at once, the quotes that no field needs taken off, and so are those
records of several lines. All others, and those with quotes and something that a spreadsheet would run, are read one
by one.
"""

import codecs
import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import numpy as np
import polars as pl

from sfsync.ahead import ahead
from sfsync.tabular.answer_cells import Answer
from sfsync.tabular.encoding import Encoding, decoded
from sfsync.tabular.injection import DANGEROUS, ESCAPED, PLAIN_NUMBER, harmless
from sfsync.tabular.model import Table

if TYPE_CHECKING:
    from sfsync.tabular.answer_text import Sheet

_PIECE = 8 << 20
_LONGEST = 64 << 20
"""Bytes of a record that is never closed; the csv module says what is wrong with it."""
_ODD = r"[\x00\x1c-\x1f]"
"""What only the csv module, or Python's idea of white space, copes with."""
_QUOTED = r'"(?:[^"]|"")*"'
_WITHIN_QUOTES = (
    r"'*[\s\x00]*[=@\uff1d\uff0b\uff0d\uff20]|'*[\t\r\n]|(?:'+[\s\x00]*|[\s\x00]+)[+\-]"
    r'|[+\-](?:[0-9]+[.,])*(?:[^0-9]|[0-9]+[^0-9.,"]|[0-9]{31})'
)
"""How a quoted field begins that may get an apostrophe; a plain number does not."""
_SEPARATORS = b"\x01\x02\x03\x04\x05\x06\x07\x0e"
"""Bytes that hardly any file holds; a line is read as one field that one of them would end."""


@runtime_checkable
class Spoken(Protocol):
    """Answers by row number that also tell those of many rows at once."""

    said: Sequence[Answer]
    """The answers that differ."""

    def numbers(self, rows: pl.Series) -> pl.Series:
        """The place in ``said`` of the answer of each of these rows, null where there is none."""


class NotByLine(Exception):
    """A record is quoted in a way that only the whole file tells."""


def by_lines(source: Path, sheet: "Sheet", results: Spoken) -> Iterator[bytes]:
    """The answer in pieces, in UTF-8; raises NotByLine where only the whole file tells what the records are."""
    endings = pl.Series(
        [
            sheet.line(["", *map(harmless, sheet.place.cells(said))]).removesuffix("\r\n")
            for said in results.said
        ],
        dtype=pl.String,
    )
    marks = _Marks(sheet.delimiter, len(sheet.table.columns))

    def answered(piece: _Piece) -> bytes | None:
        lines = _split(piece.text)
        rows = pl.int_range(piece.start, piece.start + len(lines), dtype=pl.UInt32, eager=True)
        numbers = results.numbers(rows)
        data = numbers.is_not_null() & (rows > sheet.table.header_row)
        texts, simple = marks.mended(lines, data & ~lines.str.contains("\r", literal=True))
        answers = endings.gather(numbers)
        made = texts + answers
        if not simple.all():
            records = list(_records(piece.text, (~simple).arg_true()))
            written = _together(marks, [one for one in records if one.lines > 1 and data[one.place]], answers)
            for one in records:
                if one.place not in written:
                    number = numbers[one.place]
                    said = None if number is None else results.said[number]
                    text = sheet.text(piece.start + one.place, one.fields(sheet.delimiter), said)
                    written[one.place] = text.removesuffix("\r\n")
            within = [one.place + line for one in records for line in range(1, one.lines)]
            given = pl.Series([*written.values(), *[None] * len(within)], dtype=pl.String)
            made = made.scatter([*written, *within], given).drop_nulls()
        # As bytes at once: writing CSV takes ten times as long.
        whole: bytes | None = made.str.join("\r\n").cast(pl.Binary).item() if len(made) else None
        return whole

    for whole in ahead(answered, _numbered(_pieces(source, sheet.table))):
        yield from (whole, b"\r\n") if whole is not None else ()


@dataclass(frozen=True, slots=True)
class _Piece:
    """Whole records, and the number of their first line."""

    start: int
    text: bytes


def _numbered(texts: Iterable[bytes]) -> Iterator[_Piece]:
    start = 1
    for text in texts:
        yield _Piece(start, text)
        start += _count(text, b"\n")


@dataclass(frozen=True, slots=True)
class _Record:
    """A record as bytes, without its line end: the place of its first line, and how many it has."""

    place: int
    lines: int
    text: bytes

    def fields(self, delimiter: str) -> list[str]:
        """Raises NotByLine where the csv module does not take it for one record."""
        text = self.text.decode()
        if '"' not in text and "\r" not in text:
            return text.split(delimiter) if text else []
        try:
            found = list(csv.reader(io.StringIO(text, newline="\n"), delimiter=delimiter, strict=True))
        except csv.Error:
            raise NotByLine from None
        if len(found) != 1:
            raise NotByLine
        return found[0]


def _records(text: bytes, odd: Iterable[int]) -> Iterator[_Record]:
    """The records that begin on these lines; a line within the record before begins none."""
    starts = [0, *(np.flatnonzero(np.frombuffer(text, np.uint8) == ord("\n")) + 1).tolist()]
    if not text.endswith(b"\n"):
        starts.append(len(text) + 1)
    after = 0
    for place in odd:
        if place < after:
            continue
        quotes, after = 0, place
        while after == place or quotes % 2:
            if after + 1 == len(starts):
                raise NotByLine
            quotes += text.count(b'"', starts[after], starts[after + 1])
            after += 1
        record = text[starts[place] : starts[after] - 1].removesuffix(b"\r")
        if b"\r" in record.replace(b"\r\n", b""):
            raise NotByLine
        yield _Record(place, after - place, record)


def _together(marks: "_Marks", records: Sequence[_Record], answers: pl.Series) -> dict[int, str]:
    """Those of the records that can be answered at once: place of the first line → what is written."""
    texts = pl.Series([record.text for record in records], dtype=pl.Binary).cast(pl.String)
    texts, simple = marks.mended(texts, pl.Series([True]).new_from_index(0, len(texts)))
    places = pl.Series([record.place for record in records], dtype=pl.UInt32)
    written = texts + answers.gather(places)
    return dict(zip(places.filter(simple), written.filter(simple), strict=True))


class _Marks:
    """What is looked for in lines of one file, as regular expressions."""

    def __init__(self, delimiter: str, columns: int) -> None:
        self._delimiter, self._columns = delimiter, columns
        mark = re.escape(delimiter)
        free = rf'[^"{mark}\r\n]*'
        field = f"(?:{_QUOTED}|{free})"
        self._whole = f"^{field}(?:{mark}{field})*$"
        self._needless = f'(?:^|{mark})"{free}"(?:{mark}|$)'
        self._fields = rf'(?:"({free})"|({_QUOTED}|{free}))({mark}|$)'
        # How fields begin that get an apostrophe (``injection.escaped``), up to the character that settles it.
        blank, point = rf"[[\s\x00]--[{mark}]]", rf"[[.,]--[{mark}]]"
        opening = rf"'*{blank}*[=@\uff1d\uff0b\uff0d\uff20]|'*[[\t]--[{mark}]]|(?:'+{blank}*|{blank}+)[+\-]"
        no_number = rf"[+\-](?:[^\d{mark}]|[0-9]+[^\d.,{mark}])"
        self._opening = rf"(^|{mark})({opening}|{no_number})"
        # Only the whole field tells whether this is a number, which stays as it is.
        doubtful = rf"[+\-](?:{mark}|$|[0-9]*{point}|[0-9]{{31}}|[0-9]*[\d--0-9])"
        self._doubtful = rf"(?:^|{mark}){doubtful}"
        self._quoted_suspect = rf'(?:^|{mark})"(?:{_WITHIN_QUOTES})'
        self._suspect = rf'(?:^|{mark})(?:{opening}|{no_number}|{doubtful}|"(?:{_WITHIN_QUOTES}))'

    def mended(self, texts: pl.Series, answered: pl.Series) -> tuple[pl.Series, pl.Series]:
        """The lines as they are written, and which of them are; the others are records that must be read.

        ``answered``: lines where a record with an answer may begin.
        """
        simple = answered & ~texts.str.contains(_ODD)
        bare = texts
        quoted = simple & texts.str.contains('"', literal=True)
        if quoted.any():
            places, given = quoted.arg_true(), texts.filter(quoted)
            simple = simple.scatter(places, given.str.contains(self._whole))
            needless = given.str.contains(self._needless)
            if needless.any():
                bared = given.filter(needless).str.replace_all(self._fields, "${1}${2}${3}")
                given = given.scatter(needless.arg_true(), bared)
            quoted = quoted.scatter(places, given.str.contains('"', literal=True))
            texts = texts.scatter(places, given)
            bare = texts.clone().scatter(places, given.str.replace_all(_QUOTED, ""))
        simple &= bare.str.count_matches(self._delimiter, literal=True) == self._columns - 1
        suspect = simple & texts.str.contains(self._suspect)
        both = suspect & quoted
        if both.any():
            unclear = both.scatter(both.arg_true(), self._unclear(texts.filter(both)))
            simple &= ~unclear
            suspect &= ~unclear
        if suspect.any():
            texts = texts.scatter(suspect.arg_true(), self._harmless(texts.filter(suspect)))
        return texts, simple

    def _unclear(self, lines: pl.Series) -> pl.Series:
        """Which of these lines have something within quotes that looks like what a spreadsheet would run."""
        outside = lines.str.replace_all(_QUOTED, '""').str.count_matches(self._opening)
        return (
            (lines.str.count_matches(self._opening) != outside)
            | lines.str.contains(self._quoted_suspect)
            | lines.str.contains(self._doubtful)
        )

    def _harmless(self, lines: pl.Series) -> pl.Series:
        """Lines, their fields outside of quotes as ``escaped`` gives them."""
        doubtful = lines.str.contains(self._doubtful)
        mended = lines.str.replace_all(self._opening, "${1}'${2}")
        if doubtful.any():
            mended = mended.scatter(doubtful.arg_true(), self._by_fields(lines.filter(doubtful)))
        return mended

    def _by_fields(self, lines: pl.Series) -> pl.Series:
        fields = lines.str.split_exact(self._delimiter, self._columns - 1).struct.unnest().get_columns()
        for place, field in enumerate(fields):
            danger = field.str.contains(DANGEROUS) & ~field.str.contains(PLAIN_NUMBER)
            fields[place] = field.zip_with(~(danger | field.str.contains(ESCAPED)), "'" + field)
        return (
            pl.DataFrame([field.alias(str(place)) for place, field in enumerate(fields)])
            .select(pl.concat_str(pl.all(), separator=self._delimiter))
            .to_series()
        )


def _pieces(source: Path, table: Table) -> Iterator[bytes]:
    """The text in UTF-8, cut where a record ends: behind a line feed that no quotes are open at."""
    rest = b""
    first = True
    for piece in _bytes(source, table):
        if first and b"\n" not in piece:  # one line, or the lines of an old Macintosh
            raise NotByLine
        first = False
        text = rest + piece
        end = _whole(text)
        if end:
            yield text[:end]
        rest = text[end:]
        if len(rest) > _LONGEST:
            raise NotByLine
    if rest:
        yield rest


def _count(text: bytes, byte: bytes) -> int:
    """As ``bytes.count``, which takes six times as long and lets no other thread run meanwhile."""
    return int(np.count_nonzero(np.frombuffer(text, np.uint8) == ord(byte)))


def _whole(text: bytes) -> int:
    """Where the last record that is complete ends."""
    end = text.rfind(b"\n") + 1
    opened = _count(text[:end], b'"') % 2
    while end and opened:
        line = text.rfind(b"\n", 0, end - 1) + 1
        opened = (opened + text.count(b'"', line, end)) % 2
        end = line
    return end


def _bytes(source: Path, table: Table) -> Iterator[bytes]:
    name = table.encoding or "utf-8"
    mark = len("\ufeff".encode(name)) if table.bom else 0
    if name != "utf-8":
        yield from (text.encode() for text in decoded(source, Encoding(name, mark), _PIECE) if text)
        return
    with source.open("rb") as stream:
        stream.seek(mark)
        while chunk := stream.read(_PIECE):
            yield chunk


def _split(text: bytes) -> pl.Series:
    """The lines of a text; polars takes a CR off the end of each."""
    separator = next((chr(byte) for byte in _SEPARATORS if byte not in text), None)
    if separator is None or text.startswith(codecs.BOM_UTF8) or text.endswith(b"\r"):
        raise NotByLine
    try:
        frame = pl.read_csv(
            text,
            has_header=False,
            separator=separator,
            quote_char=None,
            schema={"text": pl.String},
            empty_string_is_null=False,
        )
    except pl.exceptions.PolarsError:
        raise NotByLine from None
    return frame["text"]
