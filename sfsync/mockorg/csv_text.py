"""CSV as the Bulk APIs read and write it: strict about quotes, every value quoted on the way out.

Reading goes block by block, so a file of any length needs little memory. Most lines hold no quote and are simply cut;
those with quotes go through the C parser, and only what that finds odd is looked at character by character.
"""

import csv
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import chain, repeat
from typing import Protocol

LONGEST_RECORD = 400_000
"""Characters of a record; source: "Bulk API and Bulk API 2.0 Limits and Allocations"."""

_MARK = b"\xef\xbb\xbf"


class BadCsv(Exception):
    """A text that is not CSV as the platform reads it; the text says why."""


Run = tuple[int, bytes | list[str]]
"""A place in bytes, and what begins there: plain lines as they are, or one record."""


class _Unclosed(BadCsv):
    """A quoted value that goes on beyond the text in hand."""


def written(lines: Iterable[list[str]], delimiter: str = ",", line_ending: str = "LF") -> bytes:
    """Lines as CSV in UTF-8, every value in quotes as orgs write results."""
    end = "\r\n" if line_ending == "CRLF" else "\n"
    between = f'"{delimiter}"'
    return "".join([f'"{inner(line, between)}"{end}' if line else end for line in lines]).encode()


def inner(line: list[str], between: str) -> str:
    """Values with ``between``, two quotes around the delimiter, between them; the outer quotes are not there."""
    text = between.join(line)
    if text.count('"') != 2 * (len(line) - 1):  # quotes inside values
        text = between.join([value.replace('"', '""') for value in line])
    return text


class BadRow(list[str]):
    """A record with a quote where none may be; ``reason`` says which. The other records are good."""

    reason = ""


def read(text: str, delimiter: str = ",") -> Iterator[list[str]]:
    """Records of a CSV text; quotes double inside quoted values, which may hold line ends; blank lines are skipped.

    Raises:
        BadCsv: a quote that never closes.

    """
    return records(_Held(text.encode()), delimiter)


class Bytes(Protocol):
    """Bytes that are read in parts, such as a Spool."""

    size: int

    def read(self, start: int = 0, length: int | None = None) -> bytes:
        """The bytes from ``start``, at most ``length`` of them."""

    def lines(self, start: int = 0) -> Iterator[bytes]:
        """The lines from ``start`` on, each with the line feed that ends it."""


class _Held:
    """Bytes at hand. They may be anybody's, and are not to be on a disk."""

    def __init__(self, data: bytes) -> None:
        self.size = len(data)
        self._data = data

    def read(self, start: int = 0, length: int | None = None) -> bytes:
        return self._data[start : None if length is None else start + length]

    def lines(self, start: int = 0) -> Iterator[bytes]:
        return _cut(self._data, start, self.size)


def records(data: Bytes, delimiter: str = ",", place: int = 0) -> Iterator[list[str]]:
    """The records of UTF-8 bytes, from a place on where one begins, as ``read`` gives them.

    Raises:
        BadCsv: not UTF-8, or a quote that never closes within the length that a record may have.

    """
    for _, run in runs(data, delimiter, place):
        if isinstance(run, list):
            yield run
        else:
            yield from map(str.split, lines_of(run), repeat(delimiter))


def lines_of(run: bytes) -> list[str]:
    """The lines of a plain run, without their ends."""
    text = run.decode()
    if "\r" in text:
        text = text.replace("\r\n", "\n")
    return text.removesuffix("\n").split("\n")


def runs(data: Bytes, delimiter: str = ",", place: int = 0, block: int = 1024 * 1024) -> Iterator[Run]:
    """The records, each run of them with the place in bytes where it begins: plain lines together as they are, or one
    record of another kind. A plain line holds no quote, is not blank, and is a record of its own.

    A byte order mark at place 0 does not count. Several records of one line, because of a bare carriage return, share
    their place. ``block`` is how many bytes are looked at together. Raises BadCsv as ``records`` does.
    """
    if not place and data.read(0, 3) == _MARK:
        place = 3
    while some := data.read(place, block):
        end = some.rfind(b"\n") + 1 if place + len(some) < data.size else len(some)
        if not end:
            block *= 2  # a line longer than that
            continue
        at = 0
        while at < end:
            quote = some.find(b'"', at, end)
            stop = end if quote < 0 else max(some.rfind(b"\n", at, quote) + 1, at)
            if at < stop and _plain(some[at:stop]):
                yield place + at, some[at:stop]
                at = stop
                continue
            lines = chain(_cut(some, at, end), data.lines(place + end))
            odd = True
            while odd:
                size, found = _carefully(lines, delimiter)
                for record in found:
                    yield place + at, record
                at += size
                odd = at < stop or (at < end and some.startswith(b'"', at))
        place += at


def _plain(run: bytes) -> bool:
    if run.startswith((b"\n", b"\r\n")) or b"\n\n" in run or b"\n\r\n" in run:
        return False
    if b"\r" in run and run.count(b"\r") != run.count(b"\r\n"):
        return False
    if run.isascii():
        return True
    try:
        run.decode()
    except UnicodeDecodeError:
        return False
    return True


def _cut(text: bytes, place: int, end: int) -> Iterator[bytes]:
    """The lines of a part of a text, each with its end."""
    while place < end:
        stop = text.find(b"\n", place, end) + 1 or end
        yield text[place:stop]
        place = stop


def _carefully(lines: Iterator[bytes], delimiter: str) -> tuple[int, list[list[str]]]:
    """What the next line holds, with the lines after it that a quoted value goes on in: bytes, and records."""
    line = next(lines)
    body = _without_end(line)
    if b'"' not in body and b"\r" not in body:
        return len(line), [_text(body).split(delimiter)] if body else []
    one = _parsed(line, delimiter)
    if one is not None:
        return len(line), [one]
    held = [line]
    while True:
        whole = b"".join(held)
        try:
            return len(whole), list(_slowly(_text(whole), delimiter))
        except _Unclosed:
            if len(whole) > 4 * LONGEST_RECORD:
                raise BadCsv("A quoted value is never closed, or longer than any record may be") from None
        for more in lines:
            held.append(more)
            if b'"' in more:
                break
        else:
            raise BadCsv("A quoted value is never closed")


def _text(line: bytes) -> str:
    try:
        return line.decode()
    except UnicodeDecodeError:
        raise BadCsv("The data is not UTF-8") from None


def _without_end(line: bytes) -> bytes:
    if line.endswith(b"\n"):
        line = line[:-1]
    return line[:-1] if line.endswith(b"\r") else line


def _parsed(line: bytes, delimiter: str) -> list[str] | None:
    """The record of one line with quotes, or None when it is better looked at slowly."""
    body = _without_end(line)
    if b"\r" in body or line.count(b'"') % 2:
        return None
    try:
        record = next(csv.reader((_text(body),), delimiter=delimiter, strict=True), None)
    except csv.Error:
        return None
    if record is None or ('"' in "".join(record) and not _well_formed(delimiter).fullmatch(body)):
        return None
    return record


@lru_cache
def _well_formed(delimiter: str) -> re.Pattern[bytes]:
    """A line whose quotes stand around values or are doubled inside them."""
    cut = re.escape(delimiter).encode()
    value = rb'(?:[^"%b]*|"(?:[^"]|"")*")' % cut
    return re.compile(rb"%b(?:%b%b)*" % (value, cut, value))


def _slowly(text: str, delimiter: str) -> Iterator[list[str]]:
    stops = re.compile(f"[{re.escape(delimiter)}\r\n]")
    place, size = 0, len(text)
    record: list[str] = []
    reason = ""
    while place < size:
        if not record and text[place] in "\r\n":
            place += 1  # a blank line; a line that holds "" is a record
            continue
        value, end, problem = _value(text, place, stops)
        record.append(value)
        reason = reason or problem
        if end < size and text[end] == delimiter:
            place = end + 1
            if place < size:
                continue
            record.append("")  # the text ends on a delimiter
        else:
            place = end + (2 if text.startswith("\r\n", end) else 1)
        yield _marked(record, reason)
        record, reason = [], ""


def _marked(record: list[str], reason: str) -> list[str]:
    if not reason:
        return record
    bad = BadRow(record)
    bad.reason = reason
    return bad


def _value(text: str, place: int, stops: re.Pattern[str]) -> tuple[str, int, str]:
    """One value, the place behind it, and what is wrong with it."""
    if text[place] != '"':
        found = stops.search(text, place)
        end = found.start() if found else len(text)
        value = text[place:end]
        return value, end, "a quote inside an unquoted value" if '"' in value else ""
    parts: list[str] = []
    place += 1
    while True:
        end = text.find('"', place)
        if end < 0:
            raise _Unclosed
        parts.append(text[place:end])
        if text[end + 1 : end + 2] != '"':
            break
        parts.append('"')
        place = end + 2
    found = stops.search(text, end + 1)
    behind = found.start() if found else len(text)
    return "".join(parts), behind, "a character after a closing quote" if behind > end + 1 else ""
