"""The work on Bulk 2.0 ingest jobs: the upload is checked as a whole, then written a chunk at a time.

Source: "Prepare CSV Files", "Relationship Fields in a Header Row (2.0)" in the Bulk API Developer Guide.
"""

import logging
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

from sfsync.mockorg.bulk2_jobs import DELIMITERS, end
from sfsync.mockorg.bulk2_results import kept, padded
from sfsync.mockorg.bulk_rows import columns_of, nester, row_failure
from sfsync.mockorg.csv_text import BadCsv, BadRow, records
from sfsync.mockorg.jobs import BLOCK, Job2, RowResult
from sfsync.mockorg.org import DmlOptions
from sfsync.mockorg.problems import Refused
from sfsync.mockorg.spool import Spool
from sfsync.mockorg.state import Call
from sfsync.mockorg.writes import delete, insert, purge, update, upsert

CHUNK = 200
"""Rows that the org writes in one transaction."""
LONGEST_HEADER = 32_000
_LOOKED_AT = 5_000
"""Rows that are checked between two requests; that takes no longer than writing a chunk."""

log = logging.getLogger(__name__)


def run_ingest(call: Call, job: Job2) -> Iterator[int]:
    """Work on a job; yields rows done, 0 to wait for a request. Ends when the job is done, failed or was aborted."""
    try:
        yield from _run(call, job)
    except Exception as error:
        log.exception("The mock org failed on job %s", job.id)
        end(call, job, "Failed", f"The mock org has a bug: {type(error).__name__}: {error}")


def _run(call: Call, job: Job2) -> Iterator[int]:
    for _ in range(call.state.quirks.bulk_waits):
        yield 0
    if job.state != "UploadComplete" or job.data is None:
        return
    job.state = "InProgress"
    try:
        yield from _check(call, job, job.data)
    except BadCsv as trouble:
        job.header, job.total = [], 0
        end(call, job, "Failed", f"ClientInputError : {trouble}")
        return
    failing = call.state.faults.request(("job_failed",), "bulk2", "")
    if failing is not None:
        end(call, job, "Failed", failing.message or "InternalServerError : Processing was stopped")
        return
    leaving = call.state.faults.request(("unprocessed",), "bulk2", "")
    last = max(job.total - leaving.rows, 0) if leaving else job.total
    yield from _write(call, job, job.data, last)
    if job.state != "InProgress":
        return
    if leaving is not None:
        end(call, job, leaving.state, leaving.message or "InternalServerError : Retries exceeded")
    elif job.processed < job.total:
        end(call, job, "Failed", "ExceededQuota : The daily number of batches is used up")
    else:
        end(call, job, "JobComplete")


def _write(call: Call, job: Job2, data: Spool, last: int) -> Iterator[int]:
    """Write the first ``last`` rows, and keep what became of each."""
    write = _writer(call, job)
    results = job.results = call.state.spool()
    rows = _rows(job, data)
    allowance = call.state.jobs.batches
    while job.processed < last:
        if job.processed % BLOCK == 0:
            now = call.core.clock.now()
            if not allowance.left(now):
                return
            allowance.take(now)
            job.results_at.append(results.size)
        with call.state.transaction():
            done = [write(row) for row in islice(rows, min(CHUNK, last - job.processed))]
        results.write(b"".join(map(kept, done)))
        job.processed += len(done)
        job.failed += sum(1 for each in done if each.error)
        yield len(done)
        if job.state != "InProgress":
            return


def _rows(job: Job2, data: Spool) -> Iterator[list[str]]:
    if not job.blocks:
        return
    place = job.blocks[0]
    for _, row in records(data.lines(place), DELIMITERS[job.delimiter], place):
        yield row


def _check(call: Call, job: Job2, data: Spool) -> Iterator[int]:
    """Read the upload once: header, number of rows, where blocks begin. What makes the whole job fail is raised
    here, as BadCsv.
    """
    first = data.read(0, 4 * LONGEST_HEADER).partition(b"\n")[0]
    if data.size > len(first) and first.endswith(b"\r") != (job.line_ending == "CRLF"):
        raise _bad_ends(job)
    found = records(data.lines(), DELIMITERS[job.delimiter])
    _, job.header = next(found, (0, []))
    _check_header(call, job)
    previous = -1
    for place, _ in found:
        if place == previous:  # two records of one line: ended by a bare carriage return
            raise _bad_ends(job)
        previous = place
        if job.total % BLOCK == 0:
            job.blocks.append(place)
        job.total += 1
        if job.total % _LOOKED_AT == 0:
            yield CHUNK
            if job.state != "InProgress":
                return


def _bad_ends(job: Job2) -> BadCsv:
    return BadCsv(f"LineEnding is invalid on user data. Current LineEnding setting is {job.line_ending}")


def _check_header(call: Call, job: Job2) -> None:
    if not job.header:
        raise BadCsv("The data has no header line")
    if sum(map(len, job.header)) + len(job.header) - 1 > LONGEST_HEADER:
        raise BadCsv(f"The header line is longer than {LONGEST_HEADER:,} characters")
    unknown = columns_of(call, job.object, job.header)
    if unknown:
        raise BadCsv(f"InvalidBatch : Field name not found : {unknown}")
    names = [name.lower() for name in job.header]
    if len(set(names)) < len(names):
        twice = next(name for name, low in zip(job.header, names, strict=True) if names.count(low) > 1)
        raise BadCsv(f"InvalidBatch : Duplicate field name in the header : {twice}")
    if job.operation in {"delete", "hardDelete"} and names != ["id"]:
        raise BadCsv("InvalidBatch : A delete takes the column Id and no other")
    if job.operation == "upsert" and job.key_field.lower() not in names:
        raise BadCsv(f"InvalidBatch : Field name not found : {job.key_field}")


def _writer(call: Call, job: Job2) -> Callable[[list[str]], RowResult]:
    options = DmlOptions(user_id=call.user or None, from_text=True, auto_assign=job.assignment_rule or False)
    nested = nester(job.header)
    width = len(job.header)
    ids = [name for name in job.header if name.lower() == "id"]
    keys = [name for name in job.header if name.lower() == job.key_field.lower()]

    def write(row: list[str]) -> RowResult:
        given: dict[str, Any] = {}
        record_id = ""
        try:
            if isinstance(row, BadRow):
                raise Refused("INVALID_CSV", f"Invalid CSV row: {row.reason}")
            if len(row) > width:
                text = f"The number of columns ({len(row)}) is not that of the header ({width})"
                raise Refused("INVALID_FIELD", text)
            given = nested(padded(row, width))
            for name in ids:
                record_id = str(given.pop(name, None) or "")
            if job.operation == "insert":
                return RowResult(insert(call, job.object, given, options), created=True)
            if job.operation == "upsert":
                return _upsert(call, job, keys[0], given, record_id, options)
            if not record_id:
                raise Refused("MISSING_ARGUMENT", "Id not specified", fields=["Id"])
            if job.operation == "update":
                update(call, job.object, record_id, given, options)
            elif job.operation == "hardDelete":
                purge(call, job.object, record_id)
            else:
                delete(call, job.object, record_id)
            return RowResult(record_id)
        except Refused as refusal:
            return row_failure(refusal, record_id)

    return write


def _upsert(
    call: Call, job: Job2, key: str, given: dict[str, Any], record_id: str, options: DmlOptions
) -> RowResult:
    if job.key_field == "Id":
        if not record_id:
            return RowResult(insert(call, job.object, given, options), created=True)
        update(call, job.object, record_id, given, options)
        return RowResult(record_id)
    value = given.pop(key, None)
    if value in {None, ""}:
        raise Refused("MISSING_ARGUMENT", f"{job.key_field} not specified", fields=[job.key_field])
    made, created = upsert(call, job.object, job.key_field, value, given, options)
    return RowResult(made, created)
