"""`export NAME` of an export's definition: records of the org into a file, all of them or what changed.

An incremental export misses nothing. Its watermark is the newest time of change that was told of. A transaction may
be committed minutes after the time that its records bear, so each export looks back from the watermark by an overlap
and leaves out what it has told of in that very state (``journal.exported``). The watermark moves when the file is in
its place and was handed over: a run that dies earlier leaves all its rows to the next one.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from sfsync.engine.export_gone import SLACK, batches, gone_for_good
from sfsync.engine.export_model import Export
from sfsync.engine.export_query import Cell, cells, condition, count_query, instant, row_query
from sfsync.engine.flow import get
from sfsync.engine.guards import Guards
from sfsync.engine.one_run import one_run
from sfsync.engine.results import RunResult, StepResult
from sfsync.engine.running import Ports, Running
from sfsync.errors import ConfigError, GuardRefused, OrgError
from sfsync.journal.exported import DELETED, Exported, Told, stamp_of
from sfsync.journal.values import FileRecord, StepRecord
from sfsync.records import Bucket, Record
from sfsync.tabular.digest import digest

if TYPE_CHECKING:
    from sfsync.journal.leases import Lease

_OF_THE_QUERY = frozenset(
    {
        "MALFORMED_QUERY",
        "INVALID_FIELD",
        "INVALID_TYPE",
        "INVALID_QUERY_FILTER_OPERATOR",
        "QUERY_TOO_COMPLICATED",
    }
)
"""Codes by which an org refuses a query for what it says ("Status Codes and Error Responses")."""
_BATCH = 2_000
"""Records between two looks into the journal and two signs of life."""


def export_records(
    ports: Ports, export: Export, *, output: Path | None = None, full: bool = False
) -> RunResult:
    """Write an export's file and put it where the settings say. Raises LeaseHeld, ConfigError, GuardRefused, ….

    ``output`` is another file than that in the state folder; ``full``: all records, whatever was exported before.
    """
    export = export if output is None else export.written_to(output)
    columns = cells(export, ports.org.describe)
    name = export.export
    with one_run(ports, "export", name, lease=f"export {name}", arguments={"full": str(full)}) as running:
        ports.watcher.step(name, export.about)
        work = _Work(running, export, columns, running.lease, full=full)
        work.write(output)
        counts = {Bucket.APPLIED: work.written, Bucket.UNCHANGED: work.skipped}
        end = running.ended()
        step = StepResult(name, work.written + work.skipped, counts, end.api_calls, end.seconds)
        running.done.append(step)
        running.journal.record_step(
            running.run_id, StepRecord(name, step.selected, counts, end.api_calls, end.seconds)
        )
        ports.watcher.done(step)
    return running.ended()


@dataclass(slots=True)
class _Work:
    """One export while it goes on."""

    running: Running
    export: Export
    columns: Sequence[Cell]
    lease: "Lease"
    full: bool
    written: int = 0
    skipped: int = 0
    deleted: set[str] = field(default_factory=set)
    """Ids of deleted records that were read."""
    newest: str = ""
    """The newest stamp there was before the records were read, or that one of them bears."""
    since: datetime | None = field(default=None)

    def write(self, output: Path | None) -> None:
        memory = None
        if self.export.incremental is not None:
            memory = self.running.journal.exported(self._memory_name())
            memory.begin()
            mark = None if self.full else memory.watermark()
            self.newest = mark or ""
            self.since = None if mark is None else instant(mark) - self._overlap
        with self._fitting():
            rows = chain(self._rows(self._expect(), memory), self._gone(memory))
            first = list(islice(rows, 1))
        if first or self.since is None:
            self._files(chain(first, rows), output)
        else:
            self.running.say("Nothing has changed since the last export; no file was written.")
        if memory is not None and self.newest:
            memory.keep(self.running.run_id, self.newest, self._oldest_kept())

    # --- reading ---

    @contextmanager
    def _fitting(self) -> Iterator[None]:
        """What the org does not understand in a query is a mistake in the export's file."""
        try:
            yield
        except OrgError as error:
            if error.code not in _OF_THE_QUERY:
                raise
            place = ("soql",) if self.export.soql else ("where",)
            problem = self.export.problem(
                place, f"The org does not understand the query. {error.message}", ""
            )
            raise ConfigError(
                f"The export {self.export.export} does not fit the org.", problems=[problem]
            ) from error

    def _expect(self) -> int:
        """How many records there are. Raises GuardRefused when reading them would cost too many API calls."""
        ports, query = self.running.ports, self.export.query
        if query is not None and query.few:
            return 0  # at most one page; what it groups cannot be counted by one more query
        (row,) = ports.org.stream(count_query(self.export, self.since), rows=1, deleted=self._deleted)
        most = self.export.limit if query is None else query.limit
        count = int(row["n"]) if most is None else min(int(row["n"]), most)
        if row.get("newest"):
            self.newest = max(self.newest, stamp_of(instant(str(row["newest"]))))
        cost, remaining = ports.org.reading_cost(count), self.running.meter.remaining()
        floor = Guards().api_floor
        if remaining is not None and remaining - cost < floor and "api_floor" not in ports.override:
            raise GuardRefused(
                f"{cost:,} API calls are needed and {remaining:,} are left today; {floor:,} are kept for the people "
                "who use the org (--override api_floor to go ahead)."
            )
        return count

    def _rows(self, expected: int, memory: Exported | None) -> Iterator[list[Any]]:
        """The rows of the file; what was told of before is left out, the rest is noted."""
        ports = self.running.ports
        soql = row_query(self.export, self.columns, self.since, sort=not ports.org.reads_in_bulk(expected))
        records = ports.org.stream(soql, rows=expected, deleted=self._deleted)
        keep = self._oldest_kept()
        zone, naive = ZoneInfo(ports.zone), self.export.workbook
        while batch := list(islice(records, _BATCH)):
            self.lease.renew()
            if memory is not None:
                batch = self._fresh(batch, memory, keep)
            for record in batch:
                row = [column.of(record, zone, naive=naive) for column in self.columns]
                self.written += 1
                yield [*row, bool(record.get("IsDeleted"))] if self._tells_deleted else row
            ports.watcher.rows(len(batch))

    def _gone(self, memory: Exported | None) -> Iterator[list[Any]]:
        """Rows of records that were deleted for good: their id, where a column shows it, and nothing else."""
        ports, since = self.running.ports, self.since
        if memory is None or since is None or not self._deleted:
            return
        shows = [column.path.casefold() == "id" for column in self.columns]
        if not any(shows):
            return
        try:
            now = max(ports.clock.now(), instant(self.newest))  # whichever clock is ahead, ours or the org's
            found = gone_for_good(ports.org, self.export.object, since, now, self.deleted)
        except OrgError as error:
            self.running.say(f"The org does not tell what was deleted for good: {error.message}")
            return
        keep = self._oldest_kept()
        for batch in batches(found):
            self.lease.renew()
            told = memory.gone([one.id for one in batch])
            fresh = [one for one in batch if one.id not in told]
            self.skipped += len(batch) - len(fresh)
            self.written += len(fresh)
            stamps = [(one.id, stamp_of(one.at.astimezone(UTC)) + DELETED) for one in fresh]
            memory.note(self.running.run_id, (state for state in stamps if state[1] >= keep))
            for one in fresh:
                yield [*(one.id if shown else None for shown in shows), True]
            ports.watcher.rows(len(batch))

    def _fresh(self, batch: Sequence[dict[str, Any]], memory: Exported, keep: str) -> list[dict[str, Any]]:
        told = [self._told(record) for record in batch]
        before = memory.told(told) if self.since is not None else set()
        fresh = [record for record, state in zip(batch, told, strict=True) if state not in before]
        self.skipped += len(batch) - len(fresh)
        self.newest = max([self.newest, *(stamp.removesuffix(DELETED) for _, stamp in told)])
        self.deleted.update(record_id for record_id, stamp in told if stamp.endswith(DELETED))
        memory.note(
            self.running.run_id, (state for state in told if state not in before and state[1] >= keep)
        )
        return fresh

    def _told(self, record: Record) -> Told:
        assert self.export.incremental is not None  # noqa: S101  only incremental exports remember
        stamp = stamp_of(instant(str(get(record, self.export.incremental.watermark))))
        return str(record["Id"]), stamp + DELETED if record.get("IsDeleted") else stamp

    # --- writing ---

    def _files(self, rows: Iterator[list[Any]], output: Path | None) -> None:
        """Write the file, or the first of several, and hand each over."""
        ports = self.running.ports
        name = self.export.file_name(ports.day.isoformat(), self.running.run_id)
        path = output or ports.state / "exports" / self.export.export / name
        path.parent.mkdir(parents=True, exist_ok=True)
        most = None if self.export.workbook and self.export.file.split == "sheets" else self.export.most
        number, left = 0, rows
        while True:
            number += 1
            part = path if number == 1 else path.with_name(f"{path.stem}-{number}{path.suffix}")
            self._file(part, islice(left, most))
            following = list(islice(left, 1)) if most is not None else []
            if not following:
                break
            left = chain(following, left)

    def _file(self, path: Path, rows: Iterator[list[Any]]) -> None:
        from sfsync.tabular.sheets import MOST_ROWS, Style, write_book
        from sfsync.tabular.write import replacing, write_table

        headings, file = [*self.export.shown], self.export.file
        if self._tells_deleted:
            assert self.export.incremental is not None  # noqa: S101  only incremental exports tell of it
            headings.append(self.export.incremental.deleted)
        if self.export.workbook:
            columns = self.export.shown.values()
            style = Style(
                file.header.bold,
                file.header.fill,
                file.header.color,
                [column.width for column in columns],
                [column.format for column in columns],
            )
            with replacing(path) as target:
                most = self.export.most or MOST_ROWS
                write_book(target, headings, rows, file.sheet or self.export.export, style=style, most=most)
        else:
            write_table(path, headings, rows, encoding=file.encoding, bom=file.bom, delimiter=file.delimiter)
        self._hand_over(path)

    def _hand_over(self, path: Path) -> None:
        outbox = self.running.ports.places.outbox(self.export.export)
        if outbox is not None:
            outbox.put(path.name, path)
        self.running.files.append(str(path))
        size = path.stat().st_size
        self.running.outgoing.append(FileRecord(path.name, digest(path), "out", self.export.export, size))

    # --- what the watermark is about ---

    @property
    def _overlap(self) -> timedelta:
        found = self.export.incremental
        return timedelta(minutes=found.overlap_minutes if found is not None else 0)

    def _oldest_kept(self) -> str:
        """From which stamp on a later export may meet records again; empty: from the beginning."""
        return stamp_of(instant(self.newest) - self._overlap - 2 * SLACK) if self.newest else ""

    @property
    def _deleted(self) -> bool:
        """Whether deleted records are read: not in a first export, whose readers never knew them."""
        found = self.export.incremental
        return bool(found is not None and found.deleted and self.since is not None)

    @property
    def _tells_deleted(self) -> bool:
        return bool(self.export.incremental is not None and self.export.incremental.deleted)

    def _memory_name(self) -> str:
        """One memory for each org and for each selection: another condition is another export."""
        selection = f"{self.export.object}{condition(self.export, None)}"
        mark = sha256(selection.encode()).hexdigest()[:8]
        return f"{self.export.export}:{mark}@{self.running.ports.org.url}"[:255]
