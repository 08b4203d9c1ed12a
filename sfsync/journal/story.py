"""Explains: all that happened to one key, record, job, file or row of a file, over all runs, in order."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, or_, select

from sfsync.journal import packs
from sfsync.journal import rows as rows_
from sfsync.journal.tables import files, jobs, rows, runs
from sfsync.journal.values import Event, FileRecord, JobRecord, Story

LONGEST = 1_000
"""Events in one story; a file of millions of rows is counted by `runs show`, not told row by row."""

_PLACE = re.compile(r"(?P<file>.+):(?P<row>\d{1,9})")
_ID = re.compile(r"[A-Za-z0-9]{15}([A-Z0-5]{3})?")
_NO_KEY = re.compile(r"row \d+")


def tell(connection: Connection, text: str) -> Story:
    """The story of ``text``: a business key, a record or job id (15 or 18 long), a file, or FILE:ROW.

    That of a row in a file goes on with what became of its key and its record in other files and steps.
    """
    text = text.strip()
    events = [*_rows(connection, text), *_packed(connection, text)]
    if _PLACE.fullmatch(text):
        further = [
            event
            for name in _names(events)
            for event in (*_rows(connection, name), *_packed(connection, name))
        ]
        events = list(dict.fromkeys([*events, *further]))
    events += [*_jobs(connection, text), *_files(connection, text)]
    events = _in_order(events)
    told_rows = [event for event in events if event.row]
    cut = len(told_rows) > LONGEST
    left_out = set(told_rows[:-LONGEST]) if cut else set()
    events = [_with_mapping(connection, event) for event in events if event not in left_out]
    known = {text.casefold(), *(one.casefold() for one in _ids(text))}
    also: dict[str, None] = {}
    for event in events:
        for mention in (event.row.key, event.row.record_id) if event.row else ():
            if mention and mention.casefold() not in known:
                also[mention] = None
    return Story(text, tuple(events), tuple(also), cut)


def job_of(row: Row[Any]) -> JobRecord:
    """A row of the table of jobs as a value."""
    return JobRecord(
        row.run_id,
        row.api,
        row.job_id,
        row.object,
        row.operation,
        row.state,
        row.rows,
        row.created_at,
        row.settled,
    )


def file_of(row: Row[Any]) -> FileRecord:
    """A row of the table of files as a value."""
    return FileRecord(
        row.name,
        row.digest,
        row.direction,
        row.partner_file,
        row.size,
        row.run_id,
        row.at,
        row.mapping or "",
    )


def _names(events: Sequence[Event]) -> set[str]:
    """Keys and record ids of rows, but for the numbers that stand for keys in doubt."""
    rows_ = [event.row for event in events if event.row]
    names = {name for row in rows_ for name in (row.key, row.record_id) if name}
    return {name for name in names if not _NO_KEY.fullmatch(name)}


def _in_order(events: Sequence[Event]) -> list[Event]:
    """Run by run; in a run the file that came in stands before what became of its rows."""
    begun: dict[str, datetime] = {}
    for event in events:
        begun[event.run_id] = min(event.at, begun.get(event.run_id, event.at))

    def place(event: Event) -> tuple[datetime, str, bool, datetime]:
        came_in = event.file is not None and event.file.direction == "in"
        return begun[event.run_id], event.run_id, not came_in, event.at

    return sorted(events, key=place)  # stable: the order of writing settles what one moment holds


def _with_mapping(connection: Connection, event: Event) -> Event:
    """A row's event with the mapping that read its file in that run."""
    if event.row is None or not event.row.file:
        return event
    asked = select(files.c.mapping).where(
        files.c.run_id == event.run_id, files.c.name == event.row.file, files.c.mapping.is_not(None)
    )
    return replace(event, mapping=connection.execute(asked.limit(1)).scalar() or "")


def _rows(connection: Connection, text: str) -> list[Event]:
    asked: list[ColumnElement[bool]] = [rows.c.key.in_({text, text.upper()})]
    if ids := _ids(text):
        asked += [rows.c.record_id.in_(ids), rows.c.job_id.in_(ids)]
    if place := _PLACE.fullmatch(text):
        asked.append(
            and_(rows.c.file == rows_.file_name(place["file"]), rows.c.row_number == int(place["row"]))
        )
    query = select(rows, runs.c.flow).join(runs).where(or_(*asked)).order_by(rows.c.id.desc())
    return [
        Event(row.at, row.run_id, row.flow, row.step, row=rows_.record_of(row))
        for row in reversed(connection.execute(query.limit(LONGEST + 1)).all())
    ]


def _packed(connection: Connection, text: str) -> list[Event]:
    place = _PLACE.fullmatch(text)
    return packs.find(
        connection,
        keys={text, text.upper()},
        record_ids=_ids(text),
        place=(rows_.file_name(place["file"]), int(place["row"])) if place else None,
        most=LONGEST + 1,
    )


def _jobs(connection: Connection, text: str) -> list[Event]:
    if not (ids := _ids(text)):
        return []
    query = select(jobs, runs.c.flow).join(runs).where(jobs.c.job_id.in_(ids))
    return [Event(row.created_at, row.run_id, row.flow, job=job_of(row)) for row in connection.execute(query)]


def _files(connection: Connection, text: str) -> list[Event]:
    place = _PLACE.fullmatch(text)
    names = {rows_.file_name(text), *([rows_.file_name(place["file"])] if place else [])}
    asked = or_(files.c.name.in_(names), files.c.digest == text)
    query = select(files, runs.c.flow).join(runs).where(asked).order_by(files.c.id)
    return [Event(row.at, row.run_id, row.flow, file=file_of(row)) for row in connection.execute(query)]


def _ids(text: str) -> set[str]:
    """The 15 and 18 character forms of a record id; none when the text cannot be one."""
    if not _ID.fullmatch(text):
        return set()
    short = text[:15]
    return {text, short, short + _checksum(short)}


def _checksum(short: str) -> str:
    # Each group of five gives one character that says which of the five are capitals.
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
    groups = (short[start : start + 5] for start in (0, 5, 10))
    return "".join(
        letters[sum(1 << place for place, one in enumerate(group) if "A" <= one <= "Z")] for group in groups
    )
