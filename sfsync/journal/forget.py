"""Lets go of old runs: a journal keeps evidence as long as somebody may ask for it, not for ever."""

import sqlite3
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Engine, delete, exists, func, select

from sfsync.journal.database import reading
from sfsync.journal.tables import files, jobs, packs, rows, runs, steps

_DETAILS = (rows, packs, files, steps, jobs)


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What was let go of; ``kept`` are older runs whose bulk jobs are not settled yet."""

    runs: int
    rows: int
    kept: int


def forget(engine: Engine, before: datetime) -> Forgotten:
    """Delete the runs that started before a moment, with all they recorded, one run a transaction.

    Stays: runs whose bulk jobs nobody has settled, leases, and what incremental exports remember.
    """
    unsettled = exists().where(jobs.c.run_id == runs.c.id, jobs.c.settled.is_(False))
    old = select(runs.c.id).where(runs.c.started_at < before)
    with reading(engine).connect() as connection:
        gone = list(connection.execute(old.where(~unsettled).order_by(runs.c.id)).scalars())
        kept = len(connection.execute(old.where(unsettled)).all())
    count = 0
    for run_id in gone:
        with engine.begin() as connection:
            count += _rows(connection, run_id)
            for table in _DETAILS:
                connection.execute(delete(table).where(table.c.run_id == run_id))
            connection.execute(delete(runs).where(runs.c.id == run_id))
    if gone and engine.dialect.name == "sqlite":
        _shrink(engine)
    return Forgotten(len(gone), count, kept)


def _shrink(engine: Engine) -> None:
    """Give the space back: SQLite keeps a file's size, and does this outside of transactions only."""
    with closing(engine.raw_connection()) as connection, suppress(sqlite3.OperationalError):
        connection.cursor().execute("VACUUM")  # refused while another process is at work: then the next time


def _rows(connection: Connection, run_id: str) -> int:
    single = select(func.count()).select_from(rows).where(rows.c.run_id == run_id)
    packed = select(func.coalesce(func.sum(packs.c.rows), 0)).where(packs.c.run_id == run_id)
    return int(connection.execute(single).scalar_one()) + int(connection.execute(packed).scalar_one())
