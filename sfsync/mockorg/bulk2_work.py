"""The work on Bulk 2.0 ingest jobs: the upload is checked as a whole, then written a chunk at a time.

Source: "Prepare CSV Files", "Relationship Fields in a Header Row (2.0)" in the Bulk API Developer Guide.
"""

import logging
from collections.abc import Iterator
from itertools import islice

from sfsync.mockorg.bulk2_jobs import DELIMITERS, end
from sfsync.mockorg.bulk2_results import kept
from sfsync.mockorg.bulk2_rows import Rows
from sfsync.mockorg.bulk_rows import columns_of
from sfsync.mockorg.csv_text import BadCsv, Run, records, runs
from sfsync.mockorg.jobs import BLOCK, Job2
from sfsync.mockorg.spool import Spool
from sfsync.mockorg.state import Call

CHUNK = 200
"""Rows that the org writes in one transaction."""
_TOGETHER = 20 * CHUNK
"""Rows that are put into the data file together, unless a request comes in between."""
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
    write = Rows(call, job).write
    results = job.results = call.state.spool()
    rows = records(data, DELIMITERS[job.delimiter], job.blocks[0]) if job.blocks else iter(())
    allowance = call.state.jobs.batches
    try:
        while job.processed < last:
            if job.processed % BLOCK == 0:
                now = call.core.clock.now()
                if not allowance.left(now):
                    return
                allowance.take(now)
                job.results_at.append(results.size)
            done = write(list(islice(rows, min(CHUNK, last - job.processed))))
            results.write(kept(done))
            job.processed += len(done)
            job.failed += sum(1 for each in done if each.error)
            if job.processed % _TOGETHER == 0:
                call.core.store.keep()
            yield len(done)
            if job.state != "InProgress":
                return
    finally:
        call.core.store.keep()


def _check(call: Call, job: Job2, data: Spool) -> Iterator[int]:
    """Read the upload once: header, number of rows, where blocks begin. What makes the whole job fail is raised
    here, as BadCsv.
    """
    first = data.read(0, 4 * LONGEST_HEADER).partition(b"\n")[0]
    if data.size > len(first) and first.endswith(b"\r") != (job.line_ending == "CRLF"):
        raise _bad_ends(job)
    delimiter = DELIMITERS[job.delimiter]
    job.header = next(records(data, delimiter), [])
    _check_header(call, job)
    previous = -1
    for place, run in _behind_header(runs(data, delimiter)):
        if isinstance(run, bytes):
            count = run.count(b"\n") + (not run.endswith(b"\n"))
        elif place == previous:  # two records of one line: ended by a bare carriage return
            raise _bad_ends(job)
        else:
            previous, count = place, 1
        for skipped in range(-job.total % BLOCK, count, BLOCK):
            job.blocks.append(place + (_start_of(run, skipped) if isinstance(run, bytes) else 0))
        looks = (job.total % _LOOKED_AT + count) // _LOOKED_AT
        job.total += count
        for _ in range(looks):
            yield CHUNK
            if job.state != "InProgress":
                return


def _behind_header(found: Iterator[Run]) -> Iterator[Run]:
    place, first = next(found)
    head = first.find(b"\n") + 1 if isinstance(first, bytes) else 0
    if head and isinstance(first, bytes) and head < len(first):
        yield place + head, first[head:]
    yield from found


def _start_of(run: bytes, line: int) -> int:
    """Where a line of a plain run begins."""
    place = 0
    for _ in range(line):
        place = run.find(b"\n", place) + 1
    return place


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
