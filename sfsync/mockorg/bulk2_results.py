"""The three results of an ingest job, made from its upload and the results kept beside it, a block at a time.

They are not in the order of the upload: blocks come shuffled, and the rows inside a block as well. Source: "Get Job
Successful Record Results", "Get Job Failed Record Results", "Get Job Unprocessed Record Results".
"""

from collections.abc import Iterator
from itertools import chain, islice

from sfsync.mockorg.bulk2_jobs import DELIMITERS, csv_of, csv_reply, job_of
from sfsync.mockorg.bulk_rows import padded
from sfsync.mockorg.csv_text import records
from sfsync.mockorg.http import Reply
from sfsync.mockorg.jobs import BLOCK, Job2, RowResult, shuffled
from sfsync.mockorg.state import Call

_SOME = 1_000


def kept(result: RowResult) -> bytes:
    """A row's result as a line of the file of results."""
    if result.error:
        return f"-{result.id}\t{result.error.encode('unicode_escape').decode()}\n".encode()
    return f"{'+' if result.created else '='}{result.id}\n".encode()


def _taken(line: bytes) -> tuple[str, bool, str]:
    """Id, whether created, and error of a kept line."""
    text = line.decode().rstrip("\n")
    if not text.startswith("-"):
        return text[1:], text.startswith("+"), ""
    record_id, _, error = text[1:].partition("\t")
    return record_id, False, error.encode().decode("unicode_escape")


def successful(call: Call) -> Reply:
    """GET …/successfulResults."""
    return _done(call, good=True)


def failed(call: Call) -> Reply:
    """GET …/failedResults."""
    return _done(call, good=False)


def unprocessed(call: Call) -> Reply:
    """GET …/unprocessedrecords."""
    job = job_of(call, "ingest")
    return csv_reply(call, _left(job, job.processed, header=call.state.quirks.empty_results))


def _done(call: Call, *, good: bool) -> Reply:
    """The rows done by now that went well, or did not; a job that still runs goes on meanwhile."""
    job = job_of(call, "ingest")
    processed = job.processed
    empty = processed == job.failed if good else not job.failed
    head = csv_of(job, [["sf__Id", "sf__Created" if good else "sf__Error", *job.header]])
    header = [head] if call.state.quirks.empty_results or not empty else []
    return csv_reply(call, chain(header, () if empty else _rows_done(job, processed, good=good)))


def _rows_done(job: Job2, processed: int, *, good: bool) -> Iterator[bytes]:
    if job.results is None:
        return
    blocks = (processed + BLOCK - 1) // BLOCK
    for block in shuffled(blocks, job.id):
        count = min(BLOCK, processed - block * BLOCK)
        rows = list(islice(_rows(job, block), count))
        results = list(islice(job.results.lines(job.results_at[block]), count))
        lines: list[list[str]] = []
        for number in shuffled(count, f"{job.id} {block} {good}"):
            record_id, created, error = _taken(results[number])
            if bool(error) is good:
                continue
            lines.append([record_id, error or str(created).lower(), *rows[number]])
        for start in range(0, len(lines), _SOME):
            yield csv_of(job, lines[start : start + _SOME])


def _left(job: Job2, processed: int, *, header: bool) -> Iterator[bytes]:
    if job.header and (header or processed < job.total):
        yield csv_of(job, [job.header])
    if processed >= job.total:
        return
    block, skipped = divmod(processed, BLOCK)
    rows = islice(_rows(job, block), skipped, None)
    while some := list(islice(rows, _SOME)):
        yield csv_of(job, some)


def _rows(job: Job2, block: int) -> Iterator[list[str]]:
    """The rows of the upload from a block on."""
    if job.data is None:
        return
    place = job.blocks[block]
    for _, row in records(job.data.lines(place), DELIMITERS[job.delimiter], place):
        yield padded(row, len(job.header))
