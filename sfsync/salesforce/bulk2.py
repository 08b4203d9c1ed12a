"""Bulk API 2.0 ingest: large loads by key, an outcome for every row, nothing lost when either side dies.

"Bulk API 2.0 Ingest" of the Bulk API 2.0 Developer Guide. Each part is one job:

    create → report the job's id → upload once → close → look, with growing pauses → read all three result files

Until it is closed a job writes nothing, so trouble before that point is answered by a new job. After it, nothing is
ever sent again: the job is followed, and rows that cannot be accounted for are unknown.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import IO, Any

from sfsync.clock import Clock
from sfsync.errors import OrgError
from sfsync.records import Outcome, Progress, State
from sfsync.salesforce import bulk2_results as results
from sfsync.salesforce.bulk2_jobs import ENDED, End, Follower, Gaps, Load, Sender, job_of
from sfsync.salesforce.bulk_job import PATIENCE, Job, OnJob, Patience, Settled
from sfsync.salesforce.bulk_parts import LARGEST_PART, Part, comparable, parts
from sfsync.salesforce.session import Session

_UNKNOWN = Outcome(State.UNKNOWN)


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
    follower = Follower(session, clock, on_job, progress, patience)
    load = Load(Sender(session, object, operation, key_field, follower))
    outcomes: list[Outcome] = []
    for part in parts(rows, key_field, part_bytes):
        with part:
            load.take(_Rows(part, key_field, outcomes))
    return outcomes


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
    follower = Follower(session, clock, on_job, None, patience)
    try:
        info = follower.info(job_id)
    except OrgError as error:
        if error.status != 404:
            raise
        return Settled(
            follower.report(Job("bulk2", job_id, "", "", "Gone", 0, clock.now(), settled=True)), {}
        )
    key_field = info.get("externalIdFieldName") or None
    job = job_of(info, rows=0, at=clock.now())
    if job.state == "Open":
        follower.abort(job_id)
        return Settled(follower.report(replace(job, state="Aborted", settled=True)), {})
    end = follower.follow(job)
    if end.job.state not in ENDED:
        return Settled(end.job, {})
    outcomes = dict(_results(follower, end.job, key_field or "Id", str))
    if end.job.state in {"Failed", "Aborted"}:
        refusal = results.not_processed(end.job.state, end.error)
        outcomes = {
            key: outcome if outcome.state is not State.UNKNOWN else refusal
            for key, outcome in outcomes.items()
        }
    job = replace(end.job, rows=len(outcomes), settled=True)
    return Settled(follower.report(job), outcomes)


class _Rows:
    """A part of rows on its way through ``Load``; enters the outcome of each at its place."""

    def __init__(self, part: Part, key_field: str | None, outcomes: list[Outcome]) -> None:
        self._part = part
        self._key_field = key_field
        self._outcomes = outcomes
        places = [*part.places.values(), *(place for place, _ in part.refused)]
        outcomes += [_UNKNOWN] * (max(places) + 1 - len(outcomes))
        for place, outcome in part.refused:
            outcomes[place] = outcome

    @property
    def file(self) -> IO[bytes]:
        return self._part.file

    @property
    def rows(self) -> int:
        return self._part.rows

    @property
    def refused(self) -> int:
        return len(self._part.refused)

    def note(self, outcome: Outcome) -> None:
        for place in self._part.places.values():
            self._outcomes[place] = outcome

    def read(self, follower: Follower, end: End) -> Gaps:
        ended_early = end.job.state in {"Failed", "Aborted"}
        waiting = dict(self._part.places)
        strangers = 0
        same = comparable(self._key_field)
        for key, told in _results(follower, end.job, self._key_field or "Id", same):
            place = waiting.pop(key, None)
            if place is None:
                strangers += 1
                continue
            unprocessed = told.state is State.UNKNOWN and ended_early
            outcome = results.not_processed(end.job.state, end.error) if unprocessed else told
            self._outcomes[place] = replace(outcome, via=end.job.id)
        left = results.leftover(end.job.state, end.processed, end.error)
        for place in waiting.values():
            self._outcomes[place] = replace(left, via=end.job.id)
        return Gaps(len(waiting) if left.state is State.UNKNOWN else 0, strangers)


def _results(
    follower: Follower, job: Job, key: str, same: Callable[[str], str]
) -> Iterator[tuple[str, Outcome]]:
    """What the three result files tell, file by file from disk."""
    for name in results.SETS:
        with follower.result(job, name) as file:
            yield from results.read_set(name, file, key, same)
