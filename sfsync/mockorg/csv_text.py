"""CSV as the Bulk APIs read and write it: strict about quotes, every value quoted on the way out.

Reading goes line by line, so a file of any length needs little memory. Most lines hold no quote and are simply cut;
those with quotes go through the C parser, and only what that finds odd is looked at character by character.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator

LONGEST_RECORD = 400_000
"""Characters of a record; source: "Bulk API and Bulk API 2.0 Limits and Allocations"."""

_MARK = b"\xef\xbb\xbf"


class BadCsv(Exception):
    """A text that is not CSV as the platform reads it; the text says why."""


class _Unclosed(BadCsv):
    """A quoted value that goes on beyond the text in hand."""


def written(lines: Iterable[list[str]], delimiter: str = ",", line_ending: str = "LF") -> bytes:
    """Lines as CSV in UTF-8, every value in quotes as orgs write results."""
    end = "\r\n" if line_ending == "CRLF" else "\n"
    between = f'"{delimiter}"'
    made: list[str] = []
    for line in lines:
        text = between.join(line)
        if text.count('"') != 2 * (len(line) - 1):  # quotes inside values
            text = between.join([value.replace('"', '""') for value in line])
        made.append(f'"{text}"{end}' if line else end)
    return "".join(made).encode()


class BadRow(list[str]):
    """A record with a quote where none may be; ``reason`` says which. The other records are good."""

    reason = ""


def read(text: str, delimiter: str = ",") -> Iterator[list[str]]:
    """Records of a CSV text; quotes double inside quoted values, which may hold line ends; blank lines are skipped.

    Raises:
        BadCsv: a quote that never closes.

    """
    return (record for _, record in records(io.BytesIO(text.encode()), delimiter))


def records(lines: Iterable[bytes], delimiter: str = ",", place: int = 0) -> Iterator[tuple[int, list[str]]]:
    """The records of lines in UTF-8 as ``read`` gives them, each with the place in bytes where it began.

    ``place`` is where the lines begin; a byte order mark at place 0 does not count. A record that holds several
    others because of a bare carriage return shares its place with them.

    Raises:
        BadCsv: not UTF-8, or a quote that never closes within the length that a record may have.

    """
    held: list[bytes] = []
    began = place
    for number, given in enumerate(lines):
        line = given[3:] if number == 0 and place == 0 and given.startswith(_MARK) else given
        here, place = place, place + len(given)
        if not held:
            body = _without_end(line)
            if b'"' not in body and b"\r" not in body:
                if body:
                    yield here, _text(body).split(delimiter)
                continue
            one = _parsed(line, delimiter)
            if one is not None:
                yield here, one
                continue
            began = here
        elif b'"' not in line:
            held.append(line)
            continue
        held.append(line)
        whole = b"".join(held)
        try:
            found = list(_slowly(_text(whole), delimiter))
        except _Unclosed:
            if len(whole) > 4 * LONGEST_RECORD:
                raise BadCsv("A quoted value is never closed, or longer than any record may be") from None
            continue
        held.clear()
        for record in found:
            yield began, record
    if held:
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
    return None if record is None or any('"' in value for value in record) else record


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
