"""Bulk API 2.0 ingest: large loads by key, an outcome for every row, nothing lost when either side dies.

"Bulk API 2.0 Ingest" of the Bulk API 2.0 Developer Guide. Each part is one job:

    create → report the job's id → upload once → close → look, with growing pauses → read all three result files

Until it is closed a job writes nothing, so trouble before that point is answered by a new job. After it, nothing is
ever sent again: the job is followed, and rows that cannot be accounted for are unknown.
"""

import logging
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sfsync.clock import Clock
from sfsync.errors import LoginFailed, OrgError, OrgUnavailable, OutcomeUnknown, RequestLimit
from sfsync.logs import event
from sfsync.records import Outcome, Progress, State
from sfsync.salesforce import bulk2_results as results
from sfsync.salesforce.bulk_job import PATIENCE, Job, OnJob, Patience, Settled
from sfsync.salesforce.bulk_parts import LARGEST_PART, Part, comparable, parts
from sfsync.salesforce.session import Session

_log = logging.getLogger(__name__)

_UNKNOWN = Outcome(State.UNKNOWN)
_ENDED = frozenset({"JobComplete", "Failed", "Aborted"})
_JOBS_FOR_A_PART = 3  # a part whose upload was lost gets another job so many times in all


def ingest(
    session: Session,
    object: str,  # noqa: A002  the word that callers use
    operation: str,
    key_field: str | None,
    rows: Iterable[Mapping[str, Any]],
    *,
    clock: Clock,
    on_job: OnJob | None = None,
    progress: Progress | None = None,
    part_bytes: int = LARGEST_PART,
    patience: Patience = PATIENCE,
) -> list[Outcome]:
    """Write ``rows`` of one object and return an outcome for each, in the order of the input.

    ``operation`` is "upsert", with the external id ``key_field`` in every row, or "update", with ``Id`` in every
    row and ``key_field`` None; nothing is inserted without a key. ``on_job`` is told of every job before its data
    go up, at each change of its state, and when it is settled. ``progress`` is told of rows as the org does them.
    A job that is still at work after ``patience`` goes on; its rows are unknown and it stays unsettled.

    Raises LoginFailed, OrgError and its kinds only while nothing has been sent; later trouble makes outcomes.
    """
    if (operation == "upsert") != (key_field is not None) or operation not in {"upsert", "update"}:
        raise ValueError("rows are upserted on a key field, or updated by Id")
    load = _Load(session, object, operation, key_field, clock, on_job, progress, patience)
    for part in parts(rows, key_field, part_bytes):
        with part:
            load.take(part)
    return load.outcomes


def reattach(
    session: Session,
    job_id: str,
    *,
    clock: Clock,
    on_job: OnJob | None = None,
    patience: Patience = PATIENCE,
) -> Settled:
    """Bring a job that an earlier run left behind to its end, and read what became of its rows.

    A job that was never closed is aborted: it wrote nothing. One that is at work is waited for. One that the org
    no longer knows (results are kept for seven days) is settled without outcomes, its state "Gone".
    Raises LoginFailed, OrgUnavailable, RequestLimit; the job then stays as it is.
    """
    follower = _Follower(session, clock, on_job, None, patience)
    try:
        info = follower.info(job_id)
    except OrgError as error:
        if error.status != 404:
            raise
        return Settled(
            follower.report(Job("bulk2", job_id, "", "", "Gone", 0, clock.now(), settled=True)), {}
        )
    key_field = info.get("externalIdFieldName") or None
    job = _job_of(info, rows=0, at=clock.now())
    if job.state == "Open":
        follower.abort(job_id)
        return Settled(follower.report(replace(job, state="Aborted", settled=True)), {})
    end = follower.follow(job)
    if end.job.state not in _ENDED:
        return Settled(end.job, {})
    outcomes = dict(follower.results(end.job, key_field or "Id", str))
    if end.job.state in {"Failed", "Aborted"}:
        refusal = results.not_processed(end.job.state, end.error)
        outcomes = {
            key: outcome if outcome.state is not State.UNKNOWN else refusal
            for key, outcome in outcomes.items()
        }
    job = replace(end.job, rows=len(outcomes), settled=True)
    return Settled(follower.report(job), outcomes)


@dataclass(frozen=True, slots=True)
class _End:
    """How far a job was followed: rows that the org has done, and its own words when it failed."""

    job: Job
    processed: int = 0
    error: str = ""


@dataclass(slots=True)
class _Follower:
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

    def follow(self, job: Job) -> _End:
        """Look at the job until it has ended or patience has. No trouble while looking ever touches the job."""
        done, error = 0, ""
        for _ in self.patience.pauses(self.clock):
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
            if state in _ENDED:
                return _End(job, processed, error)
        event(_log, logging.WARNING, "salesforce.bulk2.still_at_work", job=job.id, state=job.state)
        return _End(job, done, error)

    def results(self, job: Job, key: str, same: Any) -> Iterator[tuple[str, Outcome]]:
        """What the three result files tell, file by file from disk."""
        for name in results.SETS:
            with tempfile.TemporaryFile(prefix="sfsync-bulk-") as file:
                self.session.request("GET", f"jobs/ingest/{job.id}/{name}", stream_to=file)
                file.seek(0)
                yield from results.read_set(name, file, key, same)


@dataclass(slots=True)
class _Load:
    """The state of one ``ingest``."""

    session: Session
    object: str
    operation: str
    key_field: str | None
    clock: Clock
    on_job: OnJob | None
    progress: Progress | None
    patience: Patience
    outcomes: list[Outcome] = field(default_factory=list)
    _sent: bool = False
    _stopped: Outcome | None = None

    def take(self, part: Part) -> None:
        """Write one part and note the outcomes of its rows."""
        places = [*part.places.values(), *(place for place, _ in part.refused)]
        missing = max(places) + 1 - len(self.outcomes)
        self.outcomes += [_UNKNOWN] * missing
        for place, outcome in part.refused:
            self.outcomes[place] = outcome
        self._advance(len(part.refused))
        if part.rows and self._stopped is None:
            self._stopped = self._write(part)
        elif part.rows and self._stopped is not None:
            self._note(part, self._stopped)
            self._advance(part.rows)

    def _write(self, part: Part) -> Outcome | None:
        """Send one part as a job; the outcome of everything after it when nothing more can be sent."""
        try:
            job = self._send(part)
        except (LoginFailed, OrgError) as error:
            if not self._sent:
                raise
            event(_log, logging.ERROR, "salesforce.bulk2.stopped", reason=str(error))
            not_sent = Outcome(State.REFUSED, code="NOT_SENT", message=f"not sent: {error.message}")
            self._note(part, not_sent)
            self._advance(part.rows)
            return not_sent
        self._sent = True
        try:
            self._settle(part, job)
        except (LoginFailed, OrgError) as error:
            # Rows without an outcome stay unknown, the job stays unsettled in the journal.
            event(_log, logging.ERROR, "salesforce.bulk2.not_settled", job=job.id, reason=str(error))
            if isinstance(error, LoginFailed | RequestLimit):
                return Outcome(State.REFUSED, code="NOT_SENT", message=f"not sent: {error.message}")
        return None

    def _send(self, part: Part) -> Job:
        """Create, report, upload and close a job; the closed job, whose fate is the org's from now on."""
        for _ in range(_JOBS_FOR_A_PART):
            job = self._create(part)
            part.file.seek(0)
            try:
                self.session.request(
                    "PUT",
                    f"jobs/ingest/{job.id}/batches",
                    data=part.file,
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

    def _create(self, part: Part) -> Job:
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
        job = _job_of(info, rows=part.rows, at=self.clock.now())
        return self._follower.report(replace(job, object=self.object, operation=self.operation))

    def _give_up(self, job: Job) -> None:
        self._follower.abort(job.id)
        self._follower.report(replace(job, state="Aborted", settled=True))

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
            self._follower.abort(job.id)  # still open after all; followed to its end all the same
        return self._follower.report(closed)

    def _state(self, job: Job) -> str | None:
        try:
            return str(self._follower.info(job.id)["state"])
        except OrgError:
            return None

    def _settle(self, part: Part, job: Job) -> None:
        """Follow the job to its end, read its results, and see that the counts close."""
        follower = self._follower
        end = follower.follow(job)
        told = min(end.processed, part.rows)
        try:
            if end.job.state in _ENDED:
                self._read(part, end)
        finally:
            self._advance(part.rows - told)

    def _read(self, part: Part, end: _End) -> None:
        follower = self._follower
        ended_early = end.job.state in {"Failed", "Aborted"}
        waiting = dict(part.places)
        strangers = 0
        for key, told in follower.results(end.job, self.key_field or "Id", comparable(self.key_field)):
            place = waiting.pop(key, None)
            if place is None:
                strangers += 1
                continue
            unprocessed = told.state is State.UNKNOWN and ended_early
            self.outcomes[place] = results.not_processed(end.job.state, end.error) if unprocessed else told
        left = results.leftover(end.job.state, end.processed, end.error)
        for place in waiting.values():
            self.outcomes[place] = left
        if strangers or (waiting and left.state is State.UNKNOWN):
            event(
                _log,
                logging.WARNING,
                "salesforce.bulk2.counts_differ",
                job=end.job.id,
                sent=part.rows,
                missing=len(waiting),
                strangers=strangers,
            )
        follower.report(replace(end.job, settled=True))

    def _note(self, part: Part, outcome: Outcome) -> None:
        for place in part.places.values():
            self.outcomes[place] = outcome

    def _advance(self, rows: int) -> None:
        if rows and self.progress is not None:
            self.progress(rows)

    @property
    def _follower(self) -> _Follower:
        return _Follower(self.session, self.clock, self.on_job, self.progress, self.patience)


def _job_of(info: Mapping[str, Any], *, rows: int, at: datetime) -> Job:
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
