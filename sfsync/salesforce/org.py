"""The one door to an org for engine, flows and project: read, write, describe, limits."""

import threading
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sfsync.clock import Clock
from sfsync.records import KEY_FIELD, Change, ConvertLead, Outcome, Progress
from sfsync.salesforce import bulk1, bulk2, bulk2_query, lanes, rest, soql
from sfsync.salesforce import describe as describing
from sfsync.salesforce.auth import OrgSettings
from sfsync.salesforce.bulk_job import Job, OnJob
from sfsync.salesforce.describe import SObject
from sfsync.salesforce.session import Session, connect
from sfsync.salesforce.usage import ApiUsage, Limits, parse_limits
from sfsync.salesforce.writing import ACCOUNT_BY_KEY, Writing, keys_to_find

if TYPE_CHECKING:
    import polars as pl

    from sfsync.salesforce.bulk2_frames import Told
    from sfsync.salesforce.bulk_frames import FrameParts

EXTRACT_FROM = 10_000
"""Records from which a bulk query costs fewer calls than pages of 2,000."""


class Org:
    """An org with an open session.

    ``bulk_from`` rows of one kind go by Bulk API 2.0; ``on_job`` is told of its jobs. An extract of more than
    ``extract_from`` records comes that way, too.
    """

    def __init__(
        self,
        session: Session,
        *,
        clock: Clock,
        bulk_from: int = lanes.BULK_FROM,
        extract_from: int = EXTRACT_FROM,
        on_job: OnJob | None = None,
    ) -> None:
        self.session = session
        self.clock = clock
        self.bulk_from = bulk_from
        self.extract_from = extract_from
        self.on_job = on_job
        self._lock = threading.Lock()
        self._described: dict[str, SObject] = {}

    @property
    def url(self) -> str:
        """Scheme, host and port of the org."""
        return self.session.instance_url

    @property
    def usage(self) -> ApiUsage:
        """The calls of this session and the org's own count."""
        return self.session.usage

    def query(self, soql: str) -> Iterator[dict[str, Any]]:
        """All records of a query, page by page (see ``rest.query``)."""
        return rest.query(self.session, soql)

    def query_many(self, soqls: Sequence[str]) -> list[list[dict[str, Any]]]:
        """The complete records of several queries in as few API calls as possible (see ``rest.query_many``)."""
        return rest.query_many(self.session, soqls)

    def deletions(self, object_name: str, start: datetime, end: datetime) -> list[tuple[str, datetime]]:
        """What was deleted in a span, and when, also for good (see ``rest.deletions``)."""
        return rest.deletions(self.session, object_name, start, end)

    def extract(self, soqls: Sequence[str]) -> list[list[dict[str, Any]]]:
        """As ``query_many``, but what finds more than ``extract_from`` records comes by Bulk API 2.0.

        Large queries must be of a kind that Bulk API takes (see ``bulk2_query``); their date-times end in Z.
        """
        small = rest.query_small(self.session, soqls, most=self.extract_from)
        return [
            list(bulk2_query.query(self.session, soql, describe=self.describe, clock=self.clock))
            if records is None
            else records
            for soql, records in zip(soqls, small, strict=True)
        ]

    def stream(self, soql: str, *, rows: int, deleted: bool = False) -> Iterator[dict[str, Any]]:
        """The records of a query of about so many ``rows``, by the lane that costs fewer API calls.

        With ``deleted`` also those in the recycle bin. Bulk results lie on disk; date-times may end in Z or +0000.
        """
        if not self.reads_in_bulk(rows):
            return rest.query(self.session, soql, deleted=deleted)
        return bulk2_query.query(
            self.session, soql, describe=self.describe, clock=self.clock, deleted=deleted
        )

    def reads_in_bulk(self, rows: int) -> bool:
        """Whether ``stream`` takes Bulk API 2.0 for so many rows."""
        return rows >= lanes.BULK_READ_FROM

    def reading_cost(self, rows: int) -> int:
        """The API calls that ``stream`` makes at least for so many rows."""
        if self.reads_in_bulk(rows):
            return lanes.BULK_CALLS + -(-rows // bulk2_query.PAGE_ROWS)
        return max(1, -(-rows // rest.PAGE_ROWS))

    def write(self, changes: Sequence[Change], *, progress: Progress | None = None) -> list[Outcome]:
        """Write changes by the cheapest lane; an outcome for each, in the order given.

        Refused rows and lost answers are outcomes. What stops the whole before anything was sent is raised
        (LoginFailed, RequestLimit, OrgUnavailable, OrgError); after that it makes outcomes "not sent" of the rest.
        A row that met a lock is sent again some times. Nothing else is repeated.
        """
        return Writing(self.session, changes, progress=progress, on_job=self.on_job).run(self.bulk_from)

    def write_frames(
        self,
        object: str,  # noqa: A002  the word that callers use
        parts: "FrameParts",
        *,
        told: "Told",
        progress: Progress | None = None,
    ) -> "pl.DataFrame":
        """Write what ``parts`` holds by Bulk API 2.0; OUTCOMES of every row (see ``bulk2_frames``)."""
        from sfsync.salesforce.bulk2_frames import ingest_frames

        return ingest_frames(
            self.session, object, parts, clock=self.clock, told=told, on_job=self.on_job, progress=progress
        )

    def settle(self, api: str, job_id: str) -> Job:
        """Bring a bulk job that a dead run left behind to its end: abort it if its data never went up, else wait.

        ``on_job`` is told; raises what stops the asking (LoginFailed, RequestLimit, OrgUnavailable, OrgError).
        """
        reattach = bulk1.reattach if api == "bulk1" else bulk2.reattach
        return reattach(self.session, job_id, clock=self.clock, on_job=self.on_job).job

    def cost(self, changes: Sequence[Change]) -> int:
        """The API calls that ``write`` would make: exact for collections and conversions, least for bulk loads."""
        plan = lanes.steps(changes, self.bulk_from)
        leads = [change for change in changes if isinstance(change, ConvertLead)]
        lookups = soql.chunks(ACCOUNT_BY_KEY, KEY_FIELD, keys_to_find(leads, changes))
        loads = sum(isinstance(step, lanes.BulkLoad) for step in plan)
        return len(plan) - loads + loads * lanes.BULK_CALLS + rest.calls_of(len(lookups))

    def describe(self, object: str) -> SObject:  # noqa: A002  the word that callers use
        """What the org says about an object, asked once per session. OrgError (NOT_FOUND) when it has none."""
        with self._lock:
            found = self._described.get(object.casefold())
        if found is None:
            found = describing.describe(self.session, object)
            with self._lock:
                self._described[object.casefold()] = found
        return found

    def limits(self) -> Limits:
        """All limits of the org, as of now."""
        return parse_limits(self.session.request("GET", "limits").json())


def open_org(
    settings: OrgSettings | None,
    env: Mapping[str, str],
    clock: Clock,
    *,
    base: Path | None = None,
    bulk_from: int = lanes.BULK_FROM,
    on_job: OnJob | None = None,
) -> Org:
    """Log in (see ``session.connect``) and open the org."""
    session = connect(settings, env, clock, base=base)
    return Org(session, clock=clock, bulk_from=bulk_from, on_job=on_job)
