"""Reads the three result files of a Bulk API 2.0 ingest job into outcomes by key. No I/O but the given files.

"Get Job Successful Record Results", "Get Job Failed Record Results", "Get Job Unprocessed Record Results": rows
come in any order, each with the columns that were sent.
"""

import re
from collections.abc import Callable, Iterator
from typing import BinaryIO

from sfsync.records import Outcome, State
from sfsync.salesforce import csv_rows

SETS = ("successfulResults", "failedResults", "unprocessedrecords")
"""The names of the result files; all three are always read."""

_ERROR = re.compile(r"(?P<code>[A-Z][A-Z0-9_]*):(?P<message>.*?)(?::(?P<fields>[\w., ]*?) ?--)?", re.DOTALL)

_UNPROCESSED = Outcome(State.UNKNOWN, code="UNPROCESSED", message="the job ended before it came to this row")


def read_set(
    name: str, file: BinaryIO, key: str, same: Callable[[str], str]
) -> Iterator[tuple[str, Outcome]]:
    """Keys, as ``same`` makes them, and outcomes of one result file; ``key`` is the column of the key.

    A record that is torn, or has too few cells, is left out: it is the end of a file cut off.
    """
    records = csv_rows.whole(csv_rows.read(file))
    header = [column.casefold() for column in next(records, [])]
    if key.casefold() not in header:
        return
    key_at, id_at = header.index(key.casefold()), _place(header, "sf__id")
    told_at = _place(header, "sf__created" if name == "successfulResults" else "sf__error")
    for record in records:
        if len(record) == len(header):
            record_id = record[id_at] if id_at is not None else ""
            told = record[told_at] if told_at is not None else ""
            yield same(record[key_at]), _outcome(name, record_id or None, told)


def _place(header: list[str], column: str) -> int | None:
    return header.index(column) if column in header else None


def _outcome(name: str, record_id: str | None, told: str) -> Outcome:
    if name == "successfulResults":
        return Outcome(State.DONE, id=record_id, created=told.casefold() == "true")
    return refusal(told, record_id) if name == "failedResults" else _UNPROCESSED


def refusal(error: str, record_id: str | None = None) -> Outcome:
    """The outcome of a refused row from its error text.

    Such as ``REQUIRED_FIELD_MISSING:Required fields are missing: [Name]:Name --``.
    """
    found = _ERROR.fullmatch(error.strip())
    if found is None:
        return Outcome(State.REFUSED, id=record_id, code="UNKNOWN_ERROR", message=error.strip())
    fields = tuple(part.strip() for part in (found["fields"] or "").split(",") if part.strip())
    return Outcome(
        State.REFUSED, id=record_id, code=found["code"], message=found["message"].strip(), fields=fields
    )


def leftover(state: str, processed: int, reason: str) -> Outcome:
    """The outcome of rows that no result file holds.

    When the org ended the job before it wrote anything, they were certainly not written; else nobody knows.
    """
    if state in {"Failed", "Aborted"} and processed == 0:
        return not_processed(state, reason)
    return Outcome(State.UNKNOWN)


def not_processed(state: str, reason: str) -> Outcome:
    """The outcome of rows that a failed or aborted job did not come to: not written, and why."""
    said = f": {reason}" if reason else ""
    return Outcome(
        State.REFUSED,
        code="NOT_PROCESSED",
        message=f"the bulk job ended as {state} before it came to this row{said}",
    )
