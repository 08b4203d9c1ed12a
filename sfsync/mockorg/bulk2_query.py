"""Bulk API 2.0 query jobs: the rows are fixed when the job is made, read in the background, given out in pages.

Source: Bulk API 2.0 and Bulk API Developer Guide, "Bulk API 2.0 Query", "Get Results for a Query Job".
"""

import logging
from collections.abc import Iterator
from dataclasses import replace
from itertools import accumulate

from sfsync.mockorg.bulk2_jobs import (
    csv_line,
    csv_of,
    csv_reply,
    end,
    job_info,
    job_of,
    listed,
    new_job,
    remove,
)
from sfsync.mockorg.bulk_rows import lines_of, whole_rows
from sfsync.mockorg.http import Reply
from sfsync.mockorg.jobs import Job2
from sfsync.mockorg.problems import Refused
from sfsync.mockorg.router import Route
from sfsync.mockorg.spool import Spool
from sfsync.mockorg.state import Call

Q = "/services/data/{version}/jobs/query"
CHUNK = 1_000
"""Rows that are read between two requests."""

log = logging.getLogger(__name__)


def create(call: Call) -> Reply:
    """POST /jobs/query."""
    asked = call.request.json_object()
    operation = str(asked.get("operation", ""))
    if operation not in {"query", "queryAll"}:
        raise Refused("INVALIDJOB", f"operation must be query or queryAll, not '{operation}'")
    if not asked.get("query"):
        raise Refused("INVALIDJOB", "query is required")
    if asked.get("contentType", "CSV") != "CSV":
        raise Refused("INVALIDJOB", "contentType must be CSV")
    job = new_job(call, "query", operation, asked)
    job.query = str(asked["query"])
    job.found = whole_rows(call.core.query(job.query, all_rows=operation == "queryAll"))
    job.object = job.found.object
    job.state = "UploadComplete"
    call.state.jobs.bulk2[job.id] = job
    call.state.background.start(_run(replace(call, kind="bulk2"), job))
    return Reply(200, job_info(call, job))


def _run(call: Call, job: Job2) -> Iterator[int]:
    """Read the rows into the file of results; yields rows done, 0 to wait for a request."""
    for _ in range(call.state.quirks.bulk_waits):
        yield 0
    if job.state != "UploadComplete" or job.found is None:
        return
    job.state = "InProgress"
    failing = call.state.faults.request(("job_failed",), "bulk2", "")
    if failing is not None:
        end(call, job, "Failed", failing.message or "InternalServerError : Processing was stopped")
        return
    try:
        yield from _read(call, job)
    except Exception as error:
        log.exception("The mock org failed on job %s", job.id)
        end(call, job, "Failed", f"The mock org has a bug: {type(error).__name__}: {error}")


def _read(call: Call, job: Job2) -> Iterator[int]:
    found, data = job.found, call.state.spool()
    if found is None:
        return
    job.data = data
    job.header = [column.name for column in found.columns]
    line = csv_line(job)
    for start in range(0, found.total, CHUNK):
        place, made = data.size, [line(each) for each in lines_of(found, start, CHUNK)]
        job.line_at.extend(accumulate(map(len, made[:-1]), initial=place) if made else ())
        data.write(b"".join(made))
        job.processed = len(job.line_at)
        yield CHUNK
        if job.state != "InProgress":
            return
    job.found = None
    end(call, job, "JobComplete")


def info(call: Call) -> Reply:
    """GET /jobs/query/ID."""
    return Reply(200, job_info(call, job_of(call, "query")))


def change(call: Call) -> Reply:
    """PATCH /jobs/query/ID: only aborting."""
    job, wanted = job_of(call, "query"), call.request.json_object().get("state")
    if wanted != "Aborted" or job.state not in {"UploadComplete", "InProgress"}:
        raise Refused("INVALIDJOBSTATE", f"Changing the state from {job.state} to {wanted} is not allowed")
    end(call, job, "Aborted")
    return Reply(200, job_info(call, job))


def results(call: Call) -> Reply:
    """GET /jobs/query/ID/results?maxRecords=&locator=: pages, the last one with the locator ``null``."""
    job, asked = job_of(call, "query"), call.request.query
    if job.version != call.version:
        raise Refused("API_VERSION_MISMATCH", "Use the API version with which the job was made", status=409)
    if job.state != "JobComplete" or job.data is None:
        status = call.state.quirks.query_job_not_ready
        error = [{"errorCode": "JOB_NOT_COMPLETE", "message": f"The job is not complete: {job.state}"}]
        return Reply(status, None if status == 204 else error)
    start, most = _page_of(asked.get("locator", ""), asked.get("maxRecords", ""), job.processed)
    stop = min(start + most, job.processed)
    headers = {
        "Sforce-NumberOfRecords": str(max(stop - start, 0)),
        "Sforce-Locator": "null" if stop >= job.processed else f"MTAw{stop}",
    }
    return csv_reply(call, _page(job, job.data, start, stop), headers)


def _page(job: Job2, data: Spool, start: int, stop: int) -> Iterator[bytes]:
    yield csv_of(job, [job.header])
    if start >= stop:
        return
    place = job.line_at[start]
    behind = job.line_at[stop] if stop < job.processed else data.size
    yield from data.blocks(place, behind)


def _page_of(locator: str, most: str, total: int) -> tuple[int, int]:
    digits = locator.removeprefix("MTAw")
    if locator and not digits.isdigit():
        raise Refused("INVALID_LOCATOR", f"Invalid locator: {locator}")
    if most and (not most.isdigit() or int(most) < 1):
        raise Refused("INVALID_INPUT", f"maxRecords must be a whole number above 0, not {most}")
    return int(digits or 0), int(most or max(total, 1))


ROUTES = (
    Route("POST", Q, create, "bulk2_query_create"),
    Route("GET", Q, listed, "bulk2_query_list"),
    Route("GET", Q + "/{job}", info, "bulk2_query_info"),
    Route("PATCH", Q + "/{job}", change, "bulk2_query_state"),
    Route("DELETE", Q + "/{job}", remove, "bulk2_query_delete"),
    Route("GET", Q + "/{job}/results", results, "bulk2_query_results"),
)
