"""The journal: evidence of what runs did. Delete it and nothing is written twice; it tells what happened.

No values of records come in: keys, ids, buckets, reasons, field names, counts.
"""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Any, Self

from sqlalchemy import Connection, Engine, Row, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError

from sfsync.clock import Clock
from sfsync.errors import ConfigError
from sfsync.journal import leases, packs, rows, story
from sfsync.journal.database import Tables, connect, explained, parse_url, place, reading
from sfsync.journal.exported import Exported
from sfsync.journal.forget import Forgotten, forget
from sfsync.journal.migrate import migrate
from sfsync.journal.redact import redact
from sfsync.journal.tables import files, jobs, runs, steps
from sfsync.journal.values import (
    FileRecord,
    JobRecord,
    RowPack,
    RowRecord,
    Run,
    RunRecord,
    StepRecord,
    Story,
    Usage,
)
from sfsync.records import Bucket


def open_journal(url: str, *, clock: Clock) -> "Journal":
    """Open the journal at ``url`` (``sqlite:///file`` or ``postgresql://…``); make folder and tables if new.

    Raises ConfigError for a URL that names no SQLite or PostgreSQL database, and JournalError when it cannot
    be read and written: read-only, locked, damaged, full disk, another kind of file, no server.
    """
    parsed = parse_url(url)
    where = place(parsed)
    engine = connect(parsed)
    try:
        with explained(where):
            migrate(engine, where)
    except BaseException:
        engine.dispose()
        raise
    return Journal(engine, where, clock)


class Journal(Tables):
    """One open journal; one in a file or on a server may be shared between threads. Troubles are JournalErrors."""

    def __init__(self, engine: Engine, where: str, clock: Clock) -> None:
        super().__init__(engine, where)
        self._clock = clock

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # --- what a run writes ---

    def start_run(self, command: str, flow: str, *, org: str, arguments: Mapping[str, str]) -> str:
        """Record that a run starts and return its id: sortable by time, short enough to type."""
        now = self._clock.now()
        values = {
            "command": command,
            "flow": flow,
            "org": org,
            "arguments": json.dumps(dict(arguments), ensure_ascii=False),
            "status": "running",
            "api_calls": 0,
            "messages": "[]",
            "started_at": now,
        }
        with self._write() as connection:
            tick = _tick(now)
            while True:  # another run that started within the same millisecond takes the next tick
                try:
                    with connection.begin_nested():
                        connection.execute(insert(runs).values(id=_run_id(tick), **values))
                except IntegrityError:
                    tick += 1
                else:
                    return _run_id(tick)

    def finish_run(
        self,
        run_id: str,
        status: str,
        *,
        exit_code: int,
        api_calls: int,
        api_remaining: int | None,
        seconds: float,
        messages: Sequence[str] = (),
    ) -> None:
        """Record how a run ended; ``messages`` are the sentences that the operator saw."""
        values = {
            "status": status,
            "exit_code": exit_code,
            "api_calls": api_calls,
            "api_remaining": api_remaining,
            "seconds": seconds,
            "messages": json.dumps([redact(message) for message in messages], ensure_ascii=False),
            "finished_at": self._clock.now(),
        }
        with self._write() as connection:
            connection.execute(update(runs).where(runs.c.id == run_id).values(**values))

    def record_step(self, run_id: str, step: StepRecord) -> None:
        """Record what a step did."""
        buckets = {bucket.value: step.buckets.get(bucket, 0) for bucket in Bucket}
        with self._write() as connection:
            connection.execute(
                insert(steps).values(
                    run_id=run_id,
                    name=step.name,
                    selected=step.selected,
                    api_calls=step.api_calls,
                    seconds=step.seconds,
                    **buckets,
                )
            )

    def record_rows(self, run_id: str, step: str, records: Iterable[RowRecord]) -> int:
        """Record where rows ended, in batches of their own transactions, and return how many there were."""
        with explained(self._where):
            return rows.write(self._engine, run_id, step, records, self._clock.now())

    def record_pack(self, run_id: str, step: str, pack: RowPack) -> int:
        """Record many rows that went well, packed, and return how many there were."""
        with explained(self._where):
            return packs.write(self._engine, run_id, step, pack, self._clock.now())

    def record_file(self, run_id: str, file: FileRecord) -> None:
        """Record a file that the run took in or gave out."""
        values = {
            "name": rows.file_name(file.name),
            "digest": file.digest,
            "direction": file.direction,
            "partner_file": file.partner_file,
            "size": file.size,
            "mapping": file.mapping or None,
        }
        with self._write() as connection:
            connection.execute(insert(files).values(run_id=run_id, at=self._clock.now(), **values))

    def file_taken(self, digest: str, partner_file: str) -> FileRecord | None:
        """The last time a file of these bytes came in as this partner file; None when it is new."""
        query = (
            select(files)
            .where(files.c.digest == digest, files.c.partner_file == partner_file, files.c.direction == "in")
            .order_by(files.c.id.desc())
            .limit(1)
        )
        with self._read() as connection:
            row = connection.execute(query).one_or_none()
            return None if row is None else story.file_of(row)

    def record_job(self, job: JobRecord) -> None:
        """Record a bulk job, or its new state: before its data go up, when closed, when settled."""
        values = {
            "run_id": job.run_id,
            "api": job.api,
            "object": job.object,
            "operation": job.operation,
            "state": job.state,
            "rows": job.rows,
            "created_at": job.created_at,
            "settled": job.settled,
        }
        with self._write() as connection:
            statement = _insert(connection)(jobs).values(job_id=job.job_id, **values)
            connection.execute(
                statement.on_conflict_do_update(
                    index_elements=[jobs.c.job_id],
                    # A job that is found again may no longer know how many rows it was given.
                    set_={"state": job.state, "settled": job.settled}
                    | ({"rows": job.rows} if job.rows else {}),
                )
            )

    def open_jobs(self, flow: str | None = None, *, org: str | None = None) -> list[JobRecord]:
        """Jobs (of a flow, of an org) whose results were not all read, oldest first: dead runs left them behind."""
        query = select(jobs).where(jobs.c.settled.is_(False)).order_by(jobs.c.created_at, jobs.c.job_id)
        if flow is not None or org is not None:
            query = query.join(runs, runs.c.id == jobs.c.run_id)
        if flow is not None:
            query = query.where(runs.c.flow == flow)
        if org is not None:
            query = query.where(runs.c.org == org)
        with self._read() as connection:
            return [story.job_of(row) for row in connection.execute(query)]

    def lease(self, name: str, *, holder: str, ttl_seconds: float) -> leases.Lease:
        """Take the lease ``name``, to be used as a context manager; an expired one is taken over.

        Raises LeaseHeld with who holds it, since when and until when.
        """
        return leases.take(self._engine, self._where, self._clock, name, holder, ttl_seconds)

    def forget(self, before: datetime) -> Forgotten:
        """Let go of the runs that started before a moment, with all they recorded."""
        with explained(self._where):
            return forget(self._engine, before)

    def exported(self, name: str) -> Exported:
        """The memory of an incremental export."""
        return Exported(self._engine, self._where, self._clock, name)

    # --- what people and later runs read ---

    def runs(self, limit: int = 20, flow: str | None = None) -> list[RunRecord]:
        """The newest runs, newest first; of a flow and its steps (``family`` and ``family.step``)."""
        query = select(runs).order_by(runs.c.started_at.desc(), runs.c.id.desc()).limit(limit)
        if flow is not None:
            query = query.where((runs.c.flow == flow) | runs.c.flow.startswith(f"{flow}.", autoescape=True))
        with self._read() as connection:
            return [_run(row) for row in connection.execute(query)]

    def run(self, run: str = "last") -> Run:
        """One run with all it recorded: by id, by the beginning of an id, or "last".

        Raises ConfigError when there is none, or when several begin so.
        """
        with self._read() as connection:
            row = _find(connection, run)
            steps_ = connection.execute(select(steps).where(steps.c.run_id == row.id).order_by(steps.c.id))
            files_ = connection.execute(select(files).where(files.c.run_id == row.id).order_by(files.c.id))
            jobs_ = connection.execute(
                select(jobs).where(jobs.c.run_id == row.id).order_by(jobs.c.created_at, jobs.c.job_id)
            )
            return Run(
                _run(row),
                tuple(_merged(map(_step, steps_))),
                tuple(story.file_of(one) for one in files_),
                tuple(story.job_of(one) for one in jobs_),
                rows.reasons(connection, row.id),
            )

    def rows(
        self, run_id: str, *, step: str | None = None, buckets: Collection[Bucket] = ()
    ) -> Iterator[RowRecord]:
        """The rows of a run in the order they were written, packed ones last; read as they are needed."""
        with explained(self._where):
            yield from rows.read(reading(self._engine), run_id, step=step, buckets=buckets)
            with reading(self._engine).connect() as connection:
                yield from packs.read(connection, run_id, step=step, buckets=buckets)

    def explain(self, text: str) -> Story:
        """What happened to a business key, a record or job id, a file or FILE:ROW, over all runs."""
        with self._read() as connection:
            return story.tell(connection, text)

    def usage(self, org: str, since: datetime) -> Usage:
        """The API calls of the runs against ``org`` that started since then."""
        mine = (runs.c.org == org) & (runs.c.started_at >= since)
        last = (
            select(runs.c.api_remaining)
            .where(mine, runs.c.api_remaining.is_not(None))
            .order_by(runs.c.finished_at.desc(), runs.c.id.desc())
            .limit(1)
        )
        with self._read() as connection:
            count, calls = connection.execute(
                select(func.count(), func.coalesce(func.sum(runs.c.api_calls), 0)).where(mine)
            ).one()
            return Usage(count, calls, connection.execute(last).scalar_one_or_none())


def _insert(connection: Connection) -> Any:
    return postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert


_TICKS = 0x10000  # ticks in a minute, of just under a millisecond: four hexadecimal digits
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _tick(moment: datetime) -> int:
    return int((moment - _EPOCH) / timedelta(minutes=1) * _TICKS)


def _run_id(tick: int) -> str:
    minutes, rest = divmod(tick, _TICKS)
    return f"{_EPOCH + timedelta(minutes=minutes):%Y%m%d-%H%M}-{rest:04x}"


def _find(connection: Connection, run: str) -> Row[Any]:
    newest = select(runs).order_by(runs.c.started_at.desc(), runs.c.id.desc())
    if run == "last":
        found = connection.execute(newest.limit(1)).all()
        if not found:
            raise ConfigError("The journal holds no run yet.", hint="Start one with: sfsync run FLOW")
        return found[0]
    found = connection.execute(newest.where(runs.c.id.startswith(run, autoescape=True)).limit(6)).all()
    exact = [row for row in found if row.id == run]
    if exact or len(found) == 1:
        return (exact or found)[0]
    if not found:
        raise ConfigError(f"There is no run {run}.", hint="See them with: sfsync runs list")
    names = ", ".join(row.id for row in found[:5]) + (", …" if len(found) > 5 else "")
    raise ConfigError(f"Several runs begin with {run}: {names}.", hint="Type more of the id.")


def _run(row: Row[Any]) -> RunRecord:
    return RunRecord(
        id=row.id,
        command=row.command,
        flow=row.flow,
        org=row.org,
        arguments=json.loads(row.arguments),
        status=row.status,
        exit_code=row.exit_code,
        api_calls=row.api_calls,
        api_remaining=row.api_remaining,
        seconds=row.seconds,
        messages=tuple(json.loads(row.messages)),
        started_at=row.started_at,
        finished_at=row.finished_at,
    )


def _merged(steps_: Iterable[StepRecord]) -> Iterator[StepRecord]:
    """One record for each step; what ran several times (once a file) is added up."""
    found: dict[str, list[StepRecord]] = {}
    for one in steps_:
        found.setdefault(one.name, []).append(one)
    for name, parts in found.items():
        yield StepRecord(
            name,
            sum(one.selected for one in parts),
            {bucket: sum(one.buckets[bucket] for one in parts) for bucket in Bucket},
            sum(one.api_calls for one in parts),
            sum(one.seconds for one in parts),
        )


def _step(row: Row[Any]) -> StepRecord:
    buckets = {bucket: row._mapping[bucket.value] for bucket in Bucket}  # noqa: SLF001  SQLAlchemy's public name for it
    return StepRecord(row.name, row.selected, buckets, row.api_calls, row.seconds)
