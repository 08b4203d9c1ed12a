"""Rows and their outcomes: written in batches, read back by run."""

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from functools import lru_cache
from itertools import chain, islice
from pathlib import PurePath
from typing import Any

from sqlalchemy import Connection, Engine, Row, func, insert, select
from sqlalchemy.sql.compiler import SQLCompiler

from sfsync.journal.redact import redact
from sfsync.journal.tables import rows
from sfsync.journal.values import ReasonCount, RowRecord
from sfsync.records import Bucket

BATCH = 5_000
"""Rows in one transaction: long enough to be fast, short enough to let other writers in between."""
_TOGETHER = 2_000
"""Rows in one statement: 26,000 values, where SQLite takes 32,766."""


def write(engine: Engine, run_id: str, step: str, records: Iterable[RowRecord], at: datetime) -> int:
    """Write ``records`` and return how many; memory holds one batch, and a crash loses at most one."""
    statement = insert(rows).inline().compile(dialect=engine.dialect, column_keys=_WRITTEN)
    bound = rows.c.at.type.dialect_impl(engine.dialect).bind_processor(engine.dialect)
    moment = bound(at) if bound is not None else at
    source, written = iter(records), 0
    while batch := [_values(run_id, step, moment, record) for record in islice(source, BATCH)]:
        with engine.begin() as connection:
            _insert(connection, statement, batch)
        written += len(batch)
    return written


def _insert(connection: Connection, statement: SQLCompiler, batch: list[tuple[Any, ...]]) -> None:
    """Hand the batch to the driver as it is, values in the order of _WRITTEN.

    Only the moment needs to be told to it in another way, and preparing every value of every row takes SQLAlchemy
    longer than SQLite takes for the rows. SQLite's driver gets many rows in one statement: it lets go of Python's
    lock for each statement, and where another thread works, it waits for milliseconds to have it again.
    """
    if not statement.positional:
        connection.exec_driver_sql(
            statement.string, [dict(zip(_WRITTEN, values, strict=True)) for values in batch]
        )
        return
    beginning, word, row = statement.string.rpartition(" VALUES ")
    for start in range(0, len(batch), _TOGETHER):
        some = batch[start : start + _TOGETHER]
        connection.exec_driver_sql(
            f"{beginning}{word}{', '.join([row] * len(some))}", tuple(chain.from_iterable(some))
        )


def read(
    engine: Engine, run_id: str, *, step: str | None = None, buckets: Collection[Bucket] = ()
) -> Iterator[RowRecord]:
    """The rows of a run in the order they were written; of one step or some buckets if asked."""
    query = select(rows).where(rows.c.run_id == run_id).order_by(rows.c.id)
    if step is not None:
        query = query.where(rows.c.step == step)
    if buckets:
        query = query.where(rows.c.bucket.in_([bucket.value for bucket in buckets]))
    with engine.connect().execution_options(yield_per=BATCH) as connection:
        for row in connection.execute(query):
            yield record_of(row)


def reasons(connection: Connection, run_id: str) -> tuple[ReasonCount, ...]:
    """The rows of a run counted by step, bucket and reason, most frequent first."""
    count = func.count().label("count")
    query = (
        select(rows.c.step, rows.c.bucket, rows.c.reason, count)
        .where(rows.c.run_id == run_id, rows.c.reason != "")
        .group_by(rows.c.step, rows.c.bucket, rows.c.reason)
        .order_by(count.desc(), rows.c.step, rows.c.bucket, rows.c.reason)
    )
    return tuple(
        ReasonCount(row.step, Bucket(row.bucket), row.reason, row[3]) for row in connection.execute(query)
    )


def record_of(row: Row[Any]) -> RowRecord:
    """A row of the table as a value."""
    return RowRecord(
        key=row.key,
        bucket=Bucket(row.bucket),
        reason=row.reason,
        file=row.file,
        row_number=row.row_number,
        record_id=row.record_id,
        object=row.object,
        fields=tuple(row.fields.split(",")) if row.fields else (),
        via=row.job_id or row.request or "",
    )


@lru_cache(maxsize=64)
def file_name(name: str) -> str:
    """A file's name without its folders, of either kind of slash."""
    return PurePath(name.replace("\\", "/")).name


_WRITTEN = tuple(column.name for column in rows.columns if column is not rows.c.id)


def _values(run_id: str, step: str, at: Any, record: RowRecord) -> tuple[Any, ...]:
    return (
        run_id,
        step,
        at,
        None if record.key is None else _storable(record.key),
        record.bucket.value,
        _reason(record.reason) if record.reason else "",
        None if record.file is None else _file(record.file),
        record.row_number,
        record.record_id,
        record.object,
        ",".join(record.fields),
        record.job_id,
        record.request,
    )


@lru_cache(maxsize=1_000)
def _reason(text: str) -> str:
    return _storable(redact(text))


@lru_cache(maxsize=64)
def _file(name: str) -> str:
    return _storable(file_name(name))


def _storable(text: str) -> str:
    """Text as every database takes it: a bad file's rows may hold zero bytes and halves of characters."""
    if text.isascii() and "\0" not in text:
        return text
    return text.replace("\0", "").encode(errors="replace").decode()
