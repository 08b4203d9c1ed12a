"""Bulk API 2.0 query: large extracts, page by page through a file on disk, as records like those of REST.

"Bulk API 2.0 Query" of the Bulk API 2.0 Developer Guide. Not for aggregates, GROUP BY, OFFSET and sub-queries,
which the platform refuses there.
"""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any, BinaryIO

from sfsync.clock import Clock
from sfsync.errors import OrgError, OrgUnavailable
from sfsync.salesforce import csv_rows
from sfsync.salesforce.bulk_job import PATIENCE, Job, OnJob, Patience
from sfsync.salesforce.describe import SObject
from sfsync.salesforce.session import Answer, Session

Describe = Callable[[str], SObject]

PAGE_ROWS = 100_000
"""Records of one page, and of one temporary file."""


def query(
    session: Session,
    soql: str,
    *,
    describe: Describe,
    clock: Clock,
    on_job: OnJob | None = None,
    deleted: bool = False,
    page_rows: int = PAGE_ROWS,
    patience: Patience = PATIENCE,
) -> Iterator[dict[str, Any]]:
    """The records of ``soql``, read as they are needed; with ``deleted`` also those in the recycle bin.

    Values are typed by ``describe`` as REST types them: booleans and numbers as such, empty as None, all else text;
    ``Parent.Field`` is nested under ``Parent``, which is None when all its fields are empty. Date-times end in Z
    where REST writes +0000. Raises OrgError when the org refuses the query, OrgUnavailable when it does not finish
    within ``patience``.
    """
    convert: _Convert | None = None
    name = ""

    def tell(job: Job) -> None:
        nonlocal name
        name = job.object or name
        _tell(on_job, job)

    for file in pages(
        session, soql, clock=clock, on_job=tell, deleted=deleted, page_rows=page_rows, patience=patience
    ):
        records = csv_rows.read(file)
        try:
            header = next(records, [])
            convert = convert or _Convert(header, name, describe)
            for record in records:
                yield convert(record)
        except csv_rows.TornEnd:
            raise torn() from None


def torn() -> OrgError:
    """What to raise for a page that was cut off."""
    return OrgError(
        "A page of a bulk query ends in the middle of a row.", hint="The download was cut off; run again."
    )


def pages(
    session: Session,
    soql: str,
    *,
    clock: Clock,
    on_job: OnJob | None = None,
    deleted: bool = False,
    page_rows: int = PAGE_ROWS,
    patience: Patience = PATIENCE,
    expected: int = 0,
) -> Iterator[BinaryIO]:
    """The pages of a query as CSV files on disk, each with a header; everything else as for ``query``.

    ``expected``: about how many records there will be, where that is known; it saves looks at the job.
    """
    job = _create(session, soql, clock, deleted=deleted)
    _tell(on_job, job)
    job = _finish(session, job, clock, on_job, patience, expected)
    locator = ""
    while True:
        with tempfile.TemporaryFile(prefix="sfsync-bulk-") as file:
            params = {"maxRecords": str(page_rows)} | ({"locator": locator} if locator else {})
            answer = session.request("GET", f"jobs/query/{job.id}/results", params=params, stream_to=file)
            file.seek(0)
            yield file
        locator = _next(answer)
        if not locator:
            break
    _tell(on_job, replace(job, settled=True))


def _create(session: Session, soql: str, clock: Clock, *, deleted: bool) -> Job:
    operation = "queryAll" if deleted else "query"
    body = {"operation": operation, "query": soql, "columnDelimiter": "COMMA", "lineEnding": "LF"}
    # Repeating it leaves at worst a second job that nobody reads.
    info = session.request("POST", "jobs/query", json=body, repeatable=True).json()
    if not isinstance(info, dict) or "id" not in info:
        raise OrgError("The org answered with something that is not a bulk job.")
    state, kind = str(info.get("state") or "UploadComplete"), str(info.get("object") or "")
    return Job("bulk2_query", str(info["id"]), kind, operation, state, 0, clock.now())


def _finish(
    session: Session, job: Job, clock: Clock, on_job: OnJob | None, patience: Patience, expected: int
) -> Job:
    for _ in patience.pauses(clock, expected):
        try:
            info = session.request("GET", f"jobs/query/{job.id}").json()
        except OrgUnavailable:
            continue  # the job does not need us while it works
        state = str(info.get("state"))
        if state != job.state:
            job = replace(job, state=state, rows=int(info.get("numberRecordsProcessed") or 0))
            _tell(on_job, job)
        if state == "JobComplete":
            return job
        if state in {"Failed", "Aborted"}:
            _tell(on_job, replace(job, settled=True))
            reason = info.get("errorMessage") or "it gives no reason"
            raise OrgError(f"The org ended a bulk query as {state}: {reason}.", code=state)
    raise OrgUnavailable(
        f"The org has not finished the bulk query {job.id} after {patience.total / 60:,.0f} minutes.",
        hint="It goes on in the org; run again later, or narrow the query.",
    )


def _next(answer: Answer) -> str:
    """The locator of the next page; the platform writes the word null after the last."""
    locator = answer.headers.get("Sforce-Locator", "")
    return "" if locator == "null" else locator


def _tell(on_job: OnJob | None, job: Job) -> None:
    if on_job is not None:
        on_job(job)


_Typed = Callable[[str], Any]


class _Convert:
    """Turns the cells of one query's rows into records."""

    def __init__(self, header: Sequence[str], object_name: str, describe: Describe) -> None:
        known: dict[str, SObject] = {}

        def once(name: str) -> SObject:
            if name not in known:
                known[name] = describe(name)
            return known[name]

        self._columns = [(column.split("."), _typed(column, object_name, once)) for column in header]

    def __call__(self, cells: Sequence[str]) -> dict[str, Any]:
        if len(cells) != len(self._columns):
            raise OrgError(
                f"A row of a bulk query has {len(cells)} cells where {len(self._columns)} were expected.",
                hint="The download may have been cut off; run again.",
            )
        record: dict[str, Any] = {}
        for (path, typed), text in zip(self._columns, cells, strict=True):
            _place(record, path, None if text == "" else typed(text))
        return record


def _place(record: dict[str, Any], path: Sequence[str], value: Any) -> None:
    for name in path[:-1]:
        inner = record.get(name)
        if inner is None:
            if value is None:
                record[name] = None
                return
            inner = record[name] = {}
        record = inner
    record[path[-1]] = value


def _typed(column: str, object_name: str, describe: Describe) -> _Typed:
    """How cells of a column become values, found by following its relationships through the descriptions."""
    *parents, name = column.split(".")
    described = describe(object_name)
    for relationship in parents:
        lookup = described.parent(relationship)
        if lookup is None or not lookup.reference_to:
            return str
        # A parent that may be of several objects shares its fields' types among them (Name, Email, Id).
        described = describe(lookup.reference_to[0])
    field = described.field(name)
    return _TYPES.get(field.type, str) if field is not None else str


def _boolean(text: str) -> bool:
    return text.casefold() == "true"


_TYPES: dict[str, _Typed] = {
    "boolean": _boolean,
    "int": int,
    "long": int,
    "double": float,
    "currency": float,
    "percent": float,
}
