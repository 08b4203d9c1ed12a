"""CSV as the Bulk APIs read and write it: strict about quotes, every value quoted on the way out."""

import re
from collections.abc import Iterable, Iterator


class BadCsv(Exception):
    """A text that is not CSV as the platform reads it; the text says why."""


def written(lines: Iterable[list[str]], delimiter: str = ",", line_ending: str = "LF") -> bytes:
    """Lines as CSV in UTF-8, every value in quotes as orgs write results."""
    end = "\r\n" if line_ending == "CRLF" else "\n"
    return "".join(
        delimiter.join('"' + value.replace('"', '""') + '"' for value in line) + end for line in lines
    ).encode()


class BadRow(list[str]):
    """A record with a quote where none may be; ``reason`` says which. The other records are good."""

    reason = ""


def read(text: str, delimiter: str = ",") -> Iterator[list[str]]:
    """Records of a CSV text; quotes double inside quoted values, which may hold line ends; blank lines are skipped.

    Raises:
        BadCsv: a quote that never closes.

    """
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
            raise BadCsv("A quoted value is never closed")
        parts.append(text[place:end])
        if text[end + 1 : end + 2] != '"':
            break
        parts.append('"')
        place = end + 2
    found = stops.search(text, end + 1)
    behind = found.start() if found else len(text)
    return "".join(parts), behind, "a character after a closing quote" if behind > end + 1 else ""
