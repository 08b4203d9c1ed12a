"""What an incremental export remembers: how far it came, and which records near that point it has told of.

A run notes records while it writes; they count only when the run keeps its watermark, in the same transaction. What a
dead run noted is forgotten by the next.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy import Connection, Engine, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from sfsync.clock import Clock
from sfsync.journal.database import Tables
from sfsync.journal.tables import exported, watermarks

BATCH = 5_000
"""Records in one transaction."""
_ASKED = 500  # ids in one look

DELETED = "!"
"""At the end of a stamp: the record was told of as deleted."""

Told = tuple[str, str]
"""A record's id and the stamp of the state that was told of; stamps sort as text."""


class Exported(Tables):
    """The memory of one export from one org, by ``name``. Troubles are JournalErrors."""

    def __init__(self, engine: Engine, where: str, clock: Clock, name: str) -> None:
        super().__init__(engine, where)
        self._clock, self._name = clock, name

    def watermark(self) -> str | None:
        """The newest stamp that was told of; None before the first export."""
        with self._read() as connection:
            query = select(watermarks.c.value).where(watermarks.c.name == self._name)
            return connection.execute(query).scalar_one_or_none()

    def begin(self) -> None:
        """Forget what dead runs noted."""
        with self._write() as connection:
            connection.execute(delete(exported).where(self._mine, exported.c.done.is_(False)))

    def told(self, records: Sequence[Told]) -> set[Told]:
        """Those of the records that an earlier export told of in this very state."""
        found: set[Told] = set()
        wanted = iter(dict.fromkeys(record_id for record_id, _ in records))
        with self._read() as connection:
            while ids := list(islice(wanted, _ASKED)):
                query = select(exported.c.record_id, exported.c.stamp).where(
                    self._mine, exported.c.done.is_(True), exported.c.record_id.in_(ids)
                )
                found.update((row.record_id, row.stamp) for row in connection.execute(query))
        return found.intersection(records)

    def gone(self, record_ids: Sequence[str]) -> set[str]:
        """Those of the records that an earlier export told of as deleted."""
        found: set[str] = set()
        wanted = iter(dict.fromkeys(record_ids))
        with self._read() as connection:
            while ids := list(islice(wanted, _ASKED)):
                query = select(exported.c.record_id).where(
                    self._mine,
                    exported.c.done.is_(True),
                    exported.c.record_id.in_(ids),
                    exported.c.stamp.endswith(DELETED, autoescape=True),
                )
                found.update(connection.execute(query).scalars())
        return found

    def note(self, run_id: str, records: Iterable[Told]) -> None:
        """Note records that this run tells of."""
        source = iter(records)
        while batch := list(islice(source, BATCH)):
            values = [
                {"name": self._name, "record_id": record_id, "stamp": stamp, "run_id": run_id, "done": False}
                for record_id, stamp in batch
            ]
            with self._write() as connection:
                connection.execute(_insert(connection)(exported).on_conflict_do_nothing(), values)

    def keep(self, run_id: str, watermark: str, since: str) -> None:
        """Keep what the run noted and how far it came, at once; records older than ``since`` are forgotten."""
        values = {"value": watermark, "updated_at": self._clock.now()}
        with self._write() as connection:
            connection.execute(
                update(exported).where(self._mine, exported.c.run_id == run_id).values(done=True)
            )
            connection.execute(delete(exported).where(self._mine, exported.c.stamp < since))
            statement = _insert(connection)(watermarks).values(name=self._name, **values)
            connection.execute(
                statement.on_conflict_do_update(index_elements=[watermarks.c.name], set_=values)
            )

    @property
    def _mine(self) -> Any:
        return exported.c.name == self._name


def stamp_of(moment: datetime) -> str:
    """A moment in UTC as text that sorts in time, as the platform writes it: to the millisecond."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def _insert(connection: Connection) -> Any:
    return postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
