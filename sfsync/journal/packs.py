"""Rows of large tables that went well, packed: some ten thousand in one row of the journal, each still to be found.

A pack is an Arrow file, compressed. Its bounds (rows, keys, record ids) say whether a search has to open it; they are
compared here and not by the database, whose order of texts may be another.
"""

import io
from collections.abc import Collection, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Engine, Row, insert, select

from sfsync.journal.tables import packs, runs
from sfsync.journal.values import Event, RowPack, RowRecord
from sfsync.records import Bucket

if TYPE_CHECKING:
    import polars as pl

ROWS = 50_000
"""Rows in a pack."""

_BOUNDS = ("row_number", "key", "record_id")


def write(engine: Engine, run_id: str, step: str, pack: RowPack, at: datetime) -> int:
    """Write the rows of ``pack`` and return how many; each piece is a transaction."""
    for piece in pack.frame.iter_slices(ROWS):
        values = {
            "run_id": run_id,
            "step": step,
            "at": at,
            "file": pack.file,
            "object": pack.object,
            "rows": piece.height,
            "content": _packed(piece),
            **_bounds(piece),
        }
        with engine.begin() as connection:
            connection.execute(insert(packs).values(**values))
    return int(pack.frame.height)


def read(
    connection: Connection, run_id: str, *, step: str | None = None, buckets: Collection[Bucket] = ()
) -> Iterator[RowRecord]:
    """The packed rows of a run in the order they were written; of one step or some buckets if asked."""
    import polars as pl

    query = select(packs.c.id).where(packs.c.run_id == run_id).order_by(packs.c.id)
    if step is not None:
        query = query.where(packs.c.step == step)
    for number in connection.execute(query).scalars().all():
        pack, frame = _opened(connection, number)
        if buckets:
            frame = frame.filter(pl.col("bucket").is_in([bucket.value for bucket in buckets]))
        yield from _records(pack, frame)


def find(
    connection: Connection,
    *,
    keys: Collection[str],
    record_ids: Collection[str],
    place: tuple[str, int] | None,
    most: int,
) -> list[Event]:
    """The latest rows with one of the keys or record ids, or at a place (file and row number), oldest first."""
    import polars as pl

    columns = [
        packs.c.id,
        packs.c.file,
        *(packs.c[f"{end}_{name}"] for name in _BOUNDS for end in ("first", "last")),
    ]
    found: list[Event] = []
    for bounds in connection.execute(select(*columns).order_by(packs.c.id.desc())).mappings().all():
        conditions = []
        if within := [key for key in keys if _within(bounds, "key", key)]:
            conditions.append(pl.col("key").is_in(within))
        if within := [one for one in record_ids if _within(bounds, "record_id", one)]:
            conditions.append(pl.col("record_id").is_in(within))
        if place and bounds["file"] == place[0] and _within(bounds, "row_number", place[1]):
            conditions.append(pl.col("row_number") == place[1])
        if not conditions:
            continue
        pack, frame = _opened(connection, bounds["id"])
        rows = frame.filter(pl.any_horizontal(conditions))
        found += [
            Event(pack.at, pack.run_id, pack.flow, pack.step, row=row)
            for row in reversed(list(_records(pack, rows)))
        ]
        if len(found) >= most:
            break
    return list(reversed(found[:most]))


def _within(bounds: Any, name: str, value: Any) -> bool:
    first, last = bounds[f"first_{name}"], bounds[f"last_{name}"]
    return first is not None and first <= value <= last


def _bounds(frame: "pl.DataFrame") -> dict[str, Any]:
    return {
        f"{end}_{name}": bound
        for name in _BOUNDS
        for end, bound in (("first", frame[name].min()), ("last", frame[name].max()))
    }


def _packed(frame: "pl.DataFrame") -> bytes:
    buffer = io.BytesIO()
    frame.write_ipc(buffer, compression="zstd")
    return buffer.getvalue()


def _opened(connection: Connection, number: int) -> "tuple[Row[Any], pl.DataFrame]":
    import polars as pl

    row = connection.execute(select(packs, runs.c.flow).join(runs).where(packs.c.id == number)).one()
    return row, pl.read_ipc(io.BytesIO(row.content))


def _records(pack: Row[Any], frame: "pl.DataFrame") -> Iterator[RowRecord]:
    for number, key, bucket, record_id, fields, *via in frame.iter_rows():
        yield RowRecord(
            key=key,
            bucket=Bucket(bucket),
            file=pack.file,
            row_number=number,
            record_id=record_id,
            object=pack.object,
            fields=tuple(fields.split(",")) if fields else (),
            via=via[0] if via else "",  # packs of older journals do not tell it
        )
