"""The life of one Bulk API 2.0 ingest job: created and reported, filled, closed, followed to its end.

"Bulk API 2.0 Ingest" of the Bulk API 2.0 Developer Guide. What the rows are and where their outcomes go is the
caller's to know.
"""

import logging
import tempfile
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import IO, Any, BinaryIO, Protocol, cast

from sfsync.clock import Clock
from sfsync.errors import LoginFailed, OrgError, OrgUnavailable, OutcomeUnknown, RequestLimit, SfsyncError
from sfsync.logs import event
from sfsync.records import Outcome, Progress, State
from sfsync.salesforce.bulk_job import Job, OnJob, Patience
from sfsync.salesforce.session import Session

_log = logging.getLogger(__name__)

ENDED = frozenset({"JobComplete", "Failed", "Aborted"})
"""States in which a job does nothing more."""

READ_AT_ONCE = 2
"""Jobs whose results are read at once: those of one come down while those of the one before are gone through."""
_JOBS_FOR_A_PART = 3  # a part whose upload was lost gets another job so many times in all


@dataclass(frozen=True, slots=True)
class End:
    """How far a job was followed: rows that the org has done, and its own words when it failed."""

    job: Job
    processed: int = 0
    error: str = ""


@dataclass(slots=True)
class Follower:
    """Watches one job after another."""

    session: Session
    clock: Clock
    on_job: OnJob | None
    progress: Progress | None
    patience: Patience

    def report(self, job: Job) -> Job:
        if self.on_job is not None:
            self.on_job(job)
        return job

    def info(self, job_id: str) -> dict[str, Any]:
        body = self.session.request("GET", f"jobs/ingest/{job_id}").json()
        if not isinstance(body, dict) or "state" not in body:
            raise OrgError("The org answered with something that is not a bulk job.")
        return body

    def abort(self, job_id: str) -> None:
        """Abort a job that was not closed; leave it when that fails, for it does nothing by itself."""
        try:
            self.session.request("PATCH", f"jobs/ingest/{job_id}", json={"state": "Aborted"}, repeatable=True)
        except (LoginFailed, OrgError) as error:
            event(_log, logging.WARNING, "salesforce.bulk2.not_aborted", job=job_id, reason=str(error))

    def follow(self, job: Job) -> End:
        """Look at the job until it has ended or patience has. No trouble while looking ever touches the job."""
        done, error = 0, ""
        for _ in self.patience.pauses(self.clock, job.rows):
            try:
                info = self.info(job.id)
            except OrgUnavailable as trouble:
                event(_log, logging.WARNING, "salesforce.bulk2.no_answer", job=job.id, reason=str(trouble))
                continue
            state, processed = str(info["state"]), _count(info, "numberRecordsProcessed")
            if self.progress is not None:  # 0 rows count too: a sign of life, by which a run keeps its lease
                self.progress(max(0, min(processed, job.rows) - done))
            done, error = max(done, min(processed, job.rows)), str(info.get("errorMessage") or "")
            if state != job.state:
                job = self.report(replace(job, state=state))
            if state in ENDED:
                return End(job, processed, error)
        event(_log, logging.WARNING, "salesforce.bulk2.still_at_work", job=job.id, state=job.state)
        return End(job, done, error)

    @contextmanager
    def result(self, job: Job, name: str) -> Iterator[BinaryIO]:
        """One result file of a job, on disk under ``file.name``."""
        with tempfile.NamedTemporaryFile(prefix="sfsync-bulk-") as named:
            file = cast("BinaryIO", named)
            self.session.request("GET", f"jobs/ingest/{job.id}/{name}", stream_to=file)
            file.seek(0)
            yield file


@dataclass(frozen=True, slots=True)
class Sender:
    """Makes jobs of one kind: ``operation`` "upsert" on ``key_field``, or "update" without one."""

    session: Session
    object: str
    operation: str
    key_field: str | None
    follower: Follower

    def send(self, file: IO[bytes], rows: int) -> Job:
        """Create, report, upload and close a job; the closed job, whose fate is the org's from now on.

        Raises LoginFailed, OrgError and its kinds; then nothing of the file was written.
        """
        for _ in range(_JOBS_FOR_A_PART):
            job = self._create(rows)
            file.seek(0)
            try:
                self.session.request(
                    "PUT",
                    f"jobs/ingest/{job.id}/batches",
                    data=file,
                    headers={"Content-Type": "text/csv; charset=UTF-8"},
                    timeout=600.0,
                )
            except (LoginFailed, OrgError) as error:
                # Nothing was written: the job is not closed. Its data may or may not be there; a second upload to
                # the same job is refused, so this one is given up.
                self._give_up(job)
                if not isinstance(error, OutcomeUnknown):
                    raise
            else:
                return self._close(job)
        raise OrgUnavailable(
            f"The org did not take the upload of a bulk job of {self.object} in {_JOBS_FOR_A_PART} tries.",
            hint="Nothing was written. Run again in some minutes.",
        )

    def _create(self, rows: int) -> Job:
        body = {
            "object": self.object,
            "operation": self.operation,
            "contentType": "CSV",
            "columnDelimiter": "COMMA",
            "lineEnding": "LF",
        }
        if self.key_field is not None:
            body["externalIdFieldName"] = self.key_field
        # A create that is repeated leaves at worst an empty job behind.
        info = self.session.request("POST", "jobs/ingest", json=body, repeatable=True).json()
        if not isinstance(info, dict) or "id" not in info:
            raise OrgError("The org answered with something that is not a bulk job.")
        job = job_of(info, rows=rows, at=self.follower.clock.now())
        return self.follower.report(replace(job, object=self.object, operation=self.operation))

    def _give_up(self, job: Job) -> None:
        self.follower.abort(job.id)
        self.follower.report(replace(job, state="Aborted", settled=True))

    def _close(self, job: Job) -> Job:
        """Tell the org to begin. After a lost answer the org is asked, never told blindly again."""
        closed = replace(job, state="UploadComplete")
        maybe = False
        for _ in range(_JOBS_FOR_A_PART):
            try:
                self.session.request("PATCH", f"jobs/ingest/{job.id}", json={"state": "UploadComplete"})
            except OrgError as error:
                maybe = maybe or isinstance(error, OutcomeUnknown)
                state = self._state(job)
                if state is None and maybe:
                    break  # it may be at work: follow it
                if state not in {None, "Open"}:
                    closed = replace(job, state=str(state))
                    break
                if not isinstance(error, OutcomeUnknown):
                    self._give_up(job)
                    raise
            else:
                break
        else:
            self.follower.abort(job.id)  # still open after all; followed to its end all the same
        return self.follower.report(closed)

    def _state(self, job: Job) -> str | None:
        try:
            return str(self.follower.info(job.id)["state"])
        except OrgError:
            return None


@dataclass(frozen=True, slots=True)
class Gaps:
    """Where results and rows do not match: rows without a result, results without a row."""

    missing: int = 0
    strangers: int = 0


class Loadable(Protocol):
    """The rows of one job: their CSV, and where their outcomes go."""

    @property
    def file(self) -> IO[bytes]: ...
    @property
    def rows(self) -> int:
        """Rows in the file."""

    @property
    def refused(self) -> int:
        """Rows that were refused before and are not in the file."""

    def note(self, outcome: Outcome) -> None:
        """The same became of all rows of the file."""

    def read(self, follower: Follower, end: End) -> Gaps:
        """Read what became of each row of a job that has ended."""


@dataclass(slots=True)
class Load:
    """Takes one part after the other to the org; after trouble that stops everything, the rest is not sent.

    With a ``reader`` the results of jobs that have ended are read there while the next part goes up, of two jobs at
    most, and ``finish`` waits for the last of them. The org never has two of our jobs to work on at once.
    Trouble before anything was sent is raised: LoginFailed, OrgError and its kinds.
    """

    sender: Sender
    reader: Executor | None = None
    sent: bool = False
    stopped: Outcome | None = None
    _reading: deque[tuple[Loadable, End, Callable[[], Gaps]]] = field(default_factory=deque)

    def take(self, part: Loadable) -> None:
        """Write one part and note the outcomes of its rows."""
        self._advance(part.refused)
        if part.rows and self.stopped is None:
            self._write(part)
        elif part.rows and self.stopped is not None:
            part.note(self.stopped)
            self._advance(part.rows)

    def finish(self) -> None:
        """Wait for the results that are being read, and see that the counts close."""
        self._settle(0)

    def _settle(self, left: int) -> None:
        """The same, until so many jobs are left whose results are being read."""
        while len(self._reading) > left:
            part, end, gaps = self._reading.popleft()
            try:
                if end.job.state in ENDED:
                    self._account(part, end.job, gaps())
            except (LoginFailed, OrgError) as error:
                self._unsettled(end.job, error)
            finally:
                self._advance(part.rows - min(end.processed, part.rows))

    def _write(self, part: Loadable) -> None:
        """Send one part as a job and follow it to its end."""
        try:
            job = self.sender.send(part.file, part.rows)
        except (LoginFailed, OrgError) as error:
            if not self.sent:
                raise
            event(_log, logging.ERROR, "salesforce.bulk2.stopped", reason=str(error))
            self.stopped = not_sent(error)
            part.note(self.stopped)
            self._advance(part.rows)
            return
        self.sent = True
        part.note(Outcome(State.UNKNOWN, via=job.id))
        self._settle(READ_AT_ONCE - 1)
        follower = self.sender.follower
        try:
            end = follower.follow(job)
        except (LoginFailed, OrgError) as error:
            self._unsettled(job, error)
            return
        if self.reader is None or end.job.state not in ENDED:
            self._reading.append((part, end, partial(part.read, follower, end)))
            self.finish()
        else:
            self._reading.append((part, end, self.reader.submit(part.read, follower, end).result))

    def _account(self, part: Loadable, job: Job, gaps: Gaps) -> None:
        if gaps.missing or gaps.strangers:
            event(
                _log,
                logging.WARNING,
                "salesforce.bulk2.counts_differ",
                job=job.id,
                sent=part.rows,
                missing=gaps.missing,
                strangers=gaps.strangers,
            )
        self.sender.follower.report(replace(job, settled=True))

    def _unsettled(self, job: Job, error: SfsyncError) -> None:
        """Rows without an outcome stay unknown, the job stays unsettled in the journal."""
        event(_log, logging.ERROR, "salesforce.bulk2.not_settled", job=job.id, reason=str(error))
        if isinstance(error, LoginFailed | RequestLimit):
            self.stopped = not_sent(error)

    def _advance(self, rows: int) -> None:
        progress = self.sender.follower.progress
        if rows and progress is not None:
            progress(rows)


def not_sent(error: SfsyncError) -> Outcome:
    """The outcome of rows that never went up, and why."""
    return Outcome(State.REFUSED, code="NOT_SENT", message=f"not sent: {error.message}")


def job_of(info: Mapping[str, Any], *, rows: int, at: datetime) -> Job:
    """A job as the org tells of it."""
    return Job(
        api="bulk2",
        id=str(info["id"]),
        object=str(info.get("object") or ""),
        operation=str(info.get("operation") or ""),
        state=str(info.get("state") or "Open"),
        rows=rows,
        created_at=at,
    )


def _count(info: Mapping[str, Any], name: str) -> int:
    value = info.get(name)
    return value if isinstance(value, int) else 0
