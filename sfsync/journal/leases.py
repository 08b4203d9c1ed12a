"""Leases: who may run a flow now. Taken, renewed and released in single SQL statements, so no two can win."""

import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import TracebackType
from typing import Self

from sqlalchemy import Engine, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from sfsync.clock import Clock
from sfsync.errors import JournalError, LeaseHeld
from sfsync.journal.database import explained
from sfsync.journal.tables import leases


@dataclass(slots=True)
class Lease:
    """The right to be the only one at ``name`` until ``expires_at``; released at the end of a with block.

    Several machines that share a journal must agree on the time to well within the time to live.
    """

    name: str
    holder: str
    since: datetime
    expires_at: datetime
    _seconds: float = field(repr=False)
    _token: str = field(repr=False)
    _engine: Engine = field(repr=False)
    _where: str = field(repr=False)
    _clock: Clock = field(repr=False)

    def renew(self) -> None:
        """Start the time to live anew. Raises LeaseHeld when it ran out and another holder took over."""
        until = self._clock.now() + timedelta(seconds=self._seconds)
        mine = (leases.c.name == self.name) & (leases.c.token == self._token)
        with explained(self._where), self._engine.begin() as connection:
            if connection.execute(update(leases).where(mine).values(expires_at=until)).rowcount:
                self.expires_at = until
                return
            row = connection.execute(select(leases).where(leases.c.name == self.name)).one_or_none()
        taker = f" by {row.holder} at {_time(row.since)}" if row else ""
        raise LeaseHeld(
            f"The lease {self.name} ran out at {_time(self.expires_at)} and was taken over{taker}.",
            hint="This run stops here; the other goes on. Nothing is lost.",
        )

    def release(self) -> None:
        """Give the lease back; no harm when it has run out or was taken over."""
        mine = (leases.c.name == self.name) & (leases.c.token == self._token)
        with explained(self._where), self._engine.begin() as connection:
            connection.execute(delete(leases).where(mine))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self.release()
        except JournalError:
            if (
                error is None
            ):  # else the first error is what the operator must see; the lease expires by itself
                raise


def take(engine: Engine, where: str, clock: Clock, name: str, holder: str, seconds: float) -> Lease:
    """Take the lease ``name`` for ``seconds``: when it is free, or when its time has run out.

    Raises LeaseHeld with who holds it, since when and until when.
    """
    now = clock.now()
    until, token = now + timedelta(seconds=seconds), secrets.token_hex(8)
    taken = {"holder": holder, "token": token, "since": now, "expires_at": until}
    with explained(where), engine.begin() as connection:
        insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
        # One statement: it makes the row, or takes it over only if it has expired by now. It locks
        # the row either way, so the holder that the next statement reads is the one that it met.
        statement = insert(leases).values(name=name, **taken)
        connection.execute(
            statement.on_conflict_do_update(
                index_elements=[leases.c.name], set_=taken, where=leases.c.expires_at <= now
            )
        )
        row = connection.execute(select(leases).where(leases.c.name == name)).one()
    if row.token == token:
        return Lease(name, holder, now, until, seconds, token, engine, where, clock)
    raise LeaseHeld(
        f"{name} is at work elsewhere: {row.holder} holds the lease since {_time(row.since)}.",
        hint=f"Wait for it to end, or until the lease runs out at {_time(row.expires_at)}.",
    )


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"
